"""GPUs, by a small device that answers as NVIDIA's library does."""

from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_server.observability.gpu import GpuCollector, find_gpus


class NvmlError(Exception):
    pass


class Gpu:
    """A device; what it does not support is None."""

    def __init__(self, name: str, *, load: int | None, watts: float | None) -> None:
        self.name = name
        self.load = load
        self.watts = watts


class Nvml:
    """The functions of `pynvml` that are used, with its errors and units."""

    NVMLError = NvmlError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *gpus: Gpu) -> None:
        self._gpus = gpus

    def nvmlInit(self) -> None:  # noqa: N802 - NVIDIA's name
        if not self._gpus:
            raise NvmlError("NVML Shared Library Not Found")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Gpu:  # noqa: N802
        return self._gpus[index]

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return b"580.65.06"

    def nvmlDeviceGetName(self, gpu: Gpu) -> str:  # noqa: N802
        return gpu.name

    def nvmlDeviceGetUtilizationRates(self, gpu: Gpu) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=self._supported(gpu.load), memory=3)

    def nvmlDeviceGetMemoryInfo(self, gpu: Gpu) -> Any:  # noqa: N802
        return SimpleNamespace(total=150_754_820_096, used=1_000_000_000, free=149_754_820_096)

    def nvmlDeviceGetTemperature(self, gpu: Gpu, sensor: int) -> int:  # noqa: N802
        assert sensor == self.NVML_TEMPERATURE_GPU
        return 41

    def nvmlDeviceGetPowerUsage(self, gpu: Gpu) -> int:  # noqa: N802
        watts: float = self._supported(gpu.watts)
        return int(watts * 1000)

    def _supported(self, value: Any) -> Any:
        if value is None:
            raise NvmlError("Not Supported")
        return value


def test_each_gpu_is_told_of_in_base_units_and_what_it_cannot_tell_is_left_out() -> None:
    registry = CollectorRegistry()
    gpus = Nvml(Gpu("NVIDIA H200", load=63, watts=412.5), Gpu("MIG", load=None, watts=None))
    registry.register(GpuCollector(gpus))

    def value(name: str, gpu: str) -> float | None:
        return registry.get_sample_value(f"iot_facerecognition_gpu_{name}", {"gpu": gpu})

    assert value("utilization_ratio", "0") == 0.63
    assert value("utilization_ratio", "1") is None
    assert value("memory_size_bytes", "1") == 150_754_820_096
    assert value("temperature_celsius", "0") == 41
    assert value("power_watts", "0") == 412.5
    assert value("power_watts", "1") is None
    info = {"gpu": "0", "name": "NVIDIA H200", "driver": "580.65.06"}
    assert registry.get_sample_value("iot_facerecognition_gpu_info", info) == 1


def test_machine_without_a_driver_has_no_gpus() -> None:
    with pytest.raises(NvmlError):
        GpuCollector(Nvml())


@pytest.mark.gpu
def test_real_gpu_is_told_of() -> None:
    found = find_gpus()
    if found is None:
        pytest.skip("no NVIDIA driver here")
    registry = CollectorRegistry()
    registry.register(found)
    size = registry.get_sample_value("iot_facerecognition_gpu_memory_size_bytes", {"gpu": "0"})
    assert size is not None
    assert size > 1e9
