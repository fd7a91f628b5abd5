"""A device that keeps what is installed over power cuts, and packages broken on purpose."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.edge_device import LABS
from tests.image.device import PACKAGE, Device
from tests.image.roots import System
from tests.labs.booted_debian import BootedDebian

UPDATE = "iot-facerecognition-update"
FOLDER = f"/var/lib/{UPDATE}"
GUARD = f"{UPDATE}-guard.service"
_EDGE = "usr/lib/python3/dist-packages/iot_facerecognition_edge"


class UpdatingDevice:
    """A Debian over an overlay that outlives its boots. `power_on` begins, `cut_power` ends one."""

    def __init__(self, folder: Path, system: System, shelf: Path) -> None:
        """Make it in `folder`; it sees the packages in `shelf` as /deb."""
        self.name = system.name
        self._system, self._shelf = system, shelf
        upper, work, self._root = (folder / name for name in ("upper", "work", "root"))
        for made in (upper, work, self._root):
            made.mkdir()
        options = f"lowerdir={system.root()},upperdir={upper},workdir={work}"
        command = ["mount", "-t", "overlay", "overlay", "-o", options, str(self._root)]
        subprocess.run(command, check=True)
        self._booted: BootedDebian | None = None

    @property
    def device(self) -> Device:
        """What can be done with the booted system."""
        assert self._booted is not None
        return Device(self._booted, emulated=False)

    def power_on(self) -> None:
        """Boot it."""
        archives = LABS / "apt-archives" / self._system.name
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        more = ["--volatile=no", f"--bind={archives}:/var/cache/apt/archives"]
        self._booted = BootedDebian(self._root, {self._shelf: "/deb"}, more)
        self._booted.__enter__()

    def cut_power(self) -> None:
        """End every process of it at once, in the middle of whatever they do."""
        assert self._booted is not None
        self._booted.cut_power()

    def close(self) -> None:
        """Switch it off and take it apart."""
        try:
            if self._booted is not None:
                self._booted.__exit__(None, None, None)
        finally:
            subprocess.run(["umount", "--lazy", str(self._root)], check=True)

    # Updates

    def install(self, package: str, *options: str) -> str:
        """Hand a package of the shelf to the updater."""
        return self.device.run(UPDATE, "install", f"/deb/{package}", *options)

    def wait(self, seconds: int = 120) -> tuple[int, dict[str, str]]:
        """Wait for the end of the update; return the exit status, and what is reported."""
        script = f"{UPDATE} wait {seconds}; status=$?; echo; echo $status"
        told = self.device.run("sh", "-c", script).splitlines()
        return int(told[-1]), self.state()

    def state(self) -> dict[str, str]:
        """Return what the server is told."""
        found: dict[str, str] = json.loads(self.device.run(UPDATE, "status", "--json"))
        return found

    def streams(self) -> bool:
        """Return whether the appliance says that it streams."""
        told = self.device.run("cat", f"/run/{PACKAGE}/streaming", check=False)
        try:
            found = json.loads(told)
        except ValueError:
            return False
        return bool(found["connected"] and found["rate"] > 0)

    def until_it_streams(self) -> None:
        """Wait until it streams, or fail."""
        self.device.debian.until(self.streams, self.device.patience)

    def is_whole(self) -> None:
        """Assert that dpkg is done, one version is there, and no guard is left."""
        device = self.device
        assert device.run("dpkg", "--audit") == ""
        version = device.version()
        places = device.run("sh", "-c", "ls -d /usr/lib/python3/dist-packages/iot_face*.dist-info")
        assert len(places.split()) == 1, places
        assert version in places
        units = device.run("find", "/etc/systemd/system", "-name", f"{UPDATE}-guard*")
        assert units == ""
        ended = ("systemctl", "is-active", GUARD)
        device.debian.until(lambda: device.run(*ended, check=False) == "inactive", 10)


@contextmanager
def updating_device(folder: Path, system: System, shelf: Path) -> Iterator[UpdatingDevice]:
    """Yield a device, and take it apart afterwards."""
    device = UpdatingDevice(folder, system, shelf)
    try:
        yield device
    finally:
        device.close()


def variant(package: Path, version: str, shelf: Path, change: Callable[[Path], None]) -> str:
    """Put `package` on the shelf as `version`, with `change` made to its files; return its name."""
    root = shelf / "root"
    subprocess.run(["dpkg-deb", "--raw-extract", package, root], check=True)
    control = root / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    (old,) = (root / "usr/lib/python3/dist-packages").glob("*.dist-info")
    old.rename(old.with_name(f"iot_facerecognition-{version}.dist-info"))
    change(root)
    # Its digests are of the old files; dpkg makes them again.
    (root / "DEBIAN/md5sums").unlink()
    name = f"{PACKAGE}_{version}_all.deb"
    words = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, shelf / name]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
    return name


def unchanged(root: Path) -> None:
    """A release like any other."""


def crashes(root: Path) -> None:
    """It ends at its start."""
    module = root / _EDGE / "assembly.py"
    module.write_text(module.read_text() + '\nraise RuntimeError("broken on purpose")\n')


def is_silent(root: Path) -> None:
    """It connects, and sends no pictures."""
    _replace(
        root / _EDGE / "connection/link.py",
        "if self._client is not None:\n            self._client.send(",
        "if False:\n            self._client.send(",
    )


def has_no_updater(root: Path) -> None:
    """Its updater is gone, and so is every module of it that an earlier one would need."""
    for path in (root / _EDGE / "update").glob("*.py"):
        if path.name not in {"__init__.py", "names.py"}:
            path.unlink()
    (root / "usr/bin" / UPDATE).unlink()


def cannot_be_configured(root: Path) -> None:
    """Its maintainer scripts fail, and would stand in the way of any other version."""
    for name in ("postinst", "prerm"):
        (root / "DEBIAN" / name).write_text("#!/bin/sh\necho 'broken on purpose' >&2\nexit 1\n")


def _replace(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1, (path, before)
    path.write_text(text.replace(before, after))
