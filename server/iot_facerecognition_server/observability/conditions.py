"""Values that are only looked at when somebody asks."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.clients import metric, plain

Reading = Callable[[], float | None]


class ConditionCollector(Collector):
    """Gauges without labels, each read by a function; one that returns None is left out.

    The functions are called on the thread of who asks.
    """

    def __init__(self, readings: Mapping[Family, Reading]) -> None:
        self._readings = dict(readings)

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        for family, read in self._readings.items():
            yield plain(family, [((), read())])

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, self._readings)
