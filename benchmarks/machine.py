"""What a table was measured on: one line that stands above every table."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def machine() -> str:
    """Return processor, cores, versions and day."""
    return (
        f"{_processor()}, {cores()} cores, Python {platform.python_version()},"
        f" torch {version('torch')}, {time.strftime('%Y-%m-%d')}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
