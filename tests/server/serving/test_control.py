"""The control socket, with a command line's side over a real Unix socket."""

import asyncio
import json
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from iot_facerecognition_server.gallery.photo_report import PhotoReport, PhotoStatus
from iot_facerecognition_server.serving.control import ControlSocket
from iot_facerecognition_server.serving.control_client import (
    ControlConnection,
    ControlError,
    NoServerError,
    ask,
)
from iot_facerecognition_server.serving.fleet_requests import FleetRequests
from iot_facerecognition_server.serving.photo_checks import MOST, PhotoChecks
from iot_facerecognition_server.supervision import TaskFailedError
from iot_facerecognition_server.trust.pairing import Pairings

from .live_server import LiveServer

LOOK = {"do": "look", "tag": "ada", "photo": "/photos/1.jpg"}


class Looker:
    """Says of every photo that it is used, when it is let go."""

    def __init__(self) -> None:
        self.seen: list[Path] = []
        self.looking = threading.Event()
        self.go = threading.Event()

    def __call__(self, tag: str, photo: Path) -> PhotoReport:
        self.seen.append(photo)
        self.looking.set()
        assert self.go.wait(30)
        return PhotoReport(tag, photo, PhotoStatus.USED, f"{photo} of {tag} is used")


def answers(path: Path) -> bool:
    """Tell whether something listens at `path` yet."""
    try:
        ControlConnection(path).close()
    except NoServerError:
        return False
    return True


@asynccontextmanager
async def controlled(live: LiveServer, path: Path, looker: Looker) -> AsyncIterator[None]:
    """Run the control socket of a server at `path`."""
    photos, fleet = PhotoChecks(looker), FleetRequests(live.fleet)
    task = asyncio.create_task(ControlSocket(path, live.server, photos, fleet).run())
    try:
        while not await asyncio.to_thread(answers, path):
            pass
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


live_pairings: list[Pairings] = []
"""Those of the servers that were started, the newest last."""


@asynccontextmanager
async def listening(folder: Path, looker: Looker) -> AsyncIterator[Path]:
    path = folder / "control.sock"
    async with LiveServer(folder) as live, controlled(live, path, looker):
        live_pairings.append(live.server.pairing.pairings)
        yield path


def test_photos_are_looked_at_one_after_the_other_on_one_connection(tmp_path: Path) -> None:
    async def scenario() -> None:
        looker = Looker()
        looker.go.set()
        async with listening(tmp_path, looker) as path:

            def several() -> list[str]:
                with ControlConnection(path) as connection:
                    return [str(connection.ask(LOOK | {"photo": f"/{n}.jpg"})) for n in range(3)]

            answers = await asyncio.to_thread(several)
        assert looker.seen == [Path(f"/{n}.jpg") for n in range(3)]
        assert answers[2] == "{'status': 'used', 'message': '/2.jpg of ada is used'}"

    asyncio.run(scenario())


def test_other_commands_are_answered_while_a_photo_is_looked_at(tmp_path: Path) -> None:
    async def scenario() -> None:
        looker = Looker()
        async with listening(tmp_path, looker) as path:
            look = asyncio.create_task(asyncio.to_thread(ask, path, LOOK))
            await asyncio.to_thread(looker.looking.wait, 30)
            assert await asyncio.to_thread(ask, path, {"do": "clients"}) == {"clients": []}
            assert not look.done()
            looker.go.set()
            assert (await look)["status"] == "used"

    asyncio.run(scenario())


def test_who_closes_the_connection_has_nothing_more_looked_at(tmp_path: Path) -> None:
    """A photo that is being looked at is finished; those that wait are not begun."""

    async def scenario() -> None:
        looker = Looker()
        async with listening(tmp_path, looker) as path:
            first = asyncio.create_task(asyncio.to_thread(ask, path, LOOK))
            await asyncio.to_thread(looker.looking.wait, 30)
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(json.dumps(LOOK | {"photo": "/interrupted.jpg"}).encode() + b"\n")
            await writer.drain()
            writer.close()
            # Answered after the request before it was read, and before it has its turn.
            await asyncio.to_thread(ask, path, {"do": "clients"})
            last = asyncio.create_task(asyncio.to_thread(ask, path, LOOK | {"photo": "/last.jpg"}))
            looker.go.set()
            await asyncio.gather(first, last)
            assert await reader.read() == b""
        assert looker.seen == [Path("/photos/1.jpg"), Path("/last.jpg")]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "dance"}, "another version"),
        ({"do": "look", "photo": 5}, "another version"),
        ([], "another version"),
        (LOOK | {"photo": "1.jpg"}, "no absolute path"),
    ],
)
def test_what_cannot_be_done_is_answered(tmp_path: Path, request_: object, words) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            with pytest.raises(ControlError, match=words):
                await asyncio.to_thread(ask, path, request_)

    asyncio.run(scenario())


