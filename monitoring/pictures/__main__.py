"""Pictures of the dashboards with one edge and with fifty, from real runs.

`python -m monitoring.pictures [FOLDER]` starts the server on loopback, edges that send it faces and
a Prometheus with the rules of production, restarts the server once on the way, and writes four
pictures to FOLDER (docs/images/dashboards without one). It takes a quarter of an hour.
"""

import re
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_server.trust.tokens import TokenStore
from lab.cast import people
from lab.photos import PhotosError, fetch_photos
from lab.server_process import ServerFailedError, ServerProcess
from monitoring.dashboards.__main__ import FOLDER as DASHBOARDS
from monitoring.pictures.edges import Edge, Site, Views, alone, fifty
from monitoring.pictures.grafana import Drawn, PictureError, Request, Source, draw, libraries
from tests.monitoring.prometheus_process import PrometheusProcess, scraping_over_tls

SCRAPE: Final = 10
"""Seconds between scrapes: a short run has enough of them to draw."""
_PASSWORD: Final = "of the pictures"  # noqa: S105 - of a server that ends with the run
_ROWS: Final = 5
"""Rows of the table that are told, the worst edges."""
_FRAME: Final = (480, 360)


@dataclass(frozen=True, slots=True)
class Run:
    """A run to be drawn: its edges, and seconds to its parts; `chosen` is the edge of one row."""

    name: str
    edges: Sequence[Edge]
    chosen: str
    restart: float
    end: float


RUNS: Final = (
    Run("1", alone(), "entrance", 120.0, 300.0),
    Run("50", fifty(), "stairs-07", 120.0, 480.0),
)


def main() -> int:
    """Take the pictures; return the exit code."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/dashboards")
    try:
        libraries()
        photos = fetch_photos()
        for run in RUNS:
            print(f"{len(run.edges)} edges, {run.end / 60:.0f} minutes …", flush=True)
            _take(run, photos, folder)
    except (PhotosError, PictureError, ServerFailedError) as error:
        sys.exit(str(error))
    return 0


def _take(run: Run, photos: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as name, ExitStack() as stack:
        place = Path(name)
        password = place / "password"
        password.write_text(_PASSWORD)
        server = stack.enter_context(_server(place, photos, password))
        (place / "prometheus").mkdir()
        prometheus = stack.enter_context(
            PrometheusProcess(
                place / "prometheus",
                scraping_over_tls(
                    target=f"127.0.0.1:{_metrics_port(server)}",
                    certificate=server.folder / "state" / "server.crt",
                    password_file=password,
                    pulse=f"{SCRAPE}s",
                ),
            )
        )
        tokens = TokenStore(server.folder / "state" / "tokens.json")
        own = [tokens.add(edge.name) for edge in run.edges]
        begun = time.time()
        stack.enter_context(Site(server.access, run.edges, own, _views(photos)))
        _wait(begun + run.restart)
        server.stop()
        server.start()
        _wait(begun + run.end)
        source = Source(prometheus.address, SCRAPE, begun, time.time())
        chosen = {"fleet": {"client": run.chosen}, "server": {}}
        wanted = [
            Request(folder / f"{board}-{run.name}.png", DASHBOARDS / f"{board}.json", variables)
            for board, variables in chosen.items()
        ]
        for drawn in draw(source, wanted):
            _report(drawn)


def _report(drawn: Drawn) -> None:
    without = f", no data: {', '.join(drawn.empty)}" if drawn.empty else ""
    print(f"drawn: {drawn.picture}{without}", flush=True)
    for title, rows in drawn.tables.items():
        print(f"  {title}", flush=True)
        for row in rows[:_ROWS]:
            print(f"    {'  '.join(row)}", flush=True)


def _server(place: Path, photos: Path, password: Path) -> ServerProcess:
    port = _free_port()
    metrics = {"Enable": "true", "Port": str(port), "TLS": "true", "PasswordFile": str(password)}
    # After its restart everybody has to find it where it was.
    return ServerProcess(place / "server", people(photos), {"Metrics": metrics}, port=_free_port())


def _metrics_port(server: ServerProcess) -> int:
    found = re.search(r"metrics on https://\S+:(\d+)/", server.output())
    if found is None:
        raise ServerFailedError(f"no metrics:\n{server.output()}")
    return int(found[1])


def _views(photos: Path) -> Views:
    """Return views of somebody who is enrolled and of somebody who is not, and of a table."""
    people = ("obama2.jpg", "hanks.png", "astronaut.png")
    return Views(
        people=[
            view for name in people for view in MovingPhoto([photos / name], size=_FRAME).frames(20)
        ],
        empty=MovingPhoto([photos / "coffee.png"], size=_FRAME).frames(1),
    )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(until: float) -> None:
    time.sleep(max(0.0, until - time.time()))


if __name__ == "__main__":
    sys.exit(main())
