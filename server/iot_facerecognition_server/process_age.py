"""How long this process has been running."""

import os
import time
from pathlib import Path

_START_TIME = 22
"""The field of /proc/PID/stat with the start, in clock ticks since the machine's (proc(5))."""


def process_seconds() -> float:
    """Return the seconds since the system started this process, the interpreter's own included."""
    stat = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
    fields = stat.rpartition(")")[2].split()  # the name before may hold blanks
    ticks = int(fields[_START_TIME - 3])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
