import gc
import logging
import weakref

import numpy as np
import pytest
import torch

from iot_facerecognition_server.networks.memory import HalvingNetwork, is_out_of_memory


class SmallDevice:
    """A device with memory for `room` pictures; runs a real network over those that fit."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.sizes: list[int] = []
        self.released = 0
        self.held: list[weakref.ref] = []
        self._network = torch.nn.Linear(4, 3)

    def run(self, pictures: np.ndarray) -> np.ndarray:
        self.sizes.append(len(pictures))
        memory = torch.zeros(len(pictures), 1000)
        self.held.append(weakref.ref(memory))
        if len(pictures) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        with torch.inference_mode():
            return self._network(torch.tensor(pictures, dtype=torch.float32)).numpy()

    def release(self) -> None:
        gc.collect()
        assert not any(ref() is not None for ref in self.held), "the failed batch is still held"
        self.released += 1


def pictures(count: int) -> np.ndarray:
    return np.arange(4 * count, dtype=np.uint8).reshape(count, 4)


def halving(device: SmallDevice, counted: list[int]) -> HalvingNetwork:
    return HalvingNetwork(
        "descriptor",
        device.run,
        np.concatenate,
        count=lambda: counted.append(1),
        release=device.release,
    )


def test_a_batch_that_is_too_much_is_halved_until_it_fits(caplog):
    device, counted = SmallDevice(room=3), []
    network = halving(device, counted)
    with caplog.at_level(logging.WARNING):
        rows = network(pictures(16))
    assert device.sizes == [16, 8, 4] + [2] * 8
    device.room = 16
    assert rows == pytest.approx(device.run(pictures(16)), abs=1e-4)
    assert len(counted) == device.released == 3
    assert "descriptor: no memory for a batch of 16 pictures: CUDA out of memory" in caplog.text


def test_what_was_too_much_is_not_tried_again_at_once():
    device, counted = SmallDevice(room=3), []
    network = halving(device, counted)
    network(pictures(8))
    device.sizes.clear()
    network(pictures(5))
    assert device.sizes == [2, 2, 1]
    assert len(counted) == 2


def test_batches_grow_back_when_all_goes_well():
    device = SmallDevice(room=1)
    network = halving(device, [])
    network(pictures(4))
    assert network.limit == 1
    device.room = 4
    for _ in range(200):
        network(pictures(4))
    device.sizes.clear()
    network(pictures(4))
    assert device.sizes == [4]


def test_one_picture_that_does_not_fit_is_an_error_and_the_next_batch_is_tried():
    device, counted = SmallDevice(room=0), []
    network = halving(device, counted)
    with pytest.raises(torch.OutOfMemoryError):
        network(pictures(2))
    device.room = 1
    assert len(network(pictures(2))) == 2


def test_no_pictures_are_run_as_they_are():
    device = SmallDevice(room=3)
    assert halving(device, [])(pictures(0)).shape == (0, 3)


def test_another_error_is_not_taken_for_a_lack_of_memory():
    calls = []

    def fails(batch: np.ndarray) -> np.ndarray:
        calls.append(len(batch))
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        HalvingNetwork("descriptor", fails, np.concatenate)(pictures(8))
    assert calls == [8]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_known_however_it_is_said(error, expected):
    assert is_out_of_memory(error) is expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_without_memory_left_runs_smaller_batches():
    free, _ = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(0.02)

    def run(batch: np.ndarray) -> np.ndarray:
        device = torch.from_numpy(batch).cuda().float()
        grown = device.reshape(len(batch), -1).mean(1, keepdim=True)
        room = torch.empty(len(batch) * free // 200, dtype=torch.uint8, device="cuda")
        return (grown + room[0] * 0).cpu().numpy()

    counted: list[int] = []
    network = HalvingNetwork("any", run, np.concatenate, count=lambda: counted.append(1))
    try:
        assert network(pictures(16)).shape == (16, 1)
        assert counted
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
