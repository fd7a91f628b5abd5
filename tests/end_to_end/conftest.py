"""A real server over real TLS with real weights and photos, and a bare WebSocket to talk to it."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from lab.cast import people
from lab.server_process import Access, ServerProcess

V2 = "iot-facerecognition.v2"


class Peer:
    """A client made of nothing but a WebSocket, to send what no library would."""

    def __init__(self, opening: Any) -> None:
        """Take what websockets' `connect` returns; entering this opens it."""
        self._opening = opening
        self.connection: ClientConnection

    def __enter__(self) -> Self:
        self.connection = self._opening.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._opening.__exit__(*problem)

    def send(self, message: str | bytes) -> None:
        self.connection.send(message)

    def command(self, number: int, context: object) -> None:
        self.send(json.dumps({"command": number, "context": context}))

    def receive(self, seconds: float = 30.0) -> dict[str, Any]:
        document = json.loads(self.connection.recv(timeout=seconds))
        assert isinstance(document, dict)
        return document

    def until(self, command: int, seconds: float = 30.0) -> dict[str, Any]:
        """Return the next message with this command, skipping others."""
        while (message := self.receive(seconds))["command"] != command:
            pass
        return message

    def frame(self, jpeg: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Send a frame over version 2; return what came of it: results and errors, and its end."""
        self.send(jpeg)
        before = []
        while (message := self.receive())["command"] != 10:
            before.append(message)
        return before, message["context"]


def faces_in(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the faces of the only face result among `messages`."""
    (result,) = (message for message in messages if message["command"] == 3)
    faces = result["context"]
    assert isinstance(faces, list)
    return faces


def dial(access: Access, *, v2: bool = True, **options: Any) -> Peer:
    """Return a connection, to be entered, to a server that the test itself has just started."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    headers = {"Authorization": f"Bearer {access.token}"} if access.token else {}
    options.setdefault("additional_headers", headers)
    opening = connect(
        f"wss://127.0.0.1:{access.port}",
        ssl=context,
        subprotocols=[Subprotocol(V2)] if v2 else None,
        compression=None,
        max_size=None,
        **options,
    )
    return Peer(opening)


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with tokens that knows the demo's people; ended with exit code 0.

    Its tests share a token and flood, so what budgets do is held by `test_budgets.py`.
    """
    settings = {
        "Limits": {"ConnectionsPerAddress": "400"},
        "Budget": {"Connections": "400", "Messages": "0"},
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), people(photos), settings) as running:
        yield running
        assert running.stop() == 0, running.output()


@pytest.fixture(scope="module")
def open_server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that anybody may use, as the original's."""
    settings = {"Auth": {"Mode": "open"}}
    folder = tmp_path_factory.mktemp("open-server")
    with ServerProcess(folder, people(photos), settings) as running:
        yield running
        assert running.stop() == 0, running.output()


@pytest.fixture
def peer(server: ServerProcess) -> Iterator[Peer]:
    """A version 2 connection that has been asked for its settings."""
    with dial(server.access) as connected:
        assert connected.receive()["command"] == 9
        yield connected
