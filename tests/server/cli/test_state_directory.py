"""The state directory of a server that runs: shared with nobody, long, read-only or full."""

import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from iot_facerecognition_server.serving.control_client import SOCKET_NAME, ControlError, ask

SETTINGS = "[Connection]\nBind=127.0.0.1\nPort=0\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")


def until(process: subprocess.Popen[str], told: str) -> str:
    """Return what the process printed up to a line with `told`."""
    said = []
    for line in process.stdout:
        said.append(line)
        if told in line:
            return "".join(said)
    pytest.fail(f"it never said {told!r}:\n" + "".join(said))


def end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    return rest


def clients(state: Path) -> object:
    """Ask who is connected; the socket is there a moment after the server listens."""
    for _ in range(600):
        with suppress(ControlError):
            return ask(state / SOCKET_NAME, {"do": "clients"})["clients"]
        time.sleep(0.05)
    return ask(state / SOCKET_NAME, {"do": "clients"})["clients"]


def test_a_second_server_is_told_who_has_the_directory_and_touches_nothing(start, home):
    umask = os.umask(0)
    try:
        (home / "config.ini").write_text(SETTINGS + f"[Server]\nStateDirectory={'s' * 120}\n")
        first = start("run")
        until(first, "listening on")
        state = home / ("s" * 120)
        assert clients(state) == []  # also by a path longer than a socket's address
        second = start("run")
        said, _ = second.communicate(timeout=60)
    finally:
        os.umask(umask)
    assert second.returncode == 2
    assert f"is in use by another server (process {first.pid} on " in said
    assert "Traceback" not in said
    assert clients(state) == []
    for path in (state, *state.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert path.is_symlink() or mode & 0o077 == 0, (path, oct(mode))
    first.kill()
    first.wait()
    third = start("run")  # neither lock nor socket of one that was killed is in its way
    until(third, "listening on")
    assert clients(state) == []
    end(third)
    assert not (state / SOCKET_NAME).exists()


def test_what_crashes_left_is_swept_at_start(start, home):
    state = home / "state"
    (state / "models").mkdir(parents=True)
    left = [state / ".tokens.json.0123456789abcdef.part", state / "models" / ".a.svm.ab12cd34.part"]
    left += [home / ".faces.json.0123456789abcdef.part", state / "models" / "net-1.torchscript"]
    for path in left:
        path.touch()
    (state / "identity-dead").mkdir()
    (state / "identity-dead" / "server.pem").touch()
    (home / "config.ini").write_text(SETTINGS + "[Auth]\nMode=mtls\nClientCA=none.pem\n")
    start("run").communicate(timeout=60)
    assert not [path for path in (*left, state / "identity-dead") if path.exists()]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[{"tag": "Ada",\n "photos": "a.jpg"},\n oops]', "line 3, column 2"),
        (b"", "line 1, column 1"),
        (b"[" + b" " * 17_000_000 + b"]", "more than 16 MB"),
        (None, "no regular file"),
    ],
)
def test_a_damaged_reference_file_is_exit_code_2(start, home, content, told):
    """A server that starts and knows nobody would do harm in silence."""
    (home / "config.ini").write_text(SETTINGS)
    if content is None:
        os.mkfifo(home / "faces.json")
    else:
        (home / "faces.json").write_bytes(content)
    process = start("run")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert told in said
    assert "Traceback" not in said


def in_namespace(home: Path, *steps: str) -> subprocess.Popen[str]:
    """Start a server as `start` does, where `steps` have changed what is mounted."""
    command = f"exec {shlex.quote(sys.executable)} -m iot_facerecognition_server run"
    return subprocess.Popen(
        ["unshare", "-m", "sh", "-e", "-c", "\n".join([*steps, f"cd {home}", command])],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@as_root
def test_a_read_only_state_directory_is_reported_once_and_the_server_serves(start, home):
    (home / "config.ini").write_text(SETTINGS + "[Log]\nEnable=false\n")
    for command in (["token", "add", "kitchen"], ["cert", "new"]):
        process = start(*command)
        process.communicate(timeout=60)
        assert process.returncode == 0
    state = home / "state"
    read_only = (f"mount --bind {state} {state}", f"mount -o remount,bind,ro {state}")
    process = in_namespace(home, *read_only)
    said = until(process, "the background task control failed")
    said += end(process)
    assert "listening on" in said
    assert "Traceback" not in said
    assert len(re.findall("StateDirectory: .* cannot be written", said)) == 1
    assert len(re.findall("background task control failed", said)) == 1


@as_root
@pytest.mark.parametrize("kilobytes", [200, 4])
def test_a_full_disk_at_start_costs_the_cache_or_is_one_clear_message(home, kilobytes):
    """With room for key and tokens the server serves; with less it says what it lacks."""
    (home / "config.ini").write_text(
        SETTINGS + "[Log]\nEnable=false\n[Engine]\nDetector=hog\n"  # whose unpacked form is kept
    )
    state = home / "state"
    state.mkdir()
    small = f"mount -t tmpfs -o size={kilobytes}k,mode=700 tmpfs {state}"
    process = in_namespace(home, small, f"head -c 150K /dev/zero > {state}/fill || true")
    if kilobytes == 200:
        said = until(process, "listening on")
        said += end(process)
        assert "the face detector is unpacked at every start: [Errno 28]" in said
    else:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "cannot be written: No space left on device" in said
    assert "Traceback" not in said
    assert "terminate called" not in said
