"""`faces add` where a server has the state directory: it looks at the photos, with its networks."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

from iot_facerecognition_server.cli import running_server
from iot_facerecognition_server.state_lock import exclusive

ADD = """
import sys
from iot_facerecognition_server.cli import main
code = main(["faces", "add", *sys.argv[1:]])
print({"torch", "numpy", "PIL"} & set(sys.modules))
sys.exit(code)
"""


def add(home, *arguments):
    return subprocess.run(
        [sys.executable, "-c", ADD, *map(str, arguments)],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def until(process, words):
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"it never said {words!r}")


def test_the_servers_networks_decide_and_no_others_are_loaded(start, home, photos, monkeypatch):
    """A face of 50 pixels, which this server finds; the command's own settings would not."""
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    portrait.resize((230, 230), Image.Resampling.LANCZOS).save(home / "small.png")
    (home / "config.ini").write_text(
        "[Connection]\nBind=127.0.0.1\nPort=0\n[Engine]\nDetector=hog\n"
    )
    monkeypatch.setenv("IOT_FACERECOGNITION_ENGINE_MINFACESIZE", "40")
    server = start("run")
    until(server, "listening on")
    monkeypatch.delenv("IOT_FACERECOGNITION_ENGINE_MINFACESIZE")
    added = add(home, "eileen", "small.png", photos / "coffee.png", "gone.jpg")
    assert added.returncode == 1
    lines = added.stdout.splitlines()
    assert lines[0] == f"{home}/small.png of eileen is used"
    assert lines[-1] == "set()", "what the server has is loaded again"
    assert "coffee.png of eileen shows no face" in added.stderr
    assert f"{home}/gone.jpg of eileen does not exist\n" in added.stderr
    assert "2 of 3 photos not added" in added.stderr
    assert json.loads((home / "faces.json").read_text()) == [
        {"tag": "eileen", "photos": "small.png"}
    ]
    until(server, "1 people, 1 reference photos")


@contextmanager
def listener(state) -> Iterator[socket.socket]:
    """Yield what listens where a server would."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(state / "control.sock"))
        made.listen()
        yield made


@pytest.fixture
def state(home):
    """The state directory of a server that runs, as far as its lock tells."""
    with exclusive(home / "state"):
        yield home / "state"


def test_a_server_of_an_older_version_is_told_from_none(state, run, home):
    """It ends the connection without an answer."""

    def answer_nothing(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)

    with listener(state) as listening:
        server = threading.Thread(target=answer_nothing, args=(listening,))
        server.start()
        result = run("faces", "add", "joe", "joe.jpg")
        server.join()
    assert result.code == 1
    assert "no photo was added" in result.err
    assert "older version" in result.err
    assert not (home / "faces.json").exists()


def test_what_the_server_cannot_do_is_reported(state, run):
    def refuse(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b'{"error": "8 commands have photos looked at already"}\n')

    with listener(state) as listening:
        server = threading.Thread(target=refuse, args=(listening,))
        server.start()
        result = run("faces", "add", "joe", "joe.jpg")
        server.join()
    assert result.code == 1
    assert "8 commands have photos looked at already" in result.err


def test_a_photo_that_only_the_command_sees_is_reported(state, run, home):
    def miss(listening):
        connection, _ = listening.accept()
        with connection:
            asked = json.loads(connection.recv(65_536))
            message = f"{asked['photo']} of {asked['tag']} does not exist"
            answer = {"status": "missing", "message": message}
            connection.sendall(json.dumps(answer).encode() + b"\n")
            connection.recv(1)

    (home / "joe.jpg").touch()
    with listener(state) as listening:
        server = threading.Thread(target=miss, args=(listening,))
        server.start()
        result = run("faces", "add", "joe", "joe.jpg")
        server.join()
    assert (
        f"{home}/joe.jpg of joe does not exist for the server, which runs in another" in result.err
    )


def test_a_server_that_does_not_answer_is_named_and_no_network_loaded(state, run, monkeypatch):
    monkeypatch.setattr(running_server, "PATIENCE", 0.0)
    result = run("faces", "add", "joe", "joe.jpg")
    assert result.code == 1
    assert f"a server has {state} (process " in result.err
    assert "wait until it has started" in result.err


def test_a_server_that_starts_is_waited_for(state, run, monkeypatch):
    answered = threading.Event()

    def answer(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            answered.set()

    with socket.socket(socket.AF_UNIX) as made:

        def start_now(_seconds):
            made.bind(str(state / "control.sock"))
            made.listen()
            threading.Thread(target=answer, args=(made,)).start()

        monkeypatch.setattr(running_server.time, "sleep", start_now)
        result = run("faces", "add", "joe", "joe.jpg")
    assert answered.is_set()
    assert "waiting for the server to start (process " in result.err


def test_ctrl_c_leaves_the_rest_undone_and_nothing_added(state, start, home):
    with listener(state) as listening:
        command = start("faces", "add", "joe", "1.jpg", "2.jpg")
        listening.settimeout(60)
        connection, _ = listening.accept()
        with connection:
            assert b"1.jpg" in connection.recv(65_536)
            command.send_signal(signal.SIGINT)
            assert connection.recv(65_536) == b""  # the server sees that nobody waits any more
    output, _ = command.communicate(timeout=60)
    assert command.returncode == 130
    assert output == "iot-facerecognition-server: interrupted\n"
    assert not (home / "faces.json").exists()
