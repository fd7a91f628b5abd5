"""What the guard's copy runs: `check`, that it can, and `run`, that it does."""

import os
import sys
import time
from datetime import datetime

from iot_facerecognition_edge.update.commands import SystemRunner
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.guard import Guard
from iot_facerecognition_edge.update.log import Log
from iot_facerecognition_edge.update.notifying import notify
from iot_facerecognition_edge.update.places import Places

DONE, AGAIN, USAGE = 0, 1, 2


def now() -> datetime:
    """Return the time of day here."""
    return datetime.now().astimezone()


def stamp() -> str:
    """Return the time of day as it stands in files."""
    return now().isoformat(timespec="seconds")


def main() -> int:
    """Run the copy; return its exit status."""
    match sys.argv[1:]:
        case ["check"]:
            return DONE
        case ["run"]:
            return _run()
        case _:
            sys.stderr.write("this is the guard of an update; systemd runs it\n")
            return USAGE


def _run() -> int:
    os.umask(0o022)
    places = Places()
    log = Log(places.log, now)
    run = SystemRunner(log, alive=_alive)
    debian = Debian(run, places)
    guard = Guard(
        places,
        run,
        debian,
        Device(places, debian),
        log=log,
        wall=stamp,
        clock=time.monotonic,
        pause=_pause,
    )
    notify("READY=1")
    try:
        return DONE if guard.follow() else AGAIN
    except (OSError, UpdateError) as error:
        log(f"the guard starts again: {error}")
        return AGAIN


def _alive() -> None:
    notify("WATCHDOG=1")


def _pause(seconds: float) -> None:
    _alive()
    time.sleep(seconds)
