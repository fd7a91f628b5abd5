"""GPUs: NVIDIA's own Python bindings over a small library that answers as the driver's does."""

import ctypes
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability.gpu import find_gpus
from tests.server.observability.nvml_library import DRIVER, Gpu, NvmlLibrary


def registry_of(*gpus: Gpu, monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    """Return a registry with what the server finds on a machine with `gpus`."""
    NvmlLibrary(*gpus).install(monkeypatch)
    found = find_gpus()
    assert found is not None
    registry = CollectorRegistry()
    registry.register(found)
    return registry


def value(registry: CollectorRegistry, metric: str, /, **labels: str) -> float | None:
    return registry.get_sample_value(f"iot_facerecognition_gpu_{metric}", labels)


def test_each_gpu_is_told_of_in_base_units_and_what_it_cannot_tell_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Gpu(b"NVIDIA H200", load=63, milliwatts=412_500)
    part = Gpu(b"MIG 1g.18gb", load=None, milliwatts=None)
    told = registry_of(whole, part, monkeypatch=monkeypatch)
    assert value(told, "utilization_ratio", gpu="0") == 0.63
    assert value(told, "utilization_ratio", gpu="1") is None
    assert value(told, "memory_used_bytes", gpu="0") == 1e9
    assert value(told, "memory_size_bytes", gpu="1") == 150_754_820_096
    assert value(told, "temperature_celsius", gpu="0") == 41
    assert value(told, "power_watts", gpu="0") == 412.5
    assert value(told, "power_watts", gpu="1") is None
    assert value(told, "info", gpu="0", name="NVIDIA H200", driver=DRIVER.decode()) == 1
    assert value(told, "info", gpu="1", name="MIG 1g.18gb", driver=DRIVER.decode()) == 1


def test_gpu_that_is_lost_later_falls_silent_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Gpu(b"NVIDIA H200", load=1, milliwatts=100_000)
    second = Gpu(b"NVIDIA H200", load=2, milliwatts=100_000)
    told = registry_of(first, second, monkeypatch=monkeypatch)
    first.lost = True
    assert value(told, "temperature_celsius", gpu="0") is None
    assert value(told, "utilization_ratio", gpu="1") == 0.02
    # It is still a GPU of this machine, which the alert about unused ones counts.
    assert value(told, "info", gpu="0", name="NVIDIA H200", driver=DRIVER.decode()) == 1


def test_gpu_that_does_not_answer_at_the_start_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dead = Gpu(b"NVIDIA H200", load=1, milliwatts=100_000, lost=True)
    good = Gpu(b"NVIDIA L4", load=2, milliwatts=70_000)
    told = registry_of(dead, good, monkeypatch=monkeypatch)
    assert value(told, "temperature_celsius", gpu="0") is None
    assert value(told, "temperature_celsius", gpu="1") == 41
    assert value(told, "info", gpu="1", name="NVIDIA L4", driver=DRIVER.decode()) == 1


def test_driver_without_a_gpu_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    NvmlLibrary().install(monkeypatch)
    assert find_gpus() is None


def test_machine_without_a_driver_has_no_gpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(name: str) -> ctypes.CDLL:
        return ctypes.CDLL(str(tmp_path / name))  # the loader's own error

    monkeypatch.setattr("pynvml.nvmlLib", None)
    monkeypatch.setattr("pynvml.CDLL", missing)
    assert find_gpus() is None


@pytest.mark.gpu
def test_real_gpu_is_told_of() -> None:
    found = find_gpus()
    if found is None:
        pytest.skip("no NVIDIA driver here")
    registry = CollectorRegistry()
    registry.register(found)
    size = value(registry, "memory_size_bytes", gpu="0")
    assert size is not None
    assert size > 1e9
