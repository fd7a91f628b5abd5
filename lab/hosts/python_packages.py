"""This environment's Python packages on a host that has no index to ask.

The host's Python sees them in every virtual environment, and pip takes them for installed; what it
installs is the project's own wheel. So a gigabyte is neither fetched nor unpacked again.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

from benchmarks.edge_device import REPOSITORY, DeviceError
from lab.hosts.host import Host

_SEEN_AT = "/opt/lab/site-packages"
_OFFERED = "opt/lab/packages"
_OWN = ("iot_facerecognition", "__editable__")
_SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}


def suite_of_this_python() -> str:
    """Return the Debian release with this Python. Raises DeviceError where there is none."""
    version = sys.version_info[:2]
    if version not in _SUITES:
        raise DeviceError(
            "the server's host runs with this environment's packages, so that has to be of Python"
            f" 3.11 or 3.13, and is of {version[0]}.{version[1]}: rm -r .venv, then use PYTHON=…"
        )
    return _SUITES[version]


def site_packages() -> dict[Path, str]:
    """Return what a host has to bind for `offer_packages`."""
    return {Path(sysconfig.get_path("purelib")): _SEEN_AT}


def offer_packages(host: Host) -> None:
    """Let Python on `host`, which is off, find this environment's packages without the project."""
    folder = host.folder / "upper" / _OFFERED
    folder.mkdir(parents=True)
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(_OWN) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(f"{_SEEN_AT}/{entry.name}")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    host.write(f"etc/{version}/sitecustomize.py", f'import sys\n\nsys.path.append("/{_OFFERED}")\n')


def build_wheel(folder: Path) -> Path:
    """Build the project's wheel in `folder`. Raises DeviceError."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(folder), str(REPOSITORY)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise DeviceError(f"pip could not build the wheel:\n{done.stderr[-2000:]}")
    (wheel,) = folder.glob("iot_facerecognition-*.whl")
    return wheel
