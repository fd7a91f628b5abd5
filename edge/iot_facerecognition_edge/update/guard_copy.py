"""The guard as one file outside the package: these modules as they are now, read back and tried.

The package that is installed during an update may lack any of them, or have others.
"""

import io
import zipfile
from pathlib import Path

import iot_facerecognition_edge.update
import iot_facerecognition_protocol.system
from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_protocol.system.whole_file import write_file

PYTHON = ("/usr/bin/python3", "-I", "-S", "-B")
"""Isolated from the environment and from every installed package (`-S`)."""
_MAIN = """\
import sys
from iot_facerecognition_edge.update.guard_main import main
sys.exit(main())
"""
_MODE = 0o755
_TIME = (2020, 1, 1, 0, 0, 0)
"""The same for all files, so that the same modules are the same bytes."""


def guard_copy() -> bytes:
    """Return the zip file that Python runs: what is imported of both packages, nothing else."""
    files = {"__main__.py": _MAIN.encode()}
    for package in (iot_facerecognition_edge.update, iot_facerecognition_protocol.system):
        # Without the rest of its packages, which the real `__init__` of one would import.
        files[f"{package.__name__.partition('.')[0]}/__init__.py"] = b""
        files |= _modules(package.__name__, str(package.__file__))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _TIME), files[name])
    return made.getvalue()


def _modules(package: str, init: str) -> dict[str, bytes]:
    place = package.replace(".", "/")
    return {f"{place}/{path.name}": path.read_bytes() for path in Path(init).parent.glob("*.py")}


def place_guard(path: Path, run: Runner) -> None:
    """Put the copy at `path`, compare it with what was meant, and run its check.

    Raises UpdateError for a copy that could not do its work, OSError for one that is not there.
    """
    data = guard_copy()
    write_file(path, data, _MODE)
    if path.read_bytes() != data:
        raise UpdateError(f"{path} does not hold what was written to it: see to the disk")
    done = run(*PYTHON, str(path), "check", limit=120)
    if done.code:
        raise UpdateError(
            f"the guard's copy does not run ({done.problem}), so nothing is changed: install the "
            "package again"
        )
