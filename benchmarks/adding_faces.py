"""What `faces add` costs next to a running server: time, and the memory of both.

`python -m benchmarks.adding_faces` has a real server look at a photo for the command. The
reference, in the same run, is the command on its own, which loads the networks as the server has:
it is given another state directory, so that it finds no server there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import command
from benchmarks.machine import machine
from lab.photos import fetch_photos
from lab.server_process import ServerProcess

MEGABYTE: Final = 1_000_000
PHOTO: Final = "obama.jpg"


@dataclass(frozen=True, slots=True)
class Cost:
    """One `faces add`: seconds, and in bytes the peaks of the command and of the server.

    `before` is what the server had in memory when the command began.
    """

    seconds: float
    command: int
    before: int
    server: int

    @property
    def added(self) -> int:
        """Bytes that command and server needed at most, over what the server had before."""
        return self.command + max(0, self.server - self.before)


def resident(pid: int, key: str) -> int:
    """Return a size in bytes that the kernel tells of a process (proc_pid_status(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(key)


def add(server: ServerProcess, state: Path | None) -> Cost:
    """Run the command once, with another state directory than the server's if one is given."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # its peak counts from now on
    before = resident(server.pid, "VmRSS")
    changed = {} if state is None else {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(state)}
    arguments = ["--config", server.config, "faces", "add", "obama", fetch_photos() / PHOTO]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "iot_facerecognition_server", *map(str, arguments)],
        env=os.environ | changed,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"faces add ended with exit code {process.returncode}")
    return Cost(seconds, used.ru_maxrss * 1024, before, resident(server.pid, "VmHWM"))


def print_costs(name: str, costs: Sequence[Cost]) -> None:
    """Print the medians of some runs in a line."""
    megabytes = [
        median(getattr(cost, part) for cost in costs) / MEGABYTE
        for part in ("command", "before", "server", "added")
    ]
    seconds = median(cost.seconds for cost in costs)
    print(f"{name:<28}{seconds:>9.2f}" + "".join(f"{size:>12.0f}" for size in megabytes))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="runs of each kind")
    options = parser.parse_args()
    print(f"{machine()}\nmedians of {options.times}; megabytes of resident memory\n")
    print(
        f"{'faces add':<28}{'seconds':>9}{'command':>12}{'server':>12}{'its peak':>12}{'more':>12}"
    )
    with (
        tempfile.TemporaryDirectory() as name,
        ServerProcess(Path(name) / "server", {}) as server,
    ):
        add(server, None)  # what is loaded at the first photo is there afterwards
        alone = Path(name) / "alone"
        for kind, state in (("asks the server", None), ("on its own (reference)", alone)):
            print_costs(kind, [add(server, state) for _ in range(options.times)])


if __name__ == "__main__":
    command.run(main)
