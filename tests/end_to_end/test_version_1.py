"""The original's clients must keep working: their bytes are answered as the original answers."""

from pathlib import Path

import pytest

from lab.server_process import ServerProcess

from .conftest import dial
from .test_recognition import jpeg_of

# What the Qt client 2.0.0 sends after INIT_REQUEST, each with the echo that it waits for.
SETTINGS = [
    '{"command":1,"context":"hallway"}',
    '{"command":6,"context":5}',
    '{"command":5,"context":true}',
    '{"command":8,"context":true}',
    '{"command":7,"context":false}',
]


def test_recorded_session_is_answered_as_the_original_answers(
    open_server: ServerProcess, photos: Path
) -> None:
    with dial(open_server.access, v2=False) as peer:
        assert peer.connection.subprotocol is None
        assert peer.connection.recv(timeout=10) == '{"command":9}'
        for setting in SETTINGS:
            peer.send(setting)
            assert peer.connection.recv(timeout=10) == setting
        peer.command(5, False)
        peer.receive()
        peer.send(jpeg_of(photos / "coffee.png"))  # no face: no answer
        peer.send("this is dropped in silence")
        peer.send(jpeg_of(photos / "obama2.jpg"))
        answer = peer.receive()
        assert answer.keys() == {"command", "context"}
        assert answer["command"] == 3
        (face,) = answer["context"]
        assert face.keys() == {"tag", "x", "y", "width", "height"}
        assert face["tag"] == "Barack Obama"
        assert all(isinstance(face[key], int) for key in ("x", "y", "width", "height"))


def test_bad_frames_are_dropped_in_silence(open_server: ServerProcess, photos: Path) -> None:
    with dial(open_server.access, v2=False) as peer:
        assert peer.receive() == {"command": 9}
        peer.command(5, False)
        peer.receive()
        for bad in (b"", b"no jpeg", jpeg_of(photos / "obama2.jpg")[:900]):
            peer.send(bad)
        peer.send(jpeg_of(photos / "astronaut.png", 512))
        assert peer.receive()["context"][0]["tag"] == "Eileen Collins"


@pytest.mark.parametrize(("text", "echo"), [("\x01:kitchen", "kitchen"), ("\x01:", "noname")])
def test_old_package_s_framing_is_understood(
    open_server: ServerProcess, text: str, echo: str
) -> None:
    with dial(open_server.access, v2=False) as peer:
        peer.receive()
        peer.send(text)
        assert peer.receive() == {"command": 1, "context": echo}


def test_open_mode_says_so_in_the_log(open_server: ServerProcess) -> None:
    assert "open" in open_server.output()
