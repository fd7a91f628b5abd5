"""Writes docs/metrics.md from the catalogue; a test holds the page in step.

`python -m iot_facerecognition_server.observability.reference` prints the page.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from iot_facerecognition_server.observability.catalogue import (
    CLIENT_FAMILIES,
    LABELS,
    Family,
    MetricType,
    families,
)

_HEAD: Final = """\
# Metrics

<!-- Made by `make docs` from server/iot_facerecognition_server/observability/catalogue.py -->

With `[Metrics] Enable=true` the server answers on a port of its own (50090, `[Metrics] Port`):

| path | answer |
|---|---|
| `/metrics` | everything below, in Prometheus' text format or OpenMetrics; asks for user and \
password when `PasswordFile` is set |
| `/livez` | 200 while event loop and workers make progress, else 503; the text says what has \
stalled |
| `/readyz` | 200 when models are loaded, a recognition with a known answer was right on the \
configured device and is whenever a worker is asked again, and the port for clients is open; else \
503, and the text says what is missing |
| `/api/v1/…` | the fleet, as JSON for programs: [fleet-api.md](fleet-api.md) |

With `TLS=true` it answers over TLS 1.3 with the server's certificate. Nothing here tells who was
seen: the names are those that cameras give themselves.

Process metrics are exported too: `process_*` and `python_info`, as every Prometheus client has
them. `monitoring/` has the rules, alerts and dashboards that use all this.
"""


def page() -> str:
    """Return the page."""
    per_client = set(CLIENT_FAMILIES)
    groups = (
        ("The server", [f for f in families() if f not in per_client and not _gpu(f)]),
        ("GPUs, where there are any", [f for f in families() if _gpu(f)]),
        (
            "Each client; its series end when it leaves",
            [f for f in CLIENT_FAMILIES if not _edge(f)],
        ),
        (
            "Each edge that tells its health (version 2); what it does not tell is left out",
            [f for f in CLIENT_FAMILIES if _edge(f)],
        ),
    )
    parts = [_HEAD]
    for title, members in groups:
        parts.append(f"## {title}\n")
        parts.append("\n".join(_table(members)) + "\n")
    parts.append("## Labels\n")
    used = sorted({label for family in families() for label in family.labels})
    rows = [f"| `{label}` | {LABELS[label]} |" for label in used]
    parts.append("\n".join(["| label | value |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _gpu(family: Family) -> bool:
    return family.name.startswith("gpu_")


def _edge(family: Family) -> bool:
    return family.name.startswith("edge_")


def _table(members: Sequence[Family]) -> Iterator[str]:
    yield "| metric | type | labels | meaning |"
    yield "|---|---|---|---|"
    for family in members:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        meaning = family.meaning
        if family.kind is MetricType.HISTOGRAM:
            bounds = ", ".join(f"{bound:g}" for bound in family.buckets)
            meaning += f" Buckets: {bounds}."
        yield f"| `{family.full_name}` | {family.kind} | {labels} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(page())
