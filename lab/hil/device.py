"""What a running edge says about itself, asked over SSH in as few commands as possible."""

import json
import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab.hil.shell import DeviceCommandError, Shell

UNIT = "iot-facerecognition-edge.service"
STATE = "/var/lib/iot-facerecognition-edge"
SETTINGS = f"{STATE}/settings.json"
_SAMPLE = rf"""
cut -d' ' -f1 /proc/uptime
pid=$(systemctl show --value --property MainPID {UNIT})
echo $pid
systemctl show --value --property NRestarts {UNIT}
# User and system time in ticks (proc(5)); the name before them has no space.
cut -d' ' -f14,15 /proc/$pid/stat 2>/dev/null || echo 0 0
sed -n 's/^VmRSS: *//p' /proc/$pid/status | grep . || echo '0 kB'
ls /proc/$pid/fd | wc -l
sed -n 's/^MemAvailable: *//p' /proc/meminfo
cat /sys/class/thermal/thermal_zone0/temp 2>/dev/null || echo none
"""
_MICRO, _MILLI, _KIBI = 1e-6, 1e-3, 1024
_TICKS = 100
"""A second, in the unit of /proc: USER_HZ, the same on every Linux of ours."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at device and service.

    `uptime` and `cpu` (used by the service so far) are seconds of the device's clock, `resident`
    and `available` bytes, `temperature` °C or None; `restarts` are those that systemd made.
    """

    uptime: float
    pid: int
    restarts: int
    cpu: float
    resident: int
    files: int
    available: int
    temperature: float | None

    @classmethod
    def parse(cls, text: str) -> "Sample":
        """Read what `_SAMPLE` printed. Raises DeviceCommandError."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        try:
            uptime, pid, restarts, cpu, resident, files, available, temperature = lines
            return cls(
                float(uptime),
                int(pid),
                int(restarts),
                sum(map(int, cpu.split())) / _TICKS,
                int(resident.split()[0]) * _KIBI,
                int(files),
                int(available.split()[0]) * _KIBI,
                None if temperature == "none" else int(temperature) * _MILLI,
            )
        except (ValueError, LookupError):
            raise DeviceCommandError(f"the device describes itself as\n{text}") from None


class Device:
    """The edge behind `shell`; `patience` are the seconds in which it gets anything done."""

    def __init__(self, shell: Shell, patience: float) -> None:
        self.shell = shell
        self.patience = patience

    def sample(self) -> Sample:
        """Look at it once."""
        return Sample.parse(self.shell.run(_SAMPLE, root=True))

    def model(self) -> str:
        """Return what the board calls itself."""
        ask = "tr -d '\\0' </proc/device-tree/model; echo; uname -rm; cat /etc/debian_version"
        return ", ".join(self.shell.run(ask).split("\n"))

    def boot_time(self) -> tuple[Mapping[str, float], str]:
        """Return the parts of its boot in seconds, and the same for people.

        `first result` is among the parts, in seconds since the kernel's start.
        """
        program = "iot-facerecognition-boot-time"
        shown = self.shell.run(f"{program} --json && {program}", root=True)
        for_programs, _, for_people = shown.partition("\n")
        found = json.loads(for_programs)
        return {**found["parts"], **found["besides"]}, for_people

    def settings(self) -> dict[str, str | int | float | bool]:
        """Return the settings that its card holds; they differ from the defaults."""
        kept = json.loads(self.shell.run(f"cat {SETTINGS}", root=True))
        values: dict[str, str | int | float | bool] = kept["settings"]
        return values

    def set(self, values: Mapping[str, str | int | float | bool]) -> None:
        """Change settings of the edge while it is stopped, and start it with them."""
        words = [f"{key}={written(value)}" for key, value in values.items()]
        # A running edge would write its own over them when it ends.
        change = f"iot-facerecognition-edge settings set {shlex.join(words)}"
        script = f"systemctl stop {UNIT} && {change} && systemctl start {UNIT}"
        self.shell.run(script, root=True, patience=self.patience)

    def restart(self) -> None:
        """Start the edge again."""
        self.shell.run(f"systemctl restart {UNIT}", root=True, patience=self.patience)

    def clock(self) -> float:
        """Return the seconds since 1970 by its clock."""
        return float(self.shell.run("date +%s"))

    def marker(self) -> str:
        """Return a place in its unit's journal, for `journal`; "" before the unit's first line.

        It is of an entry of the unit: after another's, journalctl of systemd 252 leaves out the
        first line.
        """
        text = self.shell.run(
            f"journalctl --no-pager --output cat --show-cursor --lines 1 --unit {UNIT}", root=True
        )
        return text.rpartition("cursor: ")[2].strip()

    def journal(self, since: str = "") -> str:
        """Return what its unit has logged in this boot, after `since` if given."""
        after = f"--after-cursor {shlex.quote(since)}" if since else "--boot"
        return self.shell.run(
            f"journalctl --no-pager --output cat {after} --unit {UNIT}", root=True
        )

    def latencies(self) -> list[float]:
        """Return the seconds from capture to result of who was seen since its start, in order.

        Its log file has the time at which a picture was taken, the journal the one at which its
        result was there; both by the device's clock.
        """
        script = (
            "date +%z; "
            f"journalctl --no-pager --output json --output-fields MESSAGE --boot --unit {UNIT}"
            " | grep 'INFO face: '; echo; "
            f"grep ' face: ' {STATE}/log.txt || true"
        )
        shown, _, logged = self.shell.run(script, root=True).partition("\n\n")
        zone, *entries = shown.splitlines()
        return paired(zone, [json.loads(entry) for entry in entries], logged.splitlines())

    def names(self, since: str = "") -> list[str]:
        """Return who the edge has seen, in order; `unknown face` for anybody else."""
        return re.findall(
            r"INFO face: (.+?)(?: \(distance [\d.]+\))?$", self.journal(since), re.MULTILINE
        )


_LOGGED = re.compile(
    r"\[(\d\d-\d\d-\d{4} / [\d:]+\.\d{3})\]: (face: .*?)(?: \((?:information|warning|error)\))?"
)


def paired(zone: str, journal: Sequence[Mapping[str, Any]], log: Sequence[str]) -> list[float]:
    """Return the seconds between each of the `log`'s lines and the journal's entry for it.

    `zone` is the log's offset from UTC (`+0100`). The two have the same lines in the same order,
    but may begin at different ones, and the newest may be in one of them only: they are matched
    from their ends.
    """
    taken = []
    for line in log:
        if found := _LOGGED.fullmatch(line.strip()):
            time_of_day = datetime.strptime(f"{found[1]} {zone}", "%d-%m-%Y / %H:%M:%S.%f %z")
            taken.append((time_of_day.timestamp(), f"INFO {found[2]}"))
    shown = [(int(one["__REALTIME_TIMESTAMP"]) * _MICRO, str(one["MESSAGE"])) for one in journal]
    ends = [(shown, taken), (shown[:-1], taken), (shown, taken[:-1])]
    return max((_matched(*both) for both in ends), key=len)


def _matched(shown: Sequence[tuple[float, str]], taken: Sequence[tuple[float, str]]) -> list[float]:
    """Return the seconds between entries of equal text, from the ends to the first difference."""
    seconds = []
    for (arrived, said), (captured, text) in zip(reversed(shown), reversed(taken), strict=False):
        if said != text:
            break
        seconds.append(arrived - captured)
    return seconds[::-1]


def until(seen: Callable[[], bool], patience: float, what: str, pause: float = 0.5) -> float:
    """Wait until `seen`; return the seconds it took. Raises AssertionError that says `what`."""
    began = time.monotonic()
    while not seen():
        waited = time.monotonic() - began
        assert waited < patience, f"waited {waited:.0f} s in vain for {what}"
        time.sleep(pause)
    return time.monotonic() - began


def written(value: str | float | bool) -> str:
    """Return a setting's value as `settings set` takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
