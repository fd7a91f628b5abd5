"""Compiled networks that are kept for the next start."""

import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.networks.torchscript import NOTHING_KEPT, Scripts

SIDE = 12


class Brightness(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.float().mean((1, 2, 3)) * self.factor


class Builder:
    def __init__(self) -> None:
        self.built = 0

    def __call__(self) -> nn.Module:
        self.built += 1
        return Brightness(2.0).eval()


def ones() -> Tensor:
    return torch.ones((2, 3, SIDE, SIDE), dtype=torch.uint8)


def compiled(scripts: Scripts, builder: Builder, weights: bytes = b"w", name: str = "a") -> Tensor:
    forward = scripts.scripted(name, weights, Precision.FP32, SIDE, builder)
    with torch.inference_mode():
        return forward(ones())


def test_a_network_is_built_once_for_all_starts(tmp_path: Path):
    builder = Builder()
    for _ in range(3):
        assert compiled(Scripts(tmp_path / "new"), builder).tolist() == [2.0, 2.0]
    assert builder.built == 1


def test_other_weights_are_another_network_and_take_the_place_of_the_first(tmp_path: Path):
    builder = Builder()
    compiled(Scripts(tmp_path), builder, b"one")
    compiled(Scripts(tmp_path), builder, b"other")
    compiled(Scripts(tmp_path), builder, b"other", name="b")
    assert builder.built == 3
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no script", None])
def test_a_damaged_one_is_compiled_again(tmp_path: Path, content, caplog):
    builder = Builder()
    compiled(Scripts(tmp_path), builder)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-200] if content is None else content)
    assert compiled(Scripts(tmp_path), builder).tolist() == [2.0, 2.0]
    assert "is damaged and compiled again" in caplog.text
    assert compiled(Scripts(tmp_path), builder).tolist() == [2.0, 2.0]
    assert builder.built == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, caplog):
    (tmp_path / "file").touch()
    builder = Builder()
    assert compiled(Scripts(tmp_path / "file" / "below"), builder).tolist() == [2.0, 2.0]
    assert "compiled at every start" in caplog.text


def test_nothing_is_kept_unless_there_is_a_folder():
    builder = Builder()
    for _ in range(2):
        compiled(NOTHING_KEPT, builder)
    assert builder.built == 2


def test_the_kept_descriptor_network_gives_the_same_numbers(descriptor_file, chips, tmp_path):
    first, second = (
        FaceDescriptorNetwork.load(descriptor_file, scripts=Scripts(tmp_path)) for _ in range(2)
    )
    assert np.array_equal(first.describe(chips), second.describe(chips))
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) & 0o022 == 0, "nobody else may change it"
