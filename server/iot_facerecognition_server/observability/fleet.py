"""The fleet's versions and updates as metrics."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from iot_facerecognition_server.fleet.edge import Edge, UpdateStage
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.client_labels import OTHER, LabelBudget, LabelLimits
from iot_facerecognition_server.observability.clients import metric, plain

FLEET_VERSIONS: Final = 100
"""Versions that have a label of their own in a day: desired, reported and running ones."""
_VERSION: Final = re.compile(r"[0-9A-Za-z.+~:_-]{1,40}")


class FleetCollector(Collector):
    """Exposes every edge on record. Identities and versions are few, however often they change."""

    def __init__(
        self,
        edges: Callable[[], Sequence[Edge]],
        not_recorded: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        limits: LabelLimits = LabelLimits(),  # noqa: B008 - a value
    ) -> None:
        """`edges` and `not_recorded` may be asked on any thread; `clock` is monotonic seconds."""
        self._edges = edges
        self._not_recorded = not_recorded
        self._clock = clock
        self._identities = LabelBudget(limits.identities, limits.memory)
        self._versions = LabelBudget(FLEET_VERSIONS, limits.memory)

    def collect(self) -> Iterator[Metric]:
        """Expose the edges as they are now; one without a label of its own is left out."""
        now = self._clock()
        admitted = [(self._identities.admit(one.identity, now), one) for one in self._edges()]
        edges = [(label, edge) for label, edge in admitted if label != OTHER]
        yield plain(
            catalogue.FLEET_UPDATE_STATE,
            [
                ((label, str(stage)), float(edge.stage is stage))
                for label, edge in edges
                if edge.update is not None
                for stage in UpdateStage
            ],
        )
        yield plain(
            catalogue.FLEET_VERSION_INFO,
            [((label, *self._labels(edge, now)), 1.0) for label, edge in edges],
        )
        yield plain(catalogue.FLEET_NOT_RECORDED, [((), float(self._not_recorded()))])

    def describe(self) -> Iterator[Metric]:
        """Name the metrics, for the registry."""
        return map(metric, catalogue.FLEET_FAMILIES)

    def _labels(self, edge: Edge, now: float) -> tuple[str, ...]:
        """Return the labels of the desired, the reported and the running version."""
        return tuple(
            self._label(version, now) for version in (edge.desired, edge.reported, edge.running)
        )

    def _label(self, version: str | None, now: float) -> str:
        if version is None:
            return ""
        return self._versions.admit(version, now) if _VERSION.fullmatch(version) else OTHER
