"""The three commands in locales without UTF-8, without a home, and with nobody who reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from iot_facerecognition_edge.cli import main

COMMANDS = {
    program: ["-c", f"from iot_facerecognition_{program}.cli import main; raise SystemExit(main())"]
    for program in ("server", "client", "edge")
}
LOCALES = {
    "C without UTF-8 mode": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII streams": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii"},
    "neither": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"},
    "no home": {"LC_ALL": "C.UTF-8", "HOME": ""},
    "nothing": {},
}
NAME = "José 李"
TEXT = {
    "server": ["token", "add", NAME],
    "client": [NAME, "127.0.0.1", "1", "--headless", "--fingerprint", NAME],
    "edge": ["settings", "set", f"connection.name={NAME}"],
}
"""A command of each that has to take a name, and perhaps to print it."""


def environment(**changes: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | changes


def run(program: str, arguments: list[str], folder: Path, env: dict[str, str], **streams: object):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    command = [sys.executable, *COMMANDS[program], *arguments]
    if program == "edge" and arguments != ["--help"]:
        command += ["--state-dir", str(folder)]
    return subprocess.run(
        command, cwd=folder, env=env, check=False, stdin=subprocess.DEVNULL, timeout=120, **streams
    )


@pytest.mark.parametrize("program", COMMANDS)
@pytest.mark.parametrize("locale", LOCALES)
def test_help_and_names_are_printed_in_any_locale(tmp_path: Path, program, locale):
    env = environment(**LOCALES[locale])
    told = run(program, ["--help"], tmp_path, env)
    assert (told.returncode, told.stderr) == (0, b"")
    assert b"usage: " in told.stdout
    done = run(program, TEXT[program], tmp_path, env)
    assert b"Traceback" not in done.stderr
    assert done.returncode == (2 if program == "client" else 0), done.stderr
    if program == "server":
        (token,) = json.loads((tmp_path / "state" / "tokens.json").read_text("utf-8"))["tokens"]
        assert token["name"] == NAME
        listed = run(program, ["token", "list"], tmp_path, env)
        assert (listed.returncode, listed.stderr) == (0, b"")
    if program == "edge":
        stored = json.loads((tmp_path / "settings.json").read_text("utf-8"))
        assert stored["settings"] == {"connection.name": NAME}
        shown = run(program, ["settings", "show"], tmp_path, env)
        assert (shown.returncode, shown.stderr) == (0, b"")


PRINTING = {
    "server": ["check-config"],
    "client": ["--help"],
    "edge": ["settings", "show"],
}


@pytest.mark.parametrize("program", COMMANDS)
def test_whoever_reads_may_have_gone(tmp_path: Path, program):
    """As with `| head`, which ends after the first lines."""
    for arguments in (["--help"], PRINTING[program]):
        reader, writer = os.pipe()
        os.close(reader)
        done = run(program, arguments, tmp_path, environment(), stdout=writer)
        os.close(writer)
        assert done.returncode in {0, 1, 2}
        assert b"Traceback" not in done.stderr
        assert b"Broken" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
@pytest.mark.parametrize("program", COMMANDS)
def test_a_full_disk_is_reported_and_no_success(tmp_path: Path, program):
    with Path("/dev/full").open("wb") as full:
        done = run(program, PRINTING[program], tmp_path, environment(), stdout=full)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    if program != "client":  # argparse ends by itself after its help
        assert done.returncode == 1
        assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("program", COMMANDS)
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_nobodys_file(tmp_path: Path, program, closed):
    """The first file that is opened would get the number, and then what is printed."""
    command = [sys.executable, *COMMANDS[program], *TEXT[program]]
    if program == "edge":
        command += ["--state-dir", str(tmp_path)]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command],
        cwd=tmp_path,
        env=environment(LC_ALL="C.UTF-8"),
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == (2 if program == "client" else 0)
    assert b"Traceback" not in done.stderr
    if program == "server":
        assert json.loads((tmp_path / "state" / "tokens.json").read_text("utf-8"))["tokens"]


def test_a_user_without_a_home_is_told_where_settings_can_be(monkeypatch, capsys):
    monkeypatch.delenv("HOME", raising=False)
    for variable in ("XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # whom no /etc/passwd knows
    assert main(["settings", "show"]) == 2
    assert "--state-dir" in capsys.readouterr().err
