"""Other versions of the edge's package, good ones and bad ones, made out of the real one."""

import re
import subprocess
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from benchmarks.edge_device import DeviceError
from lab.hosts.network import run_tool

PACKAGE = "iot-facerecognition-edge"
_MODULES = "usr/lib/python3/dist-packages/iot_facerecognition_edge"
_UNIT = f"usr/lib/systemd/system/{PACKAGE}.service"


class Fault(StrEnum):
    """What is wrong with a version."""

    CRASHES = "crashes"
    """It ends with a traceback as soon as it is started."""
    SENDS_NOTHING = "sends-nothing"
    """It connects and says that it is well, but no picture leaves it."""
    HANGS = "hangs"
    """It hangs some seconds after it is ready, and its watchdog goes hungry."""
    HALF_RATE = "half-rate"
    """It sends every other picture, and still reports the rate that it is set to."""


def other_version(package: Path, version: str, folder: Path, fault: Fault | None = None) -> Path:
    """Return `package` made again in `folder` as `version`, with `fault`. Raises DeviceError."""
    root = folder / f"{PACKAGE}-{version}"
    run_tool(["dpkg-deb", "--raw-extract", package, root])
    control = root / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    # What the program knows its version by.
    (old,) = (root / "usr/lib/python3/dist-packages").glob("iot_facerecognition-*.dist-info")
    new = old.rename(old.with_name(f"iot_facerecognition-{version}.dist-info"))
    metadata = new / "METADATA"
    metadata.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", metadata.read_text()))
    if fault is not None:
        _FAULTS[fault](root)
    # Its digests are of the old files.
    (root / "DEBIAN/md5sums").unlink(missing_ok=True)
    made = folder / f"{PACKAGE}_{version}_all.deb"
    # Little time for the compressor: nobody keeps it.
    run_tool(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", root, made])
    subprocess.run(["rm", "-r", root], check=True)
    return made


def version_of(package: Path) -> str:
    """Return a package's version. Raises DeviceError."""
    done = subprocess.run(
        ["dpkg-deb", "--field", package, "Version"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise DeviceError(f"{package}: {done.stderr.strip()}")
    return done.stdout.strip()


def _crash(root: Path) -> None:
    _append(root, "appliance/facade.py", 'raise RuntimeError("this version is broken")')


def _send_nothing(root: Path) -> None:
    _append(root, "connection/link.py", "Link.send = lambda self, *picture: None")


def _hang(root: Path) -> None:
    _append(
        root,
        "daemon.py",
        "import time\n"
        "_began = time.monotonic()\n"
        "_beat = Daemon.beat\n"
        "def _hangs(self):\n"
        "    while time.monotonic() > _began + 4:\n"
        "        time.sleep(3600)\n"
        "    _beat(self)\n"
        "Daemon.beat = _hangs",
    )
    # The same watchdog, in a tenth of its time.
    _replace(root / _UNIT, r"(?m)^WatchdogSec=.*$", "WatchdogSec=6")


def _halve_the_rate(root: Path) -> None:
    _append(
        root,
        "connection/link.py",
        "_send, _numbers = Link.send, [0]\n"
        "def _every_other(self, *picture):\n"
        "    _numbers[0] += 1\n"
        "    if _numbers[0] % 2:\n"
        "        _send(self, *picture)\n"
        "Link.send = _every_other",
    )


_FAULTS: Mapping[Fault, Callable[[Path], None]] = {
    Fault.CRASHES: _crash,
    Fault.SENDS_NOTHING: _send_nothing,
    Fault.HANGS: _hang,
    Fault.HALF_RATE: _halve_the_rate,
}


def _append(root: Path, module: str, lines: str) -> None:
    path = root / _MODULES / module
    path.write_text(f"{path.read_text()}\n{lines}\n")


def _replace(path: Path, pattern: str, text: str) -> None:
    before = path.read_text()
    after = re.sub(pattern, text, before)
    if after == before:
        raise DeviceError(f"{path.name} has no {pattern}: correct the fault in lab/hosts")
    path.write_text(after)
