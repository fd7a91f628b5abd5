"""How much of each configured limit is taken."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.clients import metric, plain


@dataclass(frozen=True, slots=True)
class LimitReading:
    """A limit, and a function that returns what is taken of it now; it is called on any thread."""

    most: float
    used: Callable[[], float]


class LimitCollector(Collector):
    """Exports limits and what is taken of them; a limit of 0, which is none, is left out."""

    def __init__(self, readings: Mapping[str, LimitReading]) -> None:
        """Export `readings`, by the value of the label `limit`."""
        self._readings = {name: one for name, one in readings.items() if one.most > 0}

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        yield plain(catalogue.LIMIT, [((name,), one.most) for name, one in self._readings.items()])
        yield plain(
            catalogue.LIMIT_USED, [((name,), one.used()) for name, one in self._readings.items()]
        )

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, (catalogue.LIMIT, catalogue.LIMIT_USED))
