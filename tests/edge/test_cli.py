"""The command line, and the whole program without a screen against a real TLS server."""

import asyncio
import io
import json
import os
import shlex
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client.jpeg import read_jpeg_header
from iot_facerecognition_edge.cli import EXIT_LEFT, default_state_directory, main
from iot_facerecognition_protocol import Face, Text

SECONDS = 20.0


def run(tmp_path: Path, *arguments: str) -> int:
    return main(["--state-dir", str(tmp_path), *arguments])


def stored(tmp_path: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((tmp_path / "settings.json").read_text())["settings"]
    return settings


def test_help_names_every_option_and_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    for word in ("--headless", "--camera", "--screen", "--set", "--state-dir", "settings", "Exit"):
        assert word in text


def test_settings_are_kept_shown_and_reset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "settings", "set", "camera.fps=10", "connection.token=hunter2") == 0
    assert stored(tmp_path) == {"camera.fps": 10, "connection.token": "hunter2"}
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600
    assert run(tmp_path, "settings", "show") == 0
    shown = capsys.readouterr().out
    assert "camera.fps = 10 fps  (default 15 fps)" in shown
    assert "connection.token = set" in shown
    assert "hunter2" not in shown
    assert run(tmp_path, "settings", "reset", "camera.fps") == 0
    assert stored(tmp_path) == {"connection.token": "hunter2"}
    assert run(tmp_path, "settings", "reset") == 0
    assert stored(tmp_path) == {}


def test_an_address_may_name_the_port(tmp_path: Path) -> None:
    assert run(tmp_path, "settings", "set", "connection.address=server.local:4433") == 0
    assert stored(tmp_path) == {"connection.address": "server.local", "connection.port": 4433}


def test_secrets_are_read_from_the_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = b"# of the fleet\nconnection.token = hunter2\n\ncamera.fps=10\n"

    def set_settings(content: bytes, *words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = run(tmp_path, "settings", "set", "--from", "-", *words)
        return code, capsys.readouterr().out

    code, told = set_settings(given, "--dry-run", "display.screen=none")
    assert code == 0
    assert told.splitlines() == [
        "display.screen: auto -> none",
        "connection.token: not set -> set",
        "camera.fps: 15 fps -> 10 fps",
    ]
    assert not (tmp_path / "settings.json").exists()
    assert set_settings(given)[1].count("\n") == 2
    assert stored(tmp_path) == {"camera.fps": 10, "connection.token": "hunter2"}
    # What is so already is no change, and leaves the file alone.
    before = (tmp_path / "settings.json").stat().st_ino
    assert set_settings(given) == (0, "")
    assert (tmp_path / "settings.json").stat().st_ino == before
    assert set_settings(b"connection.token=hunter3") == (0, "connection.token: replaced\n")


def test_a_wrong_line_of_the_input_is_named_without_its_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = tmp_path / "changes"
    changes.write_text("camera.fps=10\nconnection.token hunter2\n")
    assert run(tmp_path, "settings", "set", "--from", str(changes)) == 2
    told = capsys.readouterr().err
    assert f"line 2 of {changes}" in told
    assert "hunter2" not in told
    assert not (tmp_path / "settings.json").exists()
    assert run(tmp_path, "settings", "set", "--from", str(tmp_path / "gone")) == 2
    assert "correct its path" in capsys.readouterr().err
    assert run(tmp_path, "settings", "set") == 2
    assert "nothing to set" in capsys.readouterr().err


def test_the_same_pin_is_no_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "settings", "set", "device.pin=4711") == 0
    kept = stored(tmp_path)
    assert capsys.readouterr().out == "device.pin: not set -> set\n"
    assert run(tmp_path, "settings", "set", "device.pin=4711") == 0
    assert (stored(tmp_path), capsys.readouterr().out) == (kept, "")
    assert run(tmp_path, "settings", "set", "device.pin=4712") == 0
    assert stored(tmp_path) != kept


def test_one_setting_is_shown_with_what_it_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "settings", "show", "camera.shutter_speed") == 0
    shown = capsys.readouterr().out
    assert "from 0 to 1000000 µs" in shown
    assert "Exposure time" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("settings", "set", "camera.fps"), "KEY=VALUE"),
        (("settings", "set", "camera.fps=fast"), "from 1 to 60"),
        (("settings", "set", "camera.lens=1"), "settings show"),
        (("settings", "show", "lens"), "neither a setting"),
        (("--headless", "--camera", "webcam"), "camera.source"),
        (("--headless", "--set", "hooks.on_known='"), "hooks.on_known"),
        (("--screen", "paper"), "display.screen"),
    ],
)
def test_what_is_wrong_is_named_with_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert run(tmp_path, *arguments) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "settings.json").exists()


