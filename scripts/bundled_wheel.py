"""The one Python package that the Debian package brings along, as its pinned wheel.

pip fetches it by whatever index it is set up for; it is kept in the cache and checked against its
digest at each use.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scripts.system_packages import install

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iot-facerecognition"


class WheelError(Exception):
    """The wheel cannot be had, or is another one; the message says which."""


def unpack_bundled(requirement: Path, folder: Path) -> str:
    """Unpack the Python files of the wheel that `requirement` pins into the new folder `folder`.

    Returns the text of its licence. Raises WheelError.
    """
    wheel = _wheel(requirement)
    licence = ""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            top = name.partition("/")[0]
            if top.endswith(".dist-info"):
                if Path(name).name.startswith("LICENSE"):
                    licence = archive.read(name).decode()
            elif name.endswith(".py"):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    if not licence:
        raise WheelError(f"{wheel.name} has no licence in it")
    return licence


def _wheel(requirement: Path) -> Path:
    """Return the wheel, fetched where the cache has none with the right digest."""
    found = re.search(
        r"^(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})$", requirement.read_text(), re.MULTILINE
    )
    if found is None:
        raise WheelError(f"{requirement} pins no wheel by NAME==VERSION --hash=sha256:DIGEST")
    name, version, digest = found.groups()
    kept = CACHE / "wheels" / f"{name}-{version}-py3-none-any.whl"
    if kept.exists() and hashlib.sha256(kept.read_bytes()).hexdigest() == digest:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        command = [*_pip(), "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--require-hashes"]
        command += ["--platform=any", "--implementation=py", "--abi=none", "--dest", folder]
        done = subprocess.run(
            [*command, "--requirement", requirement], check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise WheelError(f"pip could not fetch {name} {version}:\n{done.stderr.strip()}")
        (Path(folder) / kept.name).replace(kept)
    return kept


def _pip() -> list[str]:
    """Return the command for pip: this Python's, else the system's."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], check=False, capture_output=True).returncode == 0:
        return own
    install({"pip3": "python3-pip"})
    return ["pip3"]
