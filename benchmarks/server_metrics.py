"""What the server under test tells about itself, read as Prometheus reads it."""

import re
import urllib.request
from collections.abc import Mapping
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from iot_facerecognition_server.observability.catalogue import PREFIX, Family
from lab.server_process import ServerProcess

ENABLED: Final[Mapping[str, str]] = {"Enable": "true", "Bind": "127.0.0.1", "Port": "0"}
"""The `[Metrics]` section that a server needs to be read."""

_ADDRESS = re.compile(r"metrics on (http://\S+/metrics)")


class Metrics:
    """All samples of one scrape."""

    def __init__(self, text: str) -> None:
        """Parse the exposition."""
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    @classmethod
    def of(cls, server: ServerProcess) -> "Metrics":
        """Scrape `server`, which was started with `ENABLED`."""
        found = _ADDRESS.search(server.output())
        if found is None:
            raise RuntimeError(f"the server does not say where its metrics are:\n{server.output()}")
        with urllib.request.urlopen(found[1], timeout=30) as answer:  # noqa: S310 - http, loopback
            return cls(answer.read().decode())

    def value(self, family: Family, **labels: str) -> float:
        """Return the sum of the family's samples that have these labels."""
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == family.full_name and labels.items() <= sample.labels.items()
        )

    def by(self, family: Family, label: str) -> dict[str, float]:
        """Return the family's values by one of its labels."""
        return {
            sample.labels[label]: sample.value
            for sample in self._samples
            if sample.name == family.full_name
        }

    def buckets(self, family: Family, **labels: str) -> dict[float, float]:
        """Return how many observations of a histogram were at most as large as each bound."""
        return {
            float(sample.labels["le"]): sample.value
            for sample in self._samples
            if sample.name == f"{PREFIX}{family.name}_bucket"
            and labels.items() <= sample.labels.items()
        }
