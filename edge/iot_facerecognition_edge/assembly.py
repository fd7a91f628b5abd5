"""Builds the appliance and runs it: the whole graph, from top to bottom."""

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from iot_facerecognition_client.signals import end_at_once, end_in_order
from iot_facerecognition_edge import headless
from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.boot.milestones import (
    Milestone,
    Milestones,
    milestones_file,
    runtime_directory,
)
from iot_facerecognition_edge.cameras.selection import open_camera
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.daemon import Daemon, open_notifier
from iot_facerecognition_edge.errors import EdgeError, HookError
from iot_facerecognition_edge.first_boot.report import read_report
from iot_facerecognition_edge.log.eventlog import Entry, EntryKind, EventLog
from iot_facerecognition_edge.log.keeper import LogKeeper
from iot_facerecognition_edge.machine.health import HealthReader
from iot_facerecognition_edge.machine.updates import Updates
from iot_facerecognition_edge.presence.hooks import Hook
from iot_facerecognition_edge.presence.presence import PresenceTracker
from iot_facerecognition_edge.presence.watcher import Watcher, hooks_of
from iot_facerecognition_edge.settings import Settings, SettingsFile, Value, read_defaults
from iot_facerecognition_edge.settings.file import Loaded
from iot_facerecognition_edge.settings.keeper import SettingsKeeper
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_edge.statistics.recorder import SAMPLE_INTERVAL
from iot_facerecognition_edge.update.names import STATE
from iot_facerecognition_edge.version import version
from iot_facerecognition_protocol import clean_text

HEALTH_INTERVAL = 10.0
BEAT_INTERVAL = 5.0
"""Seconds between signs of life; the unit's WatchdogSec is many times that."""
_WORDS_SHOWN = 300
_LEVELS = {
    EntryKind.INFORMATION: logging.INFO,
    EntryKind.WARNING: logging.WARNING,
    EntryKind.ERROR: logging.ERROR,
}

Work = Callable[[Appliance], Coroutine[None, None, None]]

_log = logging.getLogger("iot_facerecognition_edge")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides. `overrides` hold for this run only.

    `defaults_file` has this machine's defaults, if any.
    """

    state_directory: Path
    overrides: Mapping[str, Value] = field(default_factory=dict)
    root: Path = Path("/")
    """Where /proc and /sys are; another place in tests."""
    defaults_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The appliance and what runs next to it."""

    appliance: Appliance
    watcher: Watcher
    settings_keeper: SettingsKeeper
    log_keeper: LogKeeper
    daemon: Daemon
    milestones: Milestones


def settings_file(state_directory: Path) -> SettingsFile:
    """Return the file with the settings."""
    return SettingsFile(state_directory / "settings.json")


def build(options: Options) -> Graph:
    """Build everything; nothing runs yet. Needs a running loop. Raises EdgeError."""
    file = settings_file(options.state_directory)
    loaded = file.load()
    defaults = Loaded({})
    if options.defaults_file is not None:
        defaults = read_defaults(options.defaults_file)
    settings = Settings(loaded.values, defaults=defaults.values)
    for key, value in options.overrides.items():
        settings.override(key, value)
    log = EventLog(_wall)
    log.subscribe(_to_journal)
    log_keeper = LogKeeper(settings, log, options.state_directory / "log.txt")
    for problem in defaults.problems + loaded.problems:
        log.warning(problem)
    try:
        for problem in file.sweep():
            log.warning(problem)
    except EdgeError as error:
        log.warning(str(error))
    card = read_report(options.root)
    for problem in card.problems:
        log.add(EntryKind.ERROR, problem)
    appliance = Appliance(
        settings=settings,
        log=log,
        statistics=Statistics(window=float(settings.statistics.window)),
        timekeeper=Timekeeper(options.root),
        health=HealthReader(options.root),
        open_camera=lambda: open_camera(settings, options.state_directory / "photos"),
        clock=time.monotonic,
        wall=_wall,
        state_directory=options.state_directory,
        version=version(),
        power_off=_power_off,
        card=card,
        updates=Updates(runtime_directory(os.environ), options.root / STATE, log.warning),
    )
    watcher = Watcher(_hooks(settings, log), PresenceTracker())
    appliance.subscribe(watcher.accept)
    milestones = Milestones(milestones_file(os.environ), time.monotonic, log.warning)
    appliance.subscribe(milestones.accept)
    return Graph(
        appliance=appliance,
        watcher=watcher,
        settings_keeper=SettingsKeeper(settings, file, log.warning),
        log_keeper=log_keeper,
        daemon=Daemon(appliance, open_notifier()),
        milestones=milestones,
    )


