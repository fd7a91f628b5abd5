"""A small libnvidia-ml.so.1: what NVIDIA's own Python bindings load on a machine with GPUs.

It answers at the level of the library's C interface, so that everything above it is the real thing:
the bindings' structures, error classes and constants.
"""

import ctypes
from dataclasses import dataclass
from typing import Any, Final

import pynvml
import pytest

DRIVER: Final = b"580.65.06"


@dataclass(slots=True)
class Gpu:
    """A device; what it does not support is None."""

    name: bytes
    load: int | None
    """Percent."""
    milliwatts: int | None
    memory_used: int = 1_000_000_000
    memory_size: int = 150_754_820_096
    temperature: int | None = 41
    lost: bool = False
    """Fallen off the bus: it answers nothing any more."""


class NvmlLibrary:
    """The functions that are used, each with the library's arguments and return codes."""

    def __init__(self, *gpus: Gpu) -> None:
        self._gpus = gpus
        self._ready = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the bindings find this library when they load theirs."""

        def load(name: str) -> "NvmlLibrary":
            assert name == "libnvidia-ml.so.1"
            return self

        monkeypatch.setattr(pynvml, "nvmlLib", None)
        monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
        monkeypatch.setattr(pynvml, "CDLL", load)

    def nvmlInitWithFlags(self, flags: int) -> int:  # noqa: N802 - NVIDIA's name
        assert flags == 0
        self._ready = True
        return int(pynvml.NVML_SUCCESS)

    def nvmlSystemGetDriverVersion(self, version: Any, size: Any) -> int:  # noqa: N802
        return self._text(version, size, DRIVER)

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802
        return self._number(count, len(self._gpus))

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:  # noqa: N802
        if index.value >= len(self._gpus):
            return int(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        # The handle points at what only the library knows; anything but null will do.
        target = ctypes.cast(ctypes.c_void_p(0x1000 + index.value), type(handle._obj))
        ctypes.memmove(handle, ctypes.byref(target), ctypes.sizeof(target))
        return int(pynvml.NVML_SUCCESS)

    def nvmlDeviceGetName(self, handle: Any, name: Any, size: Any) -> int:  # noqa: N802
        gpu = self._gpu(handle)
        return self._lost() if gpu.lost else self._text(name, size, gpu.name)

    def nvmlDeviceGetUtilizationRates(self, handle: Any, rates: Any) -> int:  # noqa: N802
        gpu = self._gpu(handle)
        if gpu.lost:
            return self._lost()
        if gpu.load is None:
            return int(pynvml.NVML_ERROR_NOT_SUPPORTED)
        rates._obj.gpu, rates._obj.memory = gpu.load, 3
        return int(pynvml.NVML_SUCCESS)

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:  # noqa: N802
        gpu = self._gpu(handle)
        if gpu.lost:
            return self._lost()
        found = memory._obj
        found.total, found.used = gpu.memory_size, gpu.memory_used
        found.free = gpu.memory_size - gpu.memory_used
        return int(pynvml.NVML_SUCCESS)

    def nvmlDeviceGetTemperature(self, handle: Any, sensor: Any, degrees: Any) -> int:  # noqa: N802
        assert sensor.value == pynvml.NVML_TEMPERATURE_GPU
        gpu = self._gpu(handle)
        return self._lost() if gpu.lost else self._number(degrees, gpu.temperature)

    def nvmlDeviceGetPowerUsage(self, handle: Any, milliwatts: Any) -> int:  # noqa: N802
        gpu = self._gpu(handle)
        return self._lost() if gpu.lost else self._number(milliwatts, gpu.milliwatts)

    def _gpu(self, handle: Any) -> Gpu:
        address = ctypes.cast(handle, ctypes.c_void_p).value
        assert address is not None
        return self._gpus[address - 0x1000]

    def _number(self, place: Any, value: int | None) -> int:
        if not self._ready:
            return int(pynvml.NVML_ERROR_UNINITIALIZED)
        if value is None:
            return int(pynvml.NVML_ERROR_NOT_SUPPORTED)
        place._obj.value = value
        return int(pynvml.NVML_SUCCESS)

    def _text(self, place: Any, size: Any, value: bytes) -> int:
        if not self._ready:
            return int(pynvml.NVML_ERROR_UNINITIALIZED)
        if len(value) >= size.value:
            return int(pynvml.NVML_ERROR_INSUFFICIENT_SIZE)
        place.value = value
        return int(pynvml.NVML_SUCCESS)

    def _lost(self) -> int:
        return int(pynvml.NVML_ERROR_GPU_IS_LOST)
