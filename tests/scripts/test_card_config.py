"""One command makes a card's file from a real server: name, token, address, port, fingerprint."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from iot_facerecognition_edge.first_boot.template import template

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / "image/make-card-config"
SERVER = Path(sys.executable).with_name("iot-facerecognition-server")


class Server:
    """The server's command line with a state directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        } | {
            "IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(folder / "state"),
            "IOT_FACERECOGNITION_CONNECTION_PORT": "50123",
            "PATH": f"{folder}:{os.environ['PATH']}",
        }
        # What `--ssh` and `--compose` run, with what they would run elsewhere.
        self.program(folder / "ssh", 'echo "$@" >>"$0.log"; shift 2; exec sh -c "$1"\n')
        self.program(folder / "docker", 'echo "$@" >>"$0.log"; shift 4; exec "$@"\n')
        self.program(
            folder / "iot-facerecognition-server", f'exec {shlex.quote(str(SERVER))} "$@"\n'
        )
        self.folder = folder

    def program(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def run(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def tokens(self) -> list[str]:
        said = self.run(str(SERVER), "token", "list").stdout
        return [line.split()[-1] for line in said.splitlines()[1:]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    server = Server(tmp_path_factory.mktemp("server"))
    done = server.run(str(SERVER), "cert", "new")
    assert done.returncode == 0, done.stderr
    return server


def test_one_command_makes_the_whole_file(server, tmp_path):
    path = tmp_path / "iot-facerecognition.toml"
    key = tmp_path / "me.pub"
    key.write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8n1o2yQUnpJvYBWnQwYyJbS0pbIVs7gGVj0pS9vUQe me\n"
    )
    words = ["hall", "--to", str(tmp_path), "--address", "server.local", "--ssid", 'a "b" \\c']
    words += ["--country", "DE", "--ssh-key", str(key), "--hostname", "hall-camera"]
    done = server.run(str(COMMAND), *words, given="p'a\"ss $(w)ord\n")
    assert done.returncode == 0, done.stderr
    found = tomllib.loads(path.read_text())
    assert found["wlan"] == {"ssid": 'a "b" \\c', "password": "p'a\"ss $(w)ord", "country": "DE"}
    edge = found["iot-facerecognition"]
    assert (edge["name"], edge["server"], edge["port"]) == ("hall", "server.local", 50123)
    shown = server.run(str(SERVER), "cert", "show").stdout
    assert edge["fingerprint"] in shown
    assert re.fullmatch(r"\S{20,}", edge["token"])
    assert found["ssh"]["authorized_keys"] == [key.read_text().strip()]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "# The device reads this file" in path.read_text()
    assert "hall" in server.tokens()
    assert edge["token"] not in done.stdout


@pytest.mark.parametrize(
    ("words", "program", "ran"),
    [
        (["--ssh", "me@server.local"], "ssh", "-- me@server.local iot-facerecognition-server"),
        (["--compose"], "docker", "compose exec -T server iot-facerecognition-server cert show"),
        (["--via", "docker exec -i -u 0"], "docker", "exec -i -u 0 iot-facerecognition-server"),
    ],
)
def test_the_server_may_be_elsewhere(server, tmp_path, words, program, ran):
    name = f"it's {len(server.tokens())} $HOME"
    done = server.run(str(COMMAND), name, *words, "--to", str(tmp_path / "a.toml"))
    assert done.returncode == 0, done.stderr
    edge = tomllib.loads((tmp_path / "a.toml").read_text())["iot-facerecognition"]
    assert edge["name"] == name
    assert ran in (server.folder / f"{program}.log").read_text()
    if program == "ssh":
        assert edge["server"] == "server.local"


def test_a_mistake_is_told_before_a_token_is_made(server, tmp_path):
    before = server.tokens()
    words = ["lobby", "--to", str(tmp_path / "a.toml"), "--ssid", "a"]
    done = server.run(str(COMMAND), *words, given="short\n")
    assert done.returncode == 2
    assert "8 to 63 bytes" in done.stderr
    assert not (tmp_path / "a.toml").exists()
    assert server.tokens() == before


def test_a_file_with_somebody_s_settings_is_not_replaced_unasked(server, tmp_path):
    path = tmp_path / "iot-facerecognition.toml"
    path.write_text('[system]\nhostname = "mine"\n')
    done = server.run(str(COMMAND), "porch", "--to", str(tmp_path))
    assert done.returncode == 2
    assert "--force" in done.stderr
    path.write_text(template())
    assert server.run(str(COMMAND), "porch", "--to", str(tmp_path)).returncode == 0
    assert "porch" in path.read_text()


def test_a_machine_without_a_server_says_what_to_give(tmp_path):
    done = subprocess.run(
        [str(COMMAND), "x", "--via", str(tmp_path / "nothing"), "--address", "a"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "cannot be run" in done.stderr