def test_a_wrong_change_among_good_ones_changes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "settings", "set", "camera.fps=10", "camera.width=1") == 2
    assert not (tmp_path / "settings.json").exists()


def test_state_is_where_systemd_says_or_with_the_user(tmp_path: Path) -> None:
    assert default_state_directory({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}) == Path(
        "/var/lib/a"
    )
    state = {"XDG_STATE_HOME": str(tmp_path)}
    assert default_state_directory(state) == tmp_path / "iot-facerecognition-edge"


def test_root_means_the_service_where_it_is_installed(tmp_path: Path) -> None:
    user = {"XDG_STATE_HOME": str(tmp_path)}
    assert default_state_directory(user, tmp_path) == tmp_path
    assert default_state_directory(user, tmp_path / "none") == tmp_path / "iot-facerecognition-edge"
    assert default_state_directory({"STATE_DIRECTORY": "/var/lib/a"}, tmp_path) == Path(
        "/var/lib/a"
    )


def test_the_machines_defaults_are_shown_and_reset_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "defaults.conf").write_text("camera.fps = 10\nnonsense\n")
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(tmp_path))
    assert run(tmp_path, "settings", "set", "camera.fps=20") == 0
    assert run(tmp_path, "settings", "show") == 0
    told = capsys.readouterr()
    assert "camera.fps = 20 fps  (default 10 fps)" in told.out
    assert "left out line 2" in told.err
    assert run(tmp_path, "settings", "reset", "camera.fps") == 0
    assert stored(tmp_path) == {}


class Notifications:
    """A socket as systemd's, which gathers what it is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def _read(self) -> None:
        self.lines += self._socket.recv(65536).decode().splitlines()
        self._news.set()

    async def until(self, line: str) -> None:
        while line not in self.lines:
            self._news.clear()
            await self._news.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


@asynccontextmanager
async def program(
    tmp_path: Path, *arguments: str, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "iot_facerecognition_edge.cli", "--state-dir", str(tmp_path / "state")),
        *arguments,
        env=os.environ | environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def access(recogniser: Any, **settings: Any) -> list[str]:
    wanted = recogniser.access | {key.replace("__", "."): v for key, v in settings.items()}
    return [part for key, value in wanted.items() for part in ("--set", f"{key}={value}")]


HOOK = """
import os, socket
text = f"HOOK={os.environ['FACE_KIND']} {os.environ['FACE_NAMES']}"
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""


@pytest.fixture
def one_photo(photos: Path, tmp_path: Path) -> tuple[str, dict[str, int]]:
    """A folder with a photo, and the settings with which it is sent as it is."""
    folder = tmp_path / "photos"
    folder.mkdir()
    jpeg = (photos / "obama.jpg").read_bytes()
    (folder / "obama.jpg").write_bytes(jpeg)
    header = read_jpeg_header(jpeg)
    return str(folder), {"camera__width": header.width, "camera__height": header.height}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("kind", ["folder", "moving"])
async def test_headless_streams_photos_tells_systemd_and_runs_hooks(
    recogniser: Any,
    one_photo: tuple[str, dict[str, int]],
    tmp_path: Path,
    kind: str,
    number: signal.Signals,
) -> None:
    if kind == "moving":
        pytest.importorskip("PIL", reason="moving photos are read by Pillow")
        pytest.importorskip("turbojpeg", reason="moving photos are encoded by PyTurboJPEG")
    pytest.importorskip("sdnotify")
    recogniser.faces = (Face("Ada", 1, 2, 3, 4),)
    notifications = Notifications(tmp_path / "notify")
    folder, size = one_photo
    (tmp_path / "hook.py").write_text(HOOK)
    async with recogniser:
        options = access(
            recogniser,
            **size,
            connection__name="kitchen",
            hooks__on_known=f"{shlex.quote(sys.executable)} {tmp_path}/hook.py",
            log__to_file="on",
        )
        arguments = ["--headless", "--camera", f"{kind}:{folder}", *options]
        async with program(tmp_path, *arguments, NOTIFY_SOCKET=str(notifications.path)) as process:
            await notifications.until("READY=1")
            await notifications.until("WATCHDOG=1")
            await notifications.until("HOOK=known Ada")
            await recogniser.until(lambda: len(recogniser.frames) >= 5)
            process.send_signal(number)
            await notifications.until("STOPPING=1")
            _, output = await process.communicate()
            assert process.returncode == 0, output.decode()
    notifications.close()
    assert all(frame.startswith(b"\xff\xd8") for frame in recogniser.frames)
    assert any(line.startswith("STATUS=") for line in notifications.lines)
    assert any("kitchen" in str(setting.value) for setting in recogniser.settings)
    assert "face: Ada" in (tmp_path / "state" / "log.txt").read_text()
    assert b"Traceback" not in output
    # Values that hold for one run only are not kept.
    assert not (tmp_path / "state" / "settings.json").exists()


