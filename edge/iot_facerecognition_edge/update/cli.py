"""The updater's command line."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from iot_facerecognition_edge.update import guard_units
from iot_facerecognition_edge.update.commands import SystemRunner
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.errors import NotNowError, UpdateError
from iot_facerecognition_edge.update.guard_main import now, stamp
from iot_facerecognition_edge.update.journal import JournalFile, Phase
from iot_facerecognition_edge.update.log import Log
from iot_facerecognition_edge.update.places import COMMAND, Places
from iot_facerecognition_edge.update.preparation import Preparation, Terms
from iot_facerecognition_edge.update.pull import version_to_pull
from iot_facerecognition_edge.update.settings import read_settings
from iot_facerecognition_edge.update.state import read_state
from iot_facerecognition_protocol.system.command import as_command
from iot_facerecognition_protocol.system.whole_file import locked

EXIT_OK = 0
EXIT_FAILED = 1
# 2 is argparse's own, for a command that is not understood
EXIT_ROLLED_BACK = 3
EXIT_SKIPPED = 4
EXIT_UNDECIDED = 5
_ENDS = {
    Phase.GOOD: EXIT_OK,
    Phase.ROLLED_BACK: EXIT_ROLLED_BACK,
    Phase.SKIPPED: EXIT_SKIPPED,
}
_POLL = 0.5
_ATTEMPT = re.compile(r"[!-~]{1,64}")
"""What the server takes for the name of an attempt."""
_PATIENCE, _PROBATION, _SWITCH, _WAIT = 900.0, 300.0, 1800.0, 3600.0

_DESCRIPTION = """\
Updates iot-facerecognition-edge on this device, and puts the old version back unless the server
acknowledges within a while that this device, with the new version, streams at its rate. A guard
outside the package does so, also when the power fails, the network goes, or whoever asked has left.
"""
_EPILOG = """\
Exit status:
  0  install, rollback: handed to the guard, or nothing to do; wait: the new version is good
  1  refused, and nothing was changed, or a fault: one sentence on standard error names the cure
  2  wrong usage
  3  wait: the old version was put back (by the guard, or because `rollback` was asked for)
  4  install, wait: skipped, nothing was changed: unhealthy before, or in use for too long
  5  wait: not decided within SECONDS (a person at the screen is waited for, or it is on probation)
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{install,wait,status,rollback,pull}"
    )
    install = commands.add_parser("install", help="begin an update; returns before the switch")
    install.add_argument(
        "what",
        metavar="FILE.deb|VERSION",
        help="a package on this device, or a version of its signed repositories; older ones, too",
    )
    _add_terms(install)
    wait = commands.add_parser("wait", help="wait until the newest update is decided")
    wait.add_argument(
        "seconds",
        nargs="?",
        type=_seconds,
        default=_WAIT,
        metavar="SECONDS",
        help=f"at most (default: {_WAIT:.0f})",
    )
    status = commands.add_parser("status", help="tell how the newest update stands")
    status.add_argument("--json", action="store_true", help="print what the server is told")
    commands.add_parser("rollback", help="put the previous version back, or call an update off")
    pull = commands.add_parser("pull", help="update as update.conf says, if there is anything new")
    pull.add_argument("--dry-run", action="store_true", help="only say what would be installed")
    commands.add_parser("check", help="say whether this updater works (used during an update)")
    return parser


