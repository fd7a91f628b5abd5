"""Make, fill and mend the virtual environment that demo, tests and benchmarks run in.

Usage: python -m scripts.environment VENV EXTRA, in the clone's folder

Runs under any Python that the project supports, before anything is installed. Whatever ended an
earlier run, this one goes on from there: a virtual environment without pip is made again, packages
that are missing are installed, and where nothing is missing nobody is asked for anything.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.packages import PackageError, Packages, say
from scripts.virtual_environment import VirtualEnvironment

ROOT = Path(__file__).resolve().parents[1]
FAILED = 1
INTERRUPTED = 130
STAMPS = {"dev": ".ready"}
"""Files in the environment that tell `make` that an extra is there; else the extra's name."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold off other set-ups of this clone until this one has ended, however it ends."""
    with (ROOT / "pyproject.toml").open("rb") as locked:
        try:
            fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work in this clone; waiting for it to end")
            fcntl.flock(locked, fcntl.LOCK_EX)
        yield


def set_up(folder: Path, extra: str) -> None:
    """Bring the environment in `folder` to what `extra` needs. Raises PackageError."""
    environment = VirtualEnvironment(folder)
    reason = environment.broken()
    if reason:
        say(f"making {folder.name} with {sys.executable}" + f" ({reason})" * folder.exists())
        environment.make()
    packages = Packages(environment, ROOT, extra)
    if packages.complete():
        say("everything is installed")
    elif not packages.install():
        return  # without a stamp, so that the next run tries again
    (folder / STAMPS.get(extra, f".{extra}")).touch()


def main(arguments: list[str]) -> int:
    """Set up; return the exit code."""
    folder, extra = Path(arguments[0]).absolute(), arguments[1]
    try:
        with alone():
            set_up(folder, extra)
    except PackageError as error:
        say(str(error))
        return FAILED
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"{error}; free disk and rights in {folder.parent} are what it needs")
        return FAILED
    except KeyboardInterrupt:
        say("interrupted; the next run goes on from here")
        return INTERRUPTED
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
