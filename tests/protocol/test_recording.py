"""The recorder writes down what was said, over real TLS, with the server's own session inside."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from iot_facerecognition_protocol import SUBPROTOCOL_V2, Limits, Version
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.session import Session
from iot_facerecognition_server.trust.certificates import Identity
from iot_facerecognition_server.trust.host_names import HostNames
from iot_facerecognition_server.trust.issuing import issue_identity
from iot_facerecognition_server.trust.tls import ServerTls
from lab.recording.session import BEGIN, END, RecordingError, insert, main
from tests.server.connected_clients import connected
from tests.server.recognised_faces import recognised

JPEG = b"\xff\xd8" + bytes(34_510)
TOKEN = "a-very-secret-token"


@dataclass(frozen=True)
class OwnIdentity:
    """A fresh key and certificate."""

    identity: Identity

    def read(self) -> Identity:
        return self.identity

    def warnings(self, identity: Identity) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class Place:
    """Where the server listens and how it is known."""

    port: int
    fingerprint: str
    authorizations: list[str | None]


async def handle(websocket: ServerConnection) -> None:
    """Speak with one client through the server's session; every frame shows Ann."""
    out: list[str] = []
    version = Version.V2 if websocket.subprotocol else Version.V1
    session = Session(
        connected(1, version), out.append, limits=Limits(), object_labels=10, object_interval=0.0
    )
    session.open()
    await websocket.send(out.pop())
    async for message in websocket:
        if isinstance(message, str):
            session.receive_text(message)
        else:
            frame = session.receive_frame(message, 0.0)
            assert isinstance(frame, ArrivedFrame)
            session.faces_found(frame.number, (recognised("Ann", 1, 2, 80, 80, distance=0.5),))
            session.processed(frame.number, 0.0005, 0.03)
        while out:
            await websocket.send(out.pop(0))


@contextmanager
def server(*subprotocols: str) -> Iterator[Place]:
    """Run a server in a thread of its own, since the recorder has its own loop."""
    hosts = HostNames(("localhost",), (ip_address("127.0.0.1"),))
    tls = ServerTls(OwnIdentity(issue_identity(hosts, datetime.now(UTC))))
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ended = asyncio.Event()
    authorizations: list[str | None] = []
    ports: list[int] = []

    async def listen() -> None:
        def note(_: ServerConnection, request: object) -> None:
            authorizations.append(request.headers.get("Authorization"))  # type: ignore[attr-defined]

        async with serve(
            handle,
            "127.0.0.1",
            0,
            ssl=tls.context,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            process_request=note,
        ) as listening:
            ports.append(next(iter(listening.sockets)).getsockname()[1])
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield Place(ports[0], tls.fingerprint, authorizations)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photo.jpg").write_bytes(JPEG)
    (tmp_path / "token.txt").write_text(TOKEN + "\n")
    (tmp_path / "page.md").write_text(f"# Page\n\n{BEGIN}\nold\n{END}\nafter\n")
    return tmp_path


def arguments(place: Place, folder: Path, *more: str) -> list[str]:
    trust = ["--fingerprint", place.fingerprint]
    what = ["--photo", str(folder / "photo.jpg"), "--token-file", str(folder / "token.txt")]
    return [f"127.0.0.1:{place.port}", *trust, *what, *more]


def test_both_directions_are_written_down_in_order_and_the_token_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with server(SUBPROTOCOL_V2) as place:
        assert main(arguments(place, folder)) == 0
        assert place.authorizations == [f"Bearer {TOKEN}"]
    written = capsys.readouterr().out
    assert TOKEN not in written
    assert "C: Authorization: Bearer ****" in written
    assert "C: Sec-WebSocket-Protocol: iot-facerecognition.v2\n" in written
    assert "S: HTTP/1.1 101 Switching Protocols\n" in written
    said = written[written.index('S: {"command":9}') :].splitlines()
    assert [re.sub(r'("message":)".*"', r"\1…", line) for line in said] == [
        'S: {"command":9}',
        'C: {"command":1,"context":"front door"}',
        'S: {"command":1,"context":"front door"}',
        'C: {"command":5,"context":true}',
        'S: {"command":5,"context":true}',
        'C: {"command":6,"context":100000}',
        'S: {"command":6,"context":10}',
        'C: {"command":6,"context":3}',
        'S: {"command":6,"context":3}',
        'C: {"command":7,"context":false}',
        'S: {"command":7,"context":false}',
        'C: {"command":8,"context":true}',
        'S: {"command":8,"context":true}',
        'C: {"command":15,"context":0.2}',
        'S: {"command":15,"context":0.2}',
        (
            'C: {"command":12,"context":{"version":"1.0.0","cpu_temperature":51.5,"uptime":86412.5,'
            '"capture_fps":15.0}}'
        ),
        "C: <JPEG, 34,512 bytes>",
        (
            'S: {"command":3,"context":[{"tag":"Ann","x":1,"y":2,"width":80,"height":80,'
            '"distance":0.5,"score":1.0,"track":null}],"frame":1}'
        ),
        (
            'S: {"command":10,"context":{"frame":1,"status":"processed","queue_ms":0.5,'
            '"compute_ms":30.0}}'
        ),
        "C: good morning",
        'S: {"command":11,"context":{"code":"malformed-message","message":…}}',
        "C: <close 1000>",
        "```",
    ]


def test_page_gets_the_session_between_its_markers(folder: Path) -> None:
    page = folder / "page.md"
    with server(SUBPROTOCOL_V2) as place:
        for _ in range(2):
            assert main(arguments(place, folder, "--into", str(page))) == 0
    content = page.read_text()
    assert content.startswith(f"# Page\n\n{BEGIN}\n```text\nC: GET / HTTP/1.1\n")
    assert content.endswith(f"C: <close 1000>\n```\n{END}\nafter\n")
    assert content.count("<JPEG, 34,512 bytes>") == 1
    assert "old" not in content


def test_nothing_is_sent_to_a_server_with_another_certificate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with server(SUBPROTOCOL_V2) as place:
        impostor = Place(place.port, "sha256:" + "a" * 64, [])
        assert main(arguments(impostor, folder)) == 1
        assert place.authorizations == []
    assert "certificate" in capsys.readouterr().err


def test_server_without_version_2_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with server() as place:
        assert main(arguments(place, folder)) == 1
    assert "iot-facerecognition.v2" in capsys.readouterr().err


def test_photo_that_is_no_jpeg_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photo.jpg").write_bytes(b"\x89PNG")
    place = Place(1, "sha256:" + "a" * 64, [])
    assert main(arguments(place, folder)) == 1
    assert "photo.jpg is no JPEG" in capsys.readouterr().err


@pytest.mark.parametrize("page", ["", BEGIN, f"{END} {BEGIN}"])
def test_page_without_markers_is_left_alone(page: str) -> None:
    with pytest.raises(RecordingError, match="recorded session"):
        insert(page, "new")
