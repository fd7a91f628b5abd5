"""The command line of the first start."""

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from iot_facerecognition_edge.first_boot.card import Card
from iot_facerecognition_edge.first_boot.led import Light, LightError, blink
from iot_facerecognition_edge.first_boot.memory import MemoryFile
from iot_facerecognition_edge.first_boot.report import PATH, Report, status_text
from iot_facerecognition_edge.first_boot.unchanged import unchanged
from iot_facerecognition_edge.version import version
from iot_facerecognition_protocol.system.command import as_command
from iot_facerecognition_protocol.system.whole_file import write_file

BOOT = Path("/boot/firmware")
_STATE = Path("/var/lib/iot-facerecognition-first-boot")
_MEMORY = "applied.json"

_DESCRIPTION = """\
Sets this device up from iot-facerecognition.toml on the boot partition of its card: name, Wi-Fi,
SSH, language, time, and the settings of the edge. docs/first-boot.md tells all of it.
"""
_EPILOG = """\
Exit status: 0, also where the file has mistakes: they are in the status file next to it, on the
screen, and flashed by the board's light until this program is ended.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iot-facerecognition-first-boot",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{apply,template}")
    apply = commands.add_parser("apply", help="read the card and set the device up (as root)")
    apply.add_argument("--boot", type=Path, default=BOOT, metavar="FOLDER", help="boot partition")
    apply.add_argument(
        "--state", type=Path, default=_STATE, metavar="FOLDER", help="what was applied before"
    )
    apply.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    apply.add_argument(
        "--leds", type=Path, default=Path("/sys/class/leds"), metavar="FOLDER", help="the lights"
    )
    commands.add_parser("template", help="print the commented file to begin with")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return as_command(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    if options.command == "template":
        from iot_facerecognition_edge.first_boot.template import template  # noqa: PLC0415

        sys.stdout.write(template())
        return 0
    return _apply(options)


def _apply(options: argparse.Namespace) -> int:
    os.umask(0o022)
    name = version()
    card = Card(options.boot, options.state / "card")
    memory = MemoryFile(options.state / _MEMORY)
    kept = memory.load()
    if unchanged(card, kept, name):
        found = kept.report
    else:
        found = _read_card(card, memory, options.root, name)
    _publish(options.root, found)
    print(status_text(found, name).replace("\r", ""))
    _notify("READY=1")
    if found.light:
        _blink(options.leds, found.light)
    return 0


def _read_card(card: Card, memory: MemoryFile, root: Path, version: str) -> Report:
    """Apply what is new on the card, and start the device again where that is needed."""
    # Half of the imports, for starts that have something to do.
    from iot_facerecognition_edge.first_boot.machine import (  # noqa: PLC0415
        Machine,
        StepError,
        run_command,
    )
    from iot_facerecognition_edge.first_boot.run import FirstBoot  # noqa: PLC0415

    outcome = FirstBoot(card, Machine(root, card, run_command), memory, version).run()
    if outcome.restart:
        print("starting the device again, without the script of an older Raspberry Pi Imager")
        try:
            run_command(("systemctl", "--no-block", "reboot"))
        except StepError as error:
            print(f"it has to be switched off and on by hand: {error}", file=sys.stderr)
    return outcome.report


def _publish(root: Path, found: Report) -> None:
    """Leave the report where the edge looks for it, until the device is switched off."""
    try:
        text = json.dumps(found.as_json())
        write_file(root / PATH, text.encode(), 0o644, durable=False)
    except OSError as error:
        print(f"the screen will not show this: {error.filename}: {error.strerror}", file=sys.stderr)


def _blink(leds: Path, code: int) -> None:
    """Flash `code` until SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        blink(Light.find(leds), code, ended.wait)
    except (LightError, OSError) as error:
        print(f"the light shows nothing: {error}", file=sys.stderr)


def _notify(state: str) -> None:
    """Tell systemd, where it listens (sd_notify(3)): what waits for this unit goes on."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.connect("\0" + address[1:] if address.startswith("@") else address)
            notifier.sendall(state.encode())


if __name__ == "__main__":
    sys.exit(main())
