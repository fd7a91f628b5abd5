"""The test vectors next to `docs/protocol.md` hold for the real server."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from iot_facerecognition_protocol import Version
from lab.server_process import ServerProcess
from tests.protocol.vectors import TO_SERVER, ToServer, agrees

from .conftest import dial

NAME = "whoever asks last"


@pytest.mark.parametrize("vector", TO_SERVER, ids=str)
def test_server_answers_as_told(server: ServerProcess, vector: ToServer) -> None:
    with dial(server.access, v2=vector.version is Version.V2) as peer:
        assert peer.receive()["command"] == 9
        for text in vector.before:
            peer.send(text)
            assert peer.receive() == json.loads(text)
        peer.send(vector.send)
        for expected in vector.answers:
            answer = peer.receive()
            assert agrees(answer, expected), (answer, expected)
        if vector.closes is None:
            peer.command(1, NAME)  # whose echo is the next: there was no answer more
            assert peer.receive() == {"command": 1, "context": NAME}
            return
        with pytest.raises(ConnectionClosed) as closed:
            peer.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == vector.closes