def _add_terms(install: argparse.ArgumentParser) -> None:
    install.add_argument(
        "--even-if-in-use", action="store_true", help="do not wait for a person at the touch screen"
    )
    install.add_argument(
        "--patience",
        type=_seconds,
        default=_PATIENCE,
        metavar="SECONDS",
        help="wait so long for the screen to be left alone for two minutes; then the update is "
        f"skipped (default: {_PATIENCE:.0f})",
    )
    install.add_argument(
        "--probation",
        type=_seconds,
        default=_PROBATION,
        metavar="SECONDS",
        help="running time in which the server has to acknowledge the new version, longer than its "
        f"[Fleet] ProbationSeconds (default: {_PROBATION:.0f})",
    )
    install.add_argument(
        "--switch-limit",
        type=_seconds,
        default=_SWITCH,
        metavar="SECONDS",
        help=f"how long apt may take to install it (default: {_SWITCH:.0f})",
    )
    install.add_argument(
        "--attempt", metavar="ID", type=_attempt, help="name of this one update (default: random)"
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _attempt(text: str) -> str:
    if not _ATTEMPT.fullmatch(text):
        raise argparse.ArgumentTypeError("it has to be 1 to 64 printable characters, no spaces")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return as_command(lambda: run(_parser().parse_args(arguments), Places()))


def run(options: argparse.Namespace, places: Places) -> int:
    """Run a command that was read, on the device in `places`."""
    try:
        return _COMMANDS[options.command](options, places)
    except NotNowError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return EXIT_SKIPPED
    except (UpdateError, OSError) as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_UNDECIDED


def _install(options: argparse.Namespace, places: Places) -> int:
    terms = Terms(
        patience=options.patience,
        even_if_in_use=options.even_if_in_use,
        probation=options.probation,
        switch_limit=options.switch_limit,
        attempt=options.attempt,
    )
    with _root(places):
        print(_preparation(places).install(options.what, terms))
    return EXIT_OK


def _rollback(_: argparse.Namespace, places: Places) -> int:
    with _root(places):
        print(_preparation(places).roll_back())
    return EXIT_OK


def _pull(options: argparse.Namespace, places: Places) -> int:
    settings = read_settings(places.settings)
    with _root(places):
        debian = Debian(SystemRunner(_quiet_log(places)), places)
        wanted = version_to_pull(debian, places, settings)
        if wanted is None:
            print("nothing to do: no newer version than what is installed or was rolled back here")
            return EXIT_OK
        if options.dry_run:
            print(f"{wanted} would be installed")
            return EXIT_OK
        terms = Terms(
            patience=settings.patience,
            even_if_in_use=settings.even_if_in_use,
            probation=settings.probation,
        )
        print(_preparation(places).install(wanted, terms))
    return EXIT_OK


def _wait(options: argparse.Namespace, places: Places) -> int:
    file, said = JournalFile(places.journal), ""
    end = time.monotonic() + options.seconds
    if os.geteuid() == 0 and (journal := file.load()) and journal.under_way:
        guard_units.start(SystemRunner(_quiet_log(places)))
    while True:
        journal = file.load()
        if journal is None:
            raise UpdateError("there never was an update on this device: `install` begins one")
        text = _described(places)
        if text != said:
            said = text
            print(text, flush=True)
        done = _ENDS.get(journal.phase)
        if done is not None and not guard_units.armed(places):
            with locked(places.journal):  # the guard holds it until it has tidied up
                return done
        if time.monotonic() >= end:
            return EXIT_UNDECIDED
        time.sleep(_POLL)


def _status(options: argparse.Namespace, places: Places) -> int:
    if options.json:
        print(json.dumps(read_state(places) or {}))
    else:
        print(_described(places))
    return EXIT_OK


def _check(_: argparse.Namespace, __: Places) -> int:
    print("the updater of this version works")
    return EXIT_OK


_COMMANDS: dict[str, Callable[[argparse.Namespace, Places], int]] = {
    "install": _install,
    "wait": _wait,
    "status": _status,
    "rollback": _rollback,
    "pull": _pull,
    "check": _check,
}


def _described(places: Places) -> str:
    """Return one line on the newest update."""
    state = read_state(places)
    if state is None:
        return "no update yet"
    reason = f": {state['reason']}" if state.get("reason") else ""
    return (
        f"{state.get('from')} -> {state.get('version')}: {state['state']}{reason} (since "
        f"{state.get('since')}, attempt {state.get('attempt')}; {state.get('log')})"
    )


def _preparation(places: Places) -> Preparation:
    run = SystemRunner(_quiet_log(places))
    debian = Debian(run, places)
    return Preparation(places, run, debian, Device(places, debian), wall=stamp)


def _quiet_log(places: Places) -> Callable[[str], None]:
    """Return a log that leaves the terminal to what the command itself says."""
    return Log(places.log, now, to_journal=False)


def _root(places: Places) -> AbstractContextManager[None]:
    """Hold the updater's folder for one command that changes it. Raises UpdateError."""
    if os.geteuid() != 0:
        raise UpdateError("only root updates a device: put `sudo` before it")
    places.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return locked(places.journal)


if __name__ == "__main__":
    sys.exit(main())
