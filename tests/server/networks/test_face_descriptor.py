import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import dlib
import numpy as np
import pytest
import torch

from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.face_descriptor import (
    FaceDescriptorNetwork,
    NetworkFileError,
)
from iot_facerecognition_server.networks.precision import Precision, choose_precision
from iot_facerecognition_server.networks.residual import ResidualNetwork

THRESHOLD = 0.6


@pytest.fixture(scope="module")
def expected(descriptor_file: Path, chips: np.ndarray) -> np.ndarray:
    """What dlib itself makes of the chips, (N, 128)."""
    model = dlib.face_recognition_model_v1(str(descriptor_file))
    return np.array([model.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips])


def distances(descriptors: np.ndarray) -> np.ndarray:
    pairs = combinations(descriptors.astype(np.float64), 2)
    return np.array([np.linalg.norm(one - other) for one, other in pairs])


def test_descriptors_are_dlibs_own_and_decide_alike(network, chips, expected):
    assert len(chips) >= 6
    found = network.describe(chips)
    assert (found.shape, found.dtype) == ((len(chips), 128), np.float32)
    assert np.linalg.norm(found - expected, axis=1).max() < 1e-4
    decisions = distances(expected) < THRESHOLD
    assert decisions.any()
    assert not decisions.all()
    assert np.array_equal(distances(found) < THRESHOLD, decisions)


@pytest.mark.parametrize("precision", [Precision.BF16, Precision.FP16])
def test_half_precision_stays_near_and_decides_alike(descriptor_file, chips, expected, precision):
    found = FaceDescriptorNetwork.load(descriptor_file, precision=precision).describe(chips)
    assert found.dtype == np.float32
    assert np.linalg.norm(found - expected, axis=1).max() < 0.02
    assert np.array_equal(distances(found) < THRESHOLD, distances(expected) < THRESHOLD)


def rounded_anyhow(values: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """Round float32 to one of the two bfloat16 around each value, whichever comes up."""
    up = torch.randint(0, 2, values.shape, generator=chance, dtype=torch.int32) * 0xFFFF
    bits = values.contiguous().view(torch.int32)
    return ((bits + up) & ~0xFFFF).view(torch.float32)


def test_half_precision_is_near_however_a_processor_rounds(descriptor_file, chips, expected):
    """Processors differ in how they round what a layer gives: here it is worse than any of them."""
    network = ResidualNetwork(read_network(descriptor_file.read_bytes()))
    chance = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.weight.data = module.weight.data.bfloat16().float()
            module.register_forward_hook(lambda _, __, out: rounded_anyhow(out, chance))
    with torch.inference_mode():
        found = network(torch.from_numpy(chips).permute(0, 3, 1, 2)).numpy()
    apart = np.linalg.norm(found - expected, axis=1).max()
    assert 1e-4 < apart < 0.02
    assert np.array_equal(distances(found) < THRESHOLD, distances(expected) < THRESHOLD)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("precision", "bound"), [(Precision.FP32, 2e-3), (Precision.FP16, 0.02)])
def test_a_gpu_gives_the_same_descriptors(descriptor_file, chips, expected, precision, bound):
    network = FaceDescriptorNetwork.load(descriptor_file, "cuda", precision)
    assert np.linalg.norm(network.describe(chips) - expected, axis=1).max() < bound


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_face_is_described_alike_in_any_batch(network, chips, count):
    together = network.describe(chips[:count])
    alone = np.concatenate([network.describe(chip[np.newaxis]) for chip in chips[:count]])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.parametrize("side", [103, 104, 149, 160, 231])
def test_chips_of_other_sizes_are_described_as_the_layers_say(network, descriptor_file, side):
    chips = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    layers = ResidualNetwork(read_network(descriptor_file.read_bytes()))
    expected = layers(torch.from_numpy(chips).permute(0, 3, 1, 2)).numpy()
    assert np.abs(network.describe(chips) - expected).max() < 1e-5


