"""Values that are only looked at when somebody asks."""

import logging
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.clients import metric, plain

_log = logging.getLogger(__name__)

Reading = Callable[[], float | None]


class ConditionCollector(Collector):
    """Gauges without labels, each read by a function; one that returns None is left out.

    So is one whose file or disk is gone: the rest of the answer is what tells why. The functions
    are called on the thread of who asks.
    """

    def __init__(self, readings: Mapping[Family, Reading]) -> None:
        self._readings = dict(readings)

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        for family, read in self._readings.items():
            yield plain(family, [((), _read(family, read))])

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, self._readings)


def _read(family: Family, read: Reading) -> float | None:
    try:
        return read()
    except OSError as error:
        _log.warning("%s cannot be measured: %s", family.full_name, error)
        return None