def _hooks(settings: Settings, log: EventLog) -> list[Hook]:
    """Return the hooks. Raises HookError without a screen, on which it is shown otherwise.

    Pins are set on the screen, and a screen that stays dark is no place to mend them.
    """
    try:
        return hooks_of(settings, log.warning)
    except HookError as error:
        if settings.display.screen == "none":
            raise
        log.add(EntryKind.ERROR, f"{error}; until then nothing is run or switched")
        return []


async def run(options: Options, work: Work | None = None) -> bool:
    """Run the appliance until it is told to stop. Raises EdgeError, or what broke it.

    Returns whether a person ended it at the device (`Appliance.leave`), so that nobody should start
    it again; False when a signal did.

    `work` is what a program of its own does with it, in place of the screen: a coroutine that ends
    when `Appliance.stopping` is set.
    """
    graph = build(options)
    appliance = graph.appliance
    loop = asyncio.get_running_loop()
    end_in_order(loop, appliance.stopping.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: _export(appliance))
    face = _face(appliance, options.root) if work is None else work(appliance)
    appliance.start()
    beats = [
        asyncio.create_task(_every(SAMPLE_INTERVAL, lambda: _sample(graph))),
        asyncio.create_task(_every(HEALTH_INTERVAL, appliance.report)),
        asyncio.create_task(_every(BEAT_INTERVAL, graph.daemon.beat)),
    ]
    graph.milestones.reach(Milestone.READY)
    graph.daemon.ready()
    try:
        await _until_stopped(appliance, asyncio.create_task(face), beats)
    finally:
        end_at_once(loop)
        graph.daemon.stopping()
        for task in beats:
            task.cancel()
        await graph.watcher.close()
        try:
            await appliance.stop()
        finally:
            await graph.settings_keeper.close()
            graph.log_keeper.close()
    if appliance.fault is not None:
        raise appliance.fault
    return appliance.left


def _face(appliance: Appliance, root: Path) -> Coroutine[None, None, None]:
    """Return the screen's work, or that of having none. Raises EdgeError without the screen."""
    spec = appliance.settings.display.screen
    if spec == "none":
        return headless.run(appliance)
    # pygame is for screens only, and lean.py decides what of it is loaded.
    from iot_facerecognition_edge.screens import open_screen  # noqa: PLC0415
    from iot_facerecognition_edge.screens.backlight import Backlight  # noqa: PLC0415

    settings, warned = appliance.settings, appliance.log.warning
    screen = open_screen(spec, settings, plane=appliance.plane, warned=warned)
    from iot_facerecognition_edge.views import loop  # noqa: PLC0415

    return loop.run(appliance, screen, Backlight.find(root))


async def _until_stopped(
    appliance: Appliance, face: "asyncio.Task[None]", beats: "list[asyncio.Task[None]]"
) -> None:
    """Wait until the appliance is to stop; a task that ends before ends it, with its error."""
    stopping = asyncio.create_task(appliance.stopping.wait())
    await asyncio.wait({stopping, face, *beats}, return_when=asyncio.FIRST_COMPLETED)
    appliance.stopping.set()
    # The screen gives the display back by itself.
    await asyncio.wait({stopping, face})
    face.result()
    for beat in beats:
        if beat.done():
            beat.result()


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        work()


def _sample(graph: Graph) -> None:
    graph.appliance.tick()
    graph.watcher.tick(graph.appliance.clock())


def _export(appliance: Appliance) -> None:
    """Write the statistics, for who asks with a signal where there is no screen."""
    try:
        appliance.export_statistics()
    except EdgeError as error:
        appliance.log.add(EntryKind.ERROR, str(error))


def _wall() -> datetime:
    return datetime.now().astimezone()


def _to_journal(entry: Entry) -> None:
    _log.log(_LEVELS[entry.kind], "%s", entry.text)


def _power_off() -> None:
    """Ask systemd to switch the machine off; polkit decides whether this user may.

    Raises EdgeError where it does not, so that the program is started again and its screen is not
    left dark.
    """
    try:
        done = subprocess.run(
            ["/usr/bin/systemctl", "--no-ask-password", "poweroff"],
            check=False,
            timeout=10,
            capture_output=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgeError(f"the machine cannot be switched off: {error}") from None
    if done.returncode:
        words = clean_text(done.stderr.decode(errors="replace"), _WORDS_SHOWN)
        raise EdgeError(
            f"the machine cannot be switched off ({words}): let polkit allow "
            "org.freedesktop.login1.power-off to this user, or switch device.power_off off"
        )
