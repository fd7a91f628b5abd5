"""`iot-facerecognition-boot-time`: how long from power to picture, as one number with its parts.

systemd keeps the monotonic time, in microseconds since the kernel began, of everything that it
started; `milestones.py` keeps that of the edge's first picture and first result.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iot_facerecognition_edge.boot.milestones import FILE_NAME, Milestone
from iot_facerecognition_edge.errors import EdgeError

UNIT = "iot-facerecognition-edge.service"
MILESTONES = Path("/run/iot-facerecognition-edge") / FILE_NAME
SLOWEST = 5
"""How many of the units that took longest are listed."""
_MICROSECONDS = 1e6
_MANAGER = {
    "firmware": "FirmwareTimestampMonotonic",
    "loader": "LoaderTimestampMonotonic",
    "initrd": "InitRDTimestampMonotonic",
    "userspace": "UserspaceTimestampMonotonic",
}
_VIRTUALIZATION = "Virtualization"
_CONTAINERS = ("systemd-nspawn", "docker", "podman", "lxc", "lxc-libvirt", "container-other")
"""Where the kernel is the host's, and has been running for longer (systemd-detect-virt(1))."""
"""org.freedesktop.systemd1(5): the first two are how long before the kernel each of them began."""
_STARTED, _RESTARTS = "ExecMainStartTimestampMonotonic", "NRestarts"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the boot and the `seconds` that it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BootTime:
    """A boot: `parts` follow on each other and end with the first picture.

    `besides` has what need not be on the way to a picture, in seconds since the start of
    `beginning`; `notes` are sentences on what the number leaves out.
    """

    parts: tuple[Part, ...]
    beginning: str
    besides: tuple[Part, ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> float:
        """Seconds of all parts."""
        return sum(part.seconds for part in self.parts)


def properties(shown: str) -> dict[str, str]:
    """Return what `systemctl show` printed as a mapping."""
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def boot_time(
    manager: Mapping[str, str], unit: Mapping[str, str], reached: Mapping[str, float]
) -> BootTime:
    """Compute a boot's parts from systemd's properties and the edge's milestones.

    Raises EdgeError where the edge was not started or has no picture yet.
    """
    started = int(unit.get(_STARTED) or 0) / _MICROSECONDS
    if not started:
        raise EdgeError(f"{UNIT} was not started since the boot: systemctl status {UNIT} says why")
    if Milestone.PICTURE not in reached:
        raise EdgeError(
            "the edge has no picture yet: open the camera view, or wait for the camera"
            f" (journalctl -u {UNIT} tells what it is doing)"
        )
    at = {name: int(manager.get(key) or 0) / _MICROSECONDS for name, key in _MANAGER.items()}
    contained = manager.get(_VIRTUALIZATION) in _CONTAINERS
    ready = reached.get(Milestone.READY, started)
    parts = (
        *([] if contained else _before_systemd(at)),
        Part("system, up to the edge's start", started - at["userspace"]),
        Part("edge, until it is ready", ready - started),
        Part("camera, until its first picture", reached[Milestone.PICTURE] - ready),
    )
    notes = []
    if contained:
        notes.append("in a container the time begins with its first process")
    elif not at["firmware"]:
        notes.append("the firmware comes before the kernel and does not say how long it took")
    if int(unit.get(_RESTARTS) or 0):
        notes.append("the edge was started again since the boot: its times are of the last start")
    began = at["userspace"] if contained else 0.0
    others = (Milestone.CONNECTED, "connected to the server"), (Milestone.RESULT, "first result")
    besides = tuple(Part(name, reached[key] - began) for key, name in others if key in reached)
    beginning = "the first process" if contained else "the kernel"
    return BootTime(parts, beginning, besides, tuple(notes))


def _before_systemd(at: Mapping[str, float]) -> list[Part]:
    """Return what comes before the first process, of what tells its time."""
    parts = []
    if at["firmware"]:
        parts += [Part("firmware", at["firmware"] - at["loader"])]
        parts += [Part("boot loader", at["loader"])]
    parts += [Part("kernel", at["initrd"] or at["userspace"])]
    if at["initrd"]:
        parts += [Part("initial RAM disk", at["userspace"] - at["initrd"])]
    return parts


def report(boot: BootTime, slowest: Sequence[str] = ()) -> str:
    """Return the number, its parts and notes, as lines for people."""
    lines = [f"boot to first picture: {boot.total:.1f} s"]
    lines += [f"  {part.seconds:6.1f} s  {part.name}" for part in boot.parts]
    if boot.besides:
        lines.append(f"since the start of {boot.beginning}:")
        lines += [f"  {part.seconds:6.1f} s  {part.name}" for part in boot.besides]
    if slowest:
        lines.append("units that took longest, side by side with others (systemd-analyze blame):")
        lines += [f"  {line.strip()}" for line in slowest]
    lines += [f"note: {note}" for note in boot.notes]
    return "\n".join(lines)


def as_json(boot: BootTime) -> str:
    """Return the same for programs, in seconds."""
    return json.dumps(
        {
            "total": round(boot.total, 3),
            "parts": {part.name: round(part.seconds, 3) for part in boot.parts},
            "besides": {part.name: round(part.seconds, 3) for part in boot.besides},
            "notes": boot.notes,
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="iot-facerecognition-boot-time", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print it for programs")
    parser.add_argument("--milestones", type=Path, default=MILESTONES, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        boot = boot_time(
            _shown("--property", ",".join([*_MANAGER.values(), _VIRTUALIZATION])),
            _shown("--property", f"{_STARTED},{_RESTARTS}", UNIT),
            _milestones(options.milestones),
        )
    except EdgeError as error:
        print(f"iot-facerecognition-boot-time: {error}", file=sys.stderr)
        return 1
    print(as_json(boot) if options.json else report(boot, _slowest()))
    return 0


def _shown(*arguments: str) -> dict[str, str]:
    return properties(_output("systemctl", "show", *arguments))


def _slowest() -> list[str]:
    """Return the slowest units; none while systemd is still busy with the boot."""
    try:
        return _output("systemd-analyze", "blame", "--no-pager").splitlines()[:SLOWEST]
    except EdgeError:
        return []


def _milestones(file: Path) -> dict[str, float]:
    """Read what the edge has kept; nothing where it has not. Raises EdgeError for another file."""
    try:
        kept = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EdgeError(f"{file} cannot be read ({error}); restart {UNIT}") from None
    return {str(name): float(time) for name, time in kept.items()}


def _output(*command: str) -> str:
    """Return what `command` printed. Raises EdgeError."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - fixed words
    except OSError as error:
        raise EdgeError(
            f"{command[0]} cannot be run ({error}); is this a systemd machine?"
        ) from None
    if done.returncode:
        raise EdgeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
