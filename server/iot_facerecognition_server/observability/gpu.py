"""What NVIDIA's management library reports of the GPUs."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pynvml
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.clients import metric, plain

_log = logging.getLogger(__name__)

_FAMILIES = (
    catalogue.GPU_INFO,
    catalogue.GPU_UTILISATION,
    catalogue.GPU_MEMORY_USED,
    catalogue.GPU_MEMORY_SIZE,
    catalogue.GPU_TEMPERATURE,
    catalogue.GPU_POWER,
)


class GpuCollector(Collector):
    """Asks every GPU that this process may see. What a GPU does not tell is left out.

    Names are kept from the start: a GPU that is lost later must not spoil the whole answer.
    """

    def __init__(self) -> None:
        """Start the library. Raises its `NVMLError`."""
        pynvml.nvmlInit()
        self._driver = _text(pynvml.nvmlSystemGetDriverVersion())
        self._gpus: list[tuple[str, Any]] = []
        self._names: list[tuple[str, str, str]] = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            self._find(index)

    def __len__(self) -> int:
        return len(self._gpus)

    def collect(self) -> Iterator[Metric]:
        """Ask all GPUs."""
        yield plain(catalogue.GPU_INFO, [(name, 1.0) for name in self._names])
        readings: tuple[tuple[catalogue.Family, Callable[[Any], float]], ...] = (
            (
                catalogue.GPU_UTILISATION,
                lambda g: pynvml.nvmlDeviceGetUtilizationRates(g).gpu / 100,
            ),
            (catalogue.GPU_MEMORY_USED, lambda g: pynvml.nvmlDeviceGetMemoryInfo(g).used),
            (catalogue.GPU_MEMORY_SIZE, lambda g: pynvml.nvmlDeviceGetMemoryInfo(g).total),
            (
                catalogue.GPU_TEMPERATURE,
                lambda g: pynvml.nvmlDeviceGetTemperature(g, pynvml.NVML_TEMPERATURE_GPU),
            ),
            (catalogue.GPU_POWER, lambda g: pynvml.nvmlDeviceGetPowerUsage(g) / 1000),
        )
        for family, read in readings:
            yield plain(family, [((n,), self._reading(read, gpu)) for n, gpu in self._gpus])

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, _FAMILIES)

    def _find(self, index: int) -> None:
        """Take the GPU in, unless it does not even tell its name: then it is broken."""
        try:
            gpu = pynvml.nvmlDeviceGetHandleByIndex(index)
            name = _text(pynvml.nvmlDeviceGetName(gpu))
        except pynvml.NVMLError as error:
            _log.warning("GPU %d does not answer and is left out: %s", index, error)
            return
        self._gpus.append((str(index), gpu))
        self._names.append((str(index), name, self._driver))

    def _reading(self, read: Callable[[Any], float], gpu: Any) -> float | None:
        try:
            return read(gpu)
        except pynvml.NVMLError as error:
            _log.debug("the GPU does not tell: %s", error)
            return None


def find_gpus() -> GpuCollector | None:
    """Return the collector, None on a machine without NVIDIA's driver or GPU."""
    try:
        found = GpuCollector()
    except pynvml.NVMLError as error:
        _log.debug("no GPU to report: %s", error)
        return None
    return found if len(found) else None


def _text(value: str | bytes) -> str:
    """Take what the library gives: bytes before version 11.5, text since."""
    return value.decode() if isinstance(value, bytes) else value