async def test_a_signal_writes_the_statistics(
    recogniser: Any, one_photo: tuple[str, dict[str, int]], tmp_path: Path
) -> None:
    recogniser.faces = (Face("Ada", 1, 2, 3, 4),)
    folder, size = one_photo
    async with recogniser:
        options = ["--headless", "--camera", f"folder:{folder}", *access(recogniser, **size)]
        async with program(tmp_path, *options) as process:
            assert process.stderr is not None
            while b"face: Ada" not in await process.stderr.readline():
                assert process.returncode is None
            process.send_signal(signal.SIGUSR1)
            while b"statistics written to" not in await process.stderr.readline():
                assert process.returncode is None
            process.terminate()
            assert await process.wait() == 0
    written = list((tmp_path / "state" / "statistics").glob("*/faces.csv"))
    assert len(written) == 1
    assert "Ada," in written[0].read_text()


@pytest.fixture
def endless_folder(tmp_path: Path) -> Path:
    """A folder whose one picture never comes, so that its camera cannot be stopped either."""
    folder = tmp_path / "endless"
    folder.mkdir()
    os.mkfifo(folder / "never.jpg")
    return folder


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once_and_without_a_traceback(
    tmp_path: Path, endless_folder: Path, second: signal.Signals
) -> None:
    pytest.importorskip("sdnotify")
    notifications = Notifications(tmp_path / "notify")
    arguments = ["--headless", "--camera", f"folder:{endless_folder}"]
    async with program(tmp_path, *arguments, NOTIFY_SOCKET=str(notifications.path)) as process:
        await notifications.until("READY=1")
        process.terminate()
        await notifications.until("STOPPING=1")
        process.send_signal(second)
        _, output = await process.communicate()
        assert process.returncode == -second
    notifications.close()
    assert b"Traceback" not in output


SHUT_DOWN = """
import asyncio, sys
from pathlib import Path
from iot_facerecognition_edge import assembly, cli

async def person(appliance):
    appliance.leave(power_off=True)

async def ends(options, work=None, run=assembly.run):
    return await run(options, person)

assembly.run = ends
if len(sys.argv) > 2:
    assembly.subprocess.run = lambda *_, **__: assembly.subprocess.CompletedProcess(
        (), 1, stderr=b"Interactive authentication required."
    )
sys.exit(cli.main(["--state-dir", sys.argv[1], "--headless", *sys.argv[2:]]))
"""


async def shut_down(tmp_path: Path, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SHUT_DOWN, tmp_path, *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, output = await process.communicate()
    return process.returncode, output.decode()


async def test_a_person_who_shuts_it_down_leaves_a_status_that_is_not_started_again(
    tmp_path: Path,
) -> None:
    status, output = await shut_down(tmp_path)
    assert status == EXIT_LEFT, output


async def test_where_the_machine_cannot_be_switched_off_it_is_reported_and_started_again(
    tmp_path: Path,
) -> None:
    status, output = await shut_down(tmp_path, "--set", "device.power_off=on")
    assert status == 1
    assert "Interactive authentication required" in output
    assert "polkit" in output
    assert "Traceback" not in output


async def test_what_the_server_changes_is_kept_for_the_next_start(
    recogniser: Any, one_photo: tuple[str, dict[str, int]], tmp_path: Path
) -> None:
    recogniser.most_labels = 2
    folder, size = one_photo
    async with recogniser:
        options = ["--headless", "--camera", f"folder:{folder}", *access(recogniser, **size)]
        async with program(tmp_path, *options) as process:
            await recogniser.until(lambda: len(recogniser.settings) == 5)
            # What is sent last is read last: behind it every echo has been taken.
            await recogniser.say(Text("that was all"))
            assert process.stderr is not None
            while b"that was all" not in await process.stderr.readline():
                assert process.returncode is None
            process.terminate()
            assert await process.wait() == 0
    assert stored(tmp_path / "state") == {"recognition.label_count": 2}


async def test_a_camera_that_is_missing_is_told_of_and_waited_for(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser:
        options = ["--headless", "--camera", "v4l2:/dev/no-such-camera", *access(recogniser)]
        async with program(tmp_path, *options) as process:
            assert process.stderr is not None
            while b"plugged in" not in await process.stderr.readline():
                assert process.returncode is None
            await recogniser.until(lambda: len(recogniser.settings) == 5)
            process.terminate()
            assert await process.wait() == 0