def test_what_is_no_request_ends_the_connection(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            for line in (b"{\n", b"[" * 70_000 + b"\n"):
                reader, writer = await asyncio.open_unix_connection(path)
                writer.write(line)
                assert await reader.read() == b""
                writer.close()
            assert await asyncio.to_thread(ask, path, {"do": "clients"}) == {"clients": []}

    asyncio.run(scenario())


PAIR = {"do": "pair", "name": "kitchen", "seconds": 300}


def test_a_pairing_code_is_made_and_its_end_is_reported(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            with await asyncio.to_thread(ControlConnection, path) as connection:
                offer = await asyncio.to_thread(connection.ask, PAIR)
                waiting = asyncio.create_task(
                    asyncio.to_thread(connection.ask, {"do": "pairing", "name": "kitchen"}, 30)
                )
                pairings = live_pairings[-1]
                kitchen = pairings.named("kitchen")
                assert kitchen is not None
                while not kitchen.when_ended:  # noqa: ASYNC110 - until the question has arrived
                    await asyncio.sleep(0)
                await asyncio.to_thread(ask, path, {"do": "unpair", "name": "kitchen"})
                end = await waiting
            assert len(str(offer["code"])) == 9
            assert len(str(offer["fingerprint"])) == 64
            assert isinstance(offer["port"], int)
            assert end == {"outcome": "withdrawn", "detail": ""}

    asyncio.run(scenario())


def test_what_cannot_be_paired_is_reported(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            for request, words in (
                (PAIR | {"name": ""}, "1 to 64 characters"),
                (PAIR | {"seconds": 7200}, "60 minutes"),
                ({"do": "pairing", "name": "kitchen"}, "no pairing code for kitchen"),
            ):
                with pytest.raises(ControlError, match=words):
                    await asyncio.to_thread(ask, path, request)

    asyncio.run(scenario())


def test_whoever_waits_for_a_pairing_may_go_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(json.dumps(PAIR).encode() + b"\n")
            await reader.readline()
            writer.write(b'{"do": "pairing", "name": "kitchen"}\n')
            await writer.drain()
            writer.write_eof()
            assert await reader.read() == b"", "the server ends it"
            writer.close()

    asyncio.run(scenario())


def test_more_photo_requests_than_are_looked_at_are_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        looker = Looker()
        async with listening(tmp_path, looker) as path:
            writers = []
            for _ in range(MOST):
                _, writer = await asyncio.open_unix_connection(path)
                writer.write(json.dumps(LOOK).encode() + b"\n")
                writers.append(writer)
            await asyncio.to_thread(looker.looking.wait, 30)
            # Answered after the requests before it were read.
            await asyncio.to_thread(ask, path, {"do": "clients"})
            with pytest.raises(ControlError, match=f"{MOST} commands .* try again later"):
                await asyncio.to_thread(ask, path, LOOK)
            looker.go.set()
            for writer in writers:
                writer.close()

    asyncio.run(scenario())


def test_only_its_owner_may_ask_and_the_socket_goes_with_the_server(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_ISSOCK(path.stat().st_mode)
        assert not path.exists()
        with pytest.raises(NoServerError, match="no server answers"):
            ControlConnection(path)

    asyncio.run(scenario())


def test_the_socket_that_a_crash_left_is_replaced_also_at_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("f" * 120)  # longer than an address of a Unix socket
    folder.mkdir()

    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            path = folder / "control.sock"
            path.write_text("left")
            async with controlled(live, path, Looker()):
                assert await asyncio.to_thread(ask, path, {"do": "clients"}) == {"clients": []}

    asyncio.run(scenario())


def test_where_there_can_be_no_socket_the_cure_is_reported(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            control = ControlSocket(
                tmp_path / "none" / "control.sock",
                live.server,
                PhotoChecks(Looker()),
                FleetRequests(live.fleet),
            )
            with pytest.raises(TaskFailedError, match="let it write to its state directory"):
                await control.run()

    asyncio.run(scenario())


def test_who_asks_nothing_is_left_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("iot_facerecognition_server.serving.control.SECONDS", 0.1)

    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            reader, writer = await asyncio.open_unix_connection(path)
            assert await reader.read() == b""
            writer.close()

    asyncio.run(scenario())
    assert "a request of the command line was not answered" in caplog.text
