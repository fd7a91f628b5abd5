"""Commands and pins that follow who is in front of the camera."""

import asyncio
import importlib
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_edge.assembly import Options, build
from iot_facerecognition_edge.errors import HookError
from iot_facerecognition_edge.events import FacesSeen
from iot_facerecognition_edge.log.eventlog import EntryKind
from iot_facerecognition_edge.presence.hooks import CommandHook, PinHook
from iot_facerecognition_edge.presence.presence import Presence, PresenceKind, PresenceTracker
from iot_facerecognition_edge.presence.watcher import Watcher, hooks_of
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol import Face

ADA = Presence(PresenceKind.KNOWN, ("Ada", "Grace Hopper"))


def command(script: str) -> str:
    return f'{shlex.quote(sys.executable)} -c "{script}"'


async def finished(hook: CommandHook) -> None:
    while (task := hook._task) is not None:
        await asyncio.wait({task})


async def test_a_command_finds_kind_and_names_in_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = (
        f"import os; open('{out}', 'w').write(os.environ['FACE_KIND'] + os.environ['FACE_NAMES'])"
    )
    warnings: list[str] = []
    hook = CommandHook({PresenceKind.KNOWN: command(script)}, warnings.append)
    hook.changed(ADA)
    await finished(hook)
    assert out.read_text() == "knownAda\nGrace Hopper"
    assert not warnings


async def test_a_name_from_the_server_is_never_an_argument_or_a_shells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hook = CommandHook({PresenceKind.KNOWN: f"touch {tmp_path}/ran ;"}, lambda _: None)
    hook.changed(Presence(PresenceKind.KNOWN, (f"$(touch {tmp_path}/forged)",)))
    await finished(hook)
    # Without a shell, the semicolon is but another file to touch.
    assert set(os.listdir(tmp_path)) == {"ran", ";"}  # noqa: PTH208 - a name is all that counts


async def test_of_those_that_wait_only_the_newest_runs(tmp_path: Path) -> None:
    fifo, out = tmp_path / "fifo", tmp_path / "out"
    os.mkfifo(fifo)
    first = f"open('{fifo}').read(); open('{out}', 'a').write('known ')"
    hook = CommandHook(
        {
            PresenceKind.KNOWN: command(first),
            PresenceKind.UNKNOWN: command(f"open('{out}', 'a').write('unknown ')"),
            PresenceKind.NOBODY: command(f"open('{out}', 'a').write('nobody ')"),
        },
        lambda _: None,
    )
    hook.changed(ADA)
    await asyncio.sleep(0)
    hook.changed(Presence(PresenceKind.UNKNOWN))
    hook.changed(Presence(PresenceKind.NOBODY))
    await asyncio.to_thread(fifo.write_text, "go")
    await finished(hook)
    assert out.read_text() == "known nobody "


async def test_a_command_that_hangs_is_ended_and_told_of() -> None:
    warnings: list[str] = []
    hook = CommandHook({PresenceKind.NOBODY: "sleep 1000"}, warnings.append, limit=0.2)
    hook.changed(Presence(PresenceKind.NOBODY))
    await finished(hook)
    assert warnings == ["hooks.on_nobody: ended sleep after 0.2 s"]


@pytest.mark.parametrize(
    ("line", "says"), [("/no/such/program", "cannot be run"), ("false", "status 1")]
)
async def test_a_command_that_fails_is_told_of(line: str, says: str) -> None:
    warnings: list[str] = []
    hook = CommandHook({PresenceKind.UNKNOWN: line}, warnings.append)
    hook.changed(Presence(PresenceKind.UNKNOWN))
    await finished(hook)
    assert len(warnings) == 1
    assert says in warnings[0]
    assert "hooks.on_unknown" in warnings[0]


async def test_closing_ends_what_runs(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    os.mkfifo(pid)
    script = f"import os, time; open('{pid}', 'w').write(str(os.getpid())); time.sleep(1000)"
    hook = CommandHook({PresenceKind.KNOWN: command(script)}, lambda _: None)
    hook.changed(ADA)
    running = int(await asyncio.to_thread(pid.read_text))
    await hook.close()
    with pytest.raises(ProcessLookupError):
        os.kill(running, 0)


def test_a_broken_command_line_names_its_setting() -> None:
    with pytest.raises(HookError, match=r"hooks\.on_known"):
        CommandHook({PresenceKind.KNOWN: "echo 'open"}, lambda _: None)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The pins of gpiozero's own mock."""
    gpiozero = pytest.importorskip("gpiozero", reason="needs gpiozero")
    factory = importlib.import_module("gpiozero.pins.mock").MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


async def test_a_pin_is_on_while_its_kind_lasts(pins: Any) -> None:
    hook = PinHook({PresenceKind.KNOWN: 17, PresenceKind.UNKNOWN: 27})
    known, unknown = pins.pin(17), pins.pin(27)
    assert (known.state, unknown.state) == (False, False)
    hook.changed(ADA)
    assert (known.state, unknown.state) == (True, False)
    hook.changed(Presence(PresenceKind.UNKNOWN))
    assert (known.state, unknown.state) == (False, True)
    hook.changed(Presence(PresenceKind.NOBODY))
    assert (known.state, unknown.state) == (False, False)
    await hook.close()
    PinHook({PresenceKind.KNOWN: 17})


def test_pins_that_are_taken_or_missing_are_named(pins: Any, monkeypatch: Any) -> None:
    with pytest.raises(HookError, match="group gpio"):
        PinHook({PresenceKind.KNOWN: 17, PresenceKind.UNKNOWN: 17})
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(HookError, match="python3-gpiozero"):
        PinHook({PresenceKind.KNOWN: 17})


class Recorder:
    def __init__(self) -> None:
        self.changes: list[Presence] = []

    def changed(self, presence: Presence) -> None:
        self.changes.append(presence)

    async def close(self) -> None:
        """Hold nothing."""


def test_hooks_learn_of_changes_only_and_of_leaving_by_the_tick() -> None:
    recorder = Recorder()
    watcher = Watcher([recorder], PresenceTracker(hold=2))
    for number in range(5):
        watcher.accept(FacesSeen((Face("Ada", 0, 0, 1, 1),), number, (640, 480), number / 10))
    watcher.tick(1.0)
    watcher.tick(3.0)
    watcher.tick(4.0)
    assert recorder.changes == [
        Presence(PresenceKind.KNOWN, ("Ada",)),
        Presence(PresenceKind.NOBODY),
    ]


@pytest.mark.parametrize("screen", ["none", "window"])
async def test_pins_that_cannot_be_used_leave_a_screen_to_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, screen: str
) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    options = Options(tmp_path, {"hooks.pin_known": 17, "display.screen": screen})
    if screen == "none":
        with pytest.raises(HookError, match="apt install python3-gpiozero"):
            build(options)
        return
    log = build(options).appliance.log
    assert "apt install python3-gpiozero" in next(iter(log.entries({EntryKind.ERROR}))).text


def test_hooks_come_from_the_settings(pins: Any) -> None:
    assert hooks_of(Settings(), print) == []
    hooks = hooks_of(Settings({"hooks.on_nobody": "true", "hooks.pin_known": 4}), print)
    assert [type(hook) for hook in hooks] == [CommandHook, PinHook]
