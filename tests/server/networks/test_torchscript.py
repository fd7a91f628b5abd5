"""Networks that run without the GIL, made anew at each start."""

import threading
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.networks.torchscript import scripted

SIDE = 12


class Brightness(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.float().mean((1, 2, 3)) * self.factor


def test_a_network_becomes_a_script_for_any_number_of_pictures():
    forward = scripted(Brightness(2.0), SIDE)
    assert isinstance(forward, torch.jit.ScriptFunction)
    with torch.inference_mode():
        for count in (1, 2, 5):
            ones = torch.ones((count, 3, SIDE, SIDE), dtype=torch.uint8)
            assert forward(ones).tolist() == [2.0] * count


def test_without_torchscript_a_network_runs_eagerly_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.delattr(torch.jit, "trace")
    network = Brightness(2.0)
    assert scripted(network, SIDE) is network
    assert "No TorchScript" in caplog.text


def test_the_script_gives_the_networks_own_numbers(descriptor_file, chips, monkeypatch):
    compiled = FaceDescriptorNetwork.load(descriptor_file).describe(chips)
    monkeypatch.delattr(torch.jit, "trace")
    eager = FaceDescriptorNetwork.load(descriptor_file).describe(chips)
    assert np.allclose(compiled, eager, atol=1e-5)


@pytest.mark.filterwarnings("error")
def test_two_networks_made_at_once_warn_of_nothing(descriptor_file, efficientnet_file):
    """Filters of warnings are the process's: a thread's would end while another one traces."""
    shown: list[object] = []
    makers = [
        threading.Thread(target=FaceDescriptorNetwork.load, args=(descriptor_file,)),
        threading.Thread(
            target=ObjectClassifier.efficientnet, args=(efficientnet_file, "cpu", Precision.FP32)
        ),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warnings, "showwarning", lambda *told: shown.append(told))
        patch.setattr(threading, "excepthook", lambda failed: shown.append(failed.exc_value))
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
    assert not shown
