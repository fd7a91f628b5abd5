"""The main job on real faces: a server, two clients with moving photos, and a live table.

`make demo` runs it until Ctrl-C, or for DEMO_SECONDS. It needs no camera, GPU or account.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.live import Live

from demo.live_table import Row, live_table, milliseconds
from demo.picture import draw
from demo.tally import Tally
from iot_facerecognition_client import Client, FacesResult, Fingerprint, ServerAddress
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_client.streaming import Handover, SourceStream
from iot_facerecognition_protocol import Face, SessionSettings
from lab.cast import people
from lab.photos import PhotosError, fetch_photos
from lab.server_process import Access, ServerFailedError, ServerProcess

OUTPUT = Path("demo-output")
FRAME = (640, 480)
FPS = 15.0
SECONDS_PER_PHOTO = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """One client of the demo: its name, and the photos that its camera pans over."""

    client: str
    photos: tuple[str, ...]


PARTS = (
    Part("entrance", ("obama2.jpg", "hanks.png", "astronaut.png")),
    Part("office", ("biden.jpg", "group.jpg", "obama3.jpg")),
)


@dataclass(slots=True)
class Actor:
    """One client of the demo with its camera, and what it was told."""

    part: Part
    client: Client
    source: MovingPhoto
    tally: Tally = field(default_factory=Tally)
    shown: dict[str, tuple[bytes, tuple[Face, ...]]] = field(default_factory=dict)
    """Photo to the frame of it that was kept for the picture."""

    @property
    def row(self) -> Row:
        """This actor's line in the table."""
        client = self.client
        return Row(self.part.client, client.status.text, client.statistics(), self.tally)

    async def play(self) -> None:
        """Stream and count until cancelled."""
        loop = asyncio.get_running_loop()

        failed: asyncio.Future[None] = loop.create_future()

        def ended(error: Exception | None) -> None:
            if error is not None:
                loop.call_soon_threadsafe(failed.set_exception, error)

        stream = SourceStream(self.source, Handover(self.client, loop), ended)
        async with self.client:
            await self.client.connected(30)
            stream.start()
            results = asyncio.ensure_future(self._count())
            try:
                await asyncio.wait({results, failed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                results.cancel()
                await asyncio.to_thread(stream.stop)
            if failed.done():
                failed.result()

    async def _count(self) -> None:
        async for result in self.client.results():
            if isinstance(result, FacesResult) and result.mark is not None:
                photo = self.source.view(result.mark).photo
                self.tally.take(result, photo)
                if len(result.faces) > len(self.shown.get(photo.name, (b"", ()))[1]):
                    jpeg = await asyncio.to_thread(self.source.jpeg, result.mark)
                    self.shown[photo.name] = (jpeg, result.faces)


def actor(part: Part, photos: Path, access: Access) -> Actor:
    """Return a client of the demo that trusts the server by its fingerprint."""
    source = MovingPhoto(
        [photos / name for name in part.photos],
        size=FRAME,
        fps=FPS,
        seconds_per_photo=SECONDS_PER_PHOTO,
        closest=0.45,
    )
    client = Client(
        ServerAddress("127.0.0.1", access.port),
        trust=Fingerprint(access.fingerprint),
        token=access.token,
        settings=SessionSettings(name=part.client),
    )
    return Actor(part, client, source)


async def play(actors: list[Actor], console: Console, seconds: float | None) -> None:
    """Let everyone stream, and show the table, for `seconds` or until a signal."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(one.play()) for one in actors]
    stopped = asyncio.create_task(stop.wait())
    live = Live(console=console, refresh_per_second=4) if console.is_terminal else None
    begun = time.monotonic()
    with live or contextlib.nullcontext():
        while seconds is None or time.monotonic() - begun < seconds:
            table = live_table([one.row for one in actors])
            if live is not None:
                live.update(table)
            else:
                console.print(table)
            done, _ = await asyncio.wait(
                {stopped, *tasks},
                timeout=0.25 if live is not None else 5.0,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if done:
                break
    stopped.cancel()
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def summarise(actors: list[Actor], console: Console) -> bool:
    """Print what was recognised and draw the picture; False when a wrong name was given."""
    console.rule("summary")
    for one in actors:
        tally, statistics = one.tally, one.client.statistics()
        named = ", ".join(f"{tag} {count} times" for tag, count in tally.named.most_common())
        unknown = ", ".join(f"{count} on {photo}" for photo, count in tally.unknown.most_common())
        console.print(
            f"[bold]{one.part.client}[/]: {tally.results} frames answered,"
            f" latency p50 {milliseconds(statistics.latency_p50)} ms,"
            f" p95 {milliseconds(statistics.latency_p95)} ms;"
            f" named: {named or 'nobody'}; unknown faces: {unknown or 'none'}"
        )
    shown = {
        f"{one.part.client}: {name}": frame for one in actors for name, frame in one.shown.items()
    }
    if shown:
        path = OUTPUT / "recognised.png"
        draw(shown, path)
        console.print(f"picture of what was recognised: [bold]{path.resolve()}[/]")
    wrong = sum(one.tally.wrong.total() for one in actors)
    right = sum(one.tally.named.total() for one in actors) - wrong
    if wrong or not right:
        what = sum((one.tally.wrong for one in actors), start=Counter())
        said = ", ".join(f"{name} {count} times" for name, count in what.items())
        console.print(f"[bold red]{wrong} wrong names ({said}), {right} right ones[/]")
        return False
    console.print(f"[bold green]{right} faces named, none of them wrong[/]")
    return True


def main() -> int:
    """Run the demo; return the exit code."""
    console = Console()
    wanted = os.environ.get("DEMO_SECONDS")
    try:
        seconds = float(wanted) if wanted else None
    except ValueError:
        console.print(f"DEMO_SECONDS is a number of seconds, not {wanted!r}")
        return 2
    try:
        photos = fetch_photos()
        with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as folder:
            console.print("starting the server (models, references, certificate) …")
            with ServerProcess(Path(folder), people(photos)) as server:
                access = server.access
                console.print(
                    f"listening on port {access.port} over TLS 1.3; token and certificate are new;"
                    f" it knows {len(people(photos))} people. Ctrl-C ends."
                )
                actors = [actor(part, photos, access) for part in PARTS]
                asyncio.run(play(actors, console, seconds))
        return 0 if summarise(actors, console) else 1
    except (PhotosError, ServerFailedError) as error:
        console.print(f"[bold red]{error}[/]", markup=True, highlight=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
