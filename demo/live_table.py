"""The demo's table in the terminal: who streams, how fast, and who is seen where."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from demo.tally import Tally
from iot_facerecognition_client import ClientStatistics
from iot_facerecognition_protocol import Face


@dataclass(frozen=True, slots=True)
class Row:
    """One client as the table shows it; `state` is a sentence."""

    client: str
    state: str
    statistics: ClientStatistics
    tally: Tally


def live_table(rows: Sequence[Row]) -> Table:
    """Return the table of this moment."""
    table = Table(title="iot-facerecognition", expand=True)
    table.add_column("client")
    table.add_column("frames/s", justify="right")
    table.add_column("p50 ms", justify="right")
    table.add_column("p95 ms", justify="right")
    table.add_column("seen now", ratio=2)
    table.add_column("named so far", ratio=2)
    table.add_column("unknown", justify="right")
    for row in rows:
        statistics = row.statistics
        table.add_row(
            row.client,
            f"{statistics.result_fps:.1f}",
            milliseconds(statistics.latency_p50),
            milliseconds(statistics.latency_p95),
            seen(row.tally.now) if row.tally.results else Text(row.state, style="dim"),
            ", ".join(f"{tag} {count}" for tag, count in row.tally.named.most_common()),
            str(row.tally.unknown.total()),
        )
    return table


def milliseconds(seconds: float | None) -> str:
    """Return a latency for the table."""
    return "-" if seconds is None else f"{seconds * 1e3:.0f}"


def seen(faces: Sequence[Face]) -> Text:
    """Return who is seen where."""
    text = Text()
    for face in faces:
        if text:
            text.append("  ")
        style = "bold green" if face.tag else "bold yellow"
        text.append(face.tag or "unknown", style=style)
        text.append(f" at {face.x},{face.y}", style="dim")
    return text or Text("nobody", style="dim")
