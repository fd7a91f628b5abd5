"""How long it took from the kernel's start to a named face, in parts.

The times are those that the machine says on its serial line. Its clock counts instructions
(`machine`), so they do not depend on the machine that emulates it; a real Zero W has others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lab.virtual_pi.serial_log import Line

_SERVICE = r"iot-facerecognition-edge\.service"
SAID = {
    "the root file system is mounted": r"EXT4-fs \(mmcblk0p2\): mounted",
    "systemd runs": r"systemd\[1\]: systemd \d+.* running in system mode",
    "the settings file is applied": r"(Started|Finished) iot-facerecognition-first-boot\.service",
    "the edge is started": rf"Starting {_SERVICE}",
    "the edge is ready": rf"Started {_SERVICE}",
    "the server has accepted it": r"\]: INFO connected to ",
    "the camera runs": r"\]: INFO camera: ",
    "the first face has a name": r"\]: INFO face: ",
}
"""What happens in a boot, in its order, and what the first line that says so holds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened, and when: in seconds since the kernel's start, and since what came before."""

    what: str
    at: float
    since: float


def moments(lines: Sequence[Line]) -> list[Moment]:
    """Return what happened in the order of time; what no line says is left out."""
    times: dict[str, float] = {}
    for what, pattern in SAID.items():
        line = next((line for line in lines if re.search(pattern, line.text)), None)
        if line is not None:
            times[what] = line.time
    found: list[Moment] = []
    for what, at in sorted(times.items(), key=lambda item: item[1]):
        found.append(Moment(what, at, at - found[-1].at if found else at))
    return found


def table(found: Sequence[Moment]) -> str:
    """Return the moments as lines of text, in seconds."""
    rows = [f"{moment.at:7.1f} {moment.since:+7.1f}  {moment.what}" for moment in found]
    return "\n".join(["  seconds  part  from the kernel's start to a named face", *rows])