def test_no_chips_give_no_descriptors(network):
    assert network.describe(np.empty((0, 150, 150, 3), np.uint8)).shape == (0, 128)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((150, 150, 3), np.uint8),
        np.zeros((1, 150, 150), np.uint8),
        np.zeros((1, 3, 150, 150), np.uint8),
        np.zeros((1, 150, 150, 3), np.float32),
        np.zeros((1, 102, 150, 3), np.uint8),
    ],
    ids=lambda chips: f"{chips.shape} {chips.dtype}",
)
def test_what_is_no_chip_is_the_callers_mistake(network, wrong):
    with pytest.raises(ValueError, match="chips"):
        network.describe(wrong)


def test_threads_may_share_the_network(network, chips, expected):
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(network.describe, [chips] * 6):
            assert np.linalg.norm(found - expected, axis=1).max() < 1e-4


def test_a_forward_takes_the_gil_back_only_a_few_times(network, chips):
    """Otherwise other threads that compute would slow it down forty times."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            pass

    spinner = threading.Thread(target=spin)
    done = threading.Event()
    previous = sys.getswitchinterval()
    spinner.start()
    sys.setswitchinterval(0.2)  # each time the GIL has to be taken back costs this much
    try:
        worker = threading.Thread(target=lambda: (network.describe(chips[:1]), done.set()))
        worker.start()
        # A hundred operations of an eager forward would take 20 s.
        assert done.wait(8)
    finally:
        stop.set()
        sys.setswitchinterval(previous)
        spinner.join()
        worker.join()


def test_a_network_without_torchscript_runs_eagerly(descriptor_file, chips, expected, monkeypatch):
    monkeypatch.delattr(torch.jit, "trace")
    network = FaceDescriptorNetwork.load(descriptor_file)
    assert np.linalg.norm(network.describe(chips[:2]) - expected[:2], axis=1).max() < 1e-4


def test_loading_warns_of_nothing(descriptor_file):
    code = (
        "import sys, warnings; warnings.simplefilter('error');"
        "from pathlib import Path;"
        "from iot_facerecognition_server.networks import face_descriptor;"
        "import numpy as np;"
        "network = face_descriptor.FaceDescriptorNetwork.load(Path(sys.argv[1]));"
        "network.describe(np.zeros((1, 150, 150, 3), np.uint8))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, descriptor_file], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_damaged_or_other_file_is_refused_by_name(
    tmp_path: Path, descriptor_file: Path, detector_file: Path
):
    cut = tmp_path / "cut.dat"
    cut.write_bytes(descriptor_file.read_bytes()[:1_000_000])
    for path in (tmp_path / "none.dat", cut, detector_file):
        with pytest.raises(NetworkFileError, match=path.name) as caught:
            FaceDescriptorNetwork.load(path)
        assert "fetch" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "device", "flags", "precision"),
    [
        ("auto", "cpu", "fma avx2", Precision.FP32),
        ("auto", "cpu", "avx512f avx512_bf16", Precision.BF16),
        ("auto", "cpu", "amx_bf16 amx_tile", Precision.BF16),
        ("auto", "cuda", "avx2", Precision.FP16),
        ("fp32", "cuda", "", Precision.FP32),
        ("bf16", "cpu", "avx2", Precision.BF16),
        ("fp16", "cuda:1", "", Precision.FP16),
    ],
)
def test_precision_is_chosen_for_the_device(tmp_path, wanted, device, flags, precision):
    information = tmp_path / "cpuinfo"
    information.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n")
    assert choose_precision(wanted, device, information) is precision


def test_without_knowledge_of_the_cpu_precision_is_full(tmp_path):
    assert choose_precision("auto", "cpu", tmp_path / "none") is Precision.FP32


@pytest.mark.parametrize(("wanted", "device"), [("fp16", "cpu"), ("int8", "cuda"), ("", "cpu")])
def test_a_precision_that_makes_no_sense_is_refused(wanted, device):
    with pytest.raises(ValueError, match="it can be auto"):
        choose_precision(wanted, device)
