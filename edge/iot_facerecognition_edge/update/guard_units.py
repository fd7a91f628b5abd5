"""The guard's units, which exist during an update only."""

import os
from contextlib import suppress
from pathlib import Path

from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.guard_copy import PYTHON
from iot_facerecognition_edge.update.places import COMMAND, Places
from iot_facerecognition_protocol.system.whole_file import sweep, write_file

SERVICE = f"{COMMAND}-guard.service"
TIMER = f"{COMMAND}-guard.timer"
_MODE = 0o644
_SERVICE = """\
# Made for one update, and removed by its end.
[Unit]
Description=Guard of an update: puts the old version back unless the server acknowledges the new one
Documentation=man:{command}(8)
RequiresMountsFor={folder}
# However often it is ended, it begins again.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={python} {guard} run
Restart=on-failure
RestartSec=2
TimeoutStartSec=60
WatchdogSec=60
# With it ends whatever apt or dpkg it has started.
KillMode=control-group
TimeoutStopSec=10
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
"""
_TIMER = """\
# Made for one update, and removed by its end.
[Unit]
Description=Starts the guard of an update again, should anything have stopped it

[Timer]
OnActiveSec=30
OnUnitInactiveSec=30
AccuracySec=5

[Install]
WantedBy=timers.target
"""
_WANTED_BY = {SERVICE: "multi-user.target.wants", TIMER: "timers.target.wants"}


def arm(places: Places) -> None:
    """Write the units, and have each boot start them. On the disk when it returns.

    Raises UpdateError.
    """
    words = {
        "command": COMMAND,
        "folder": f"/{places.folder.relative_to(places.root)}",
        "python": " ".join(PYTHON),
        "guard": f"/{places.guard.relative_to(places.root)}",
    }
    try:
        for name, text in {SERVICE: _SERVICE.format_map(words), TIMER: _TIMER}.items():
            write_file(places.units / name, text.encode(), _MODE)
            link = places.units / _WANTED_BY[name] / name
            link.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                link.symlink_to(f"../{name}")
            _sync(link.parent)
        _sync(places.units)
    except OSError as error:
        raise UpdateError(
            f"the guard's units cannot be written ({error}), so nothing is changed: "
            f"{places.units} has to be writable"
        ) from error


def start(run: Runner, *, again: bool = False) -> None:
    """Start the guard and the timer that starts it again, unless they run. Raises UpdateError.

    `again` is for another update: the guard of the one before may be about to end.
    """
    run("systemctl", "daemon-reload", limit=120)
    done = run("systemctl", "restart" if again else "start", "--no-block", SERVICE, TIMER)
    if done.code:
        raise UpdateError(
            f"the guard cannot be started ({done.problem}), so nothing is changed: this needs "
            "systemd as the first process"
        )


def disarm(places: Places, run: Runner) -> None:
    """Remove the units; a guard that runs goes on to its end."""
    # The links first: a unit without one is started by nothing.
    for name, folder in _WANTED_BY.items():
        (places.units / folder / name).unlink(missing_ok=True)
    run("systemctl", "stop", "--no-block", TIMER)
    for name in _WANTED_BY:
        (places.units / name).unlink(missing_ok=True)
        sweep(places.units / name)
    _sync(places.units)
    run("systemctl", "daemon-reload", limit=120)


def armed(places: Places) -> bool:
    """Return whether anything of the units is there."""
    links = [places.units / folder / name for name, folder in _WANTED_BY.items()]
    files = [places.units / name for name in _WANTED_BY]
    return any(os.path.lexists(path) for path in (*links, *files))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
