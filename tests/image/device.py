"""A booted system as the owner of a device sees it: apt, systemctl and the program."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from iot_facerecognition_client.jpeg import read_jpeg_header
from lab.server_process import ServerProcess
from tests.image.roots import System
from tests.labs.booted_debian import BootedDebian

PACKAGE = "iot-facerecognition-edge"
UNIT = f"{PACKAGE}.service"
USER = "iot-facerecognition"
STATE = f"/var/lib/{PACKAGE}"
DEFAULTS = f"/etc/{PACKAGE}/defaults.conf"
APT = (
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "--yes",
    "--no-install-recommends",
    "--option=APT::Keep-Downloaded-Packages=true",
    # Nobody is there to say which configuration file to keep.
    "--option=Dpkg::Options::=--force-confold",
)


class Device:
    """What tests do with a booted system. In emulation `patience`, in seconds, is more."""

    def __init__(self, debian: BootedDebian, *, emulated: bool) -> None:
        self.debian = debian
        self.emulated = emulated
        self.patience = 300.0 if emulated else 60.0

    def run(self, *command: str, check: bool = True, given: bytes = b"") -> str:
        """Run a command as root; return what it printed."""
        return self.debian.run(*command, check=check, given=given)

    def apt(self, *words: str) -> str:
        """Run apt-get as a script would."""
        return self.run(*APT, *words)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, and the folder that it is in."""
        self.run("mkdir", "--parents", str(Path(path).parent))
        self.run("sh", "-c", f"cat >'{path}'", given=content)

    def shown(self, name: str) -> str:
        """Return a property of the unit."""
        return self.run("systemctl", "show", "--value", "--property", name, UNIT)

    def journal(self) -> str:
        """Return what the unit logged, and systemd about it."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", UNIT)

    def version(self) -> str:
        """Return the installed version, empty where the package is not installed."""
        command = ("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Version}", PACKAGE)
        status, _, version = self.run(*command, check=False).partition(" ")
        return version if status == "ii" else ""

    def settings(self) -> dict[str, object]:
        """Return what is kept of the settings."""
        kept: dict[str, object] = json.loads(self.run("cat", f"{STATE}/settings.json"))["settings"]
        return kept

    def set_up(self, server: ServerProcess, photo: Path) -> None:
        """Do what docs/edge.md says under "First start", with a photo for a camera."""
        jpeg = photo.read_bytes()
        header, access = read_jpeg_header(jpeg), server.access
        self.write(f"/photo/{photo.name}", jpeg)
        self.run(
            PACKAGE,
            "settings",
            "set",
            "connection.name=kitchen",
            f"connection.address=127.0.0.1:{access.port}",
            f"connection.token={access.token}",
            f"connection.fingerprint={access.fingerprint}",
            "display.screen=none",
            "camera.source=folder:/photo",
            f"camera.width={header.width}",
            f"camera.height={header.height}",
            "camera.fps=2",
        )

    def until_it_streams(self, name: str) -> None:
        """Wait until the service's newest start has named `name`."""
        seen = f"face: {name}"
        self.debian.until(lambda: seen in self.journal().rpartition("Starting ")[2], self.patience)

    def traces(self) -> list[str]:
        """Return the paths of the file system that have the product's name in them."""
        found = self.run(
            "find", "/", "-xdev", "(", "-path", "/proc", "-o", "-path", "/run/systemd/units", ")",
            "-prune", "-o", "-regex", ".*iot[_-]facerecognition.*", "-print",
        )  # fmt: skip
        return [path for path in found.splitlines() if not path.startswith(("/deb/", "/apt/"))]


@contextmanager
def booted(system: System, binds: Mapping[Path, str]) -> Iterator[Device]:
    """Boot `system`, with folders of this machine to be read in it."""
    with system.boot(dict(binds)) as debian:
        yield Device(debian, emulated=system.emulated)


def free_port() -> int:
    """Return a TCP port of loopback that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def newer(package: Path, version: str, folder: Path) -> Path:
    """Return `package` built once more as `version`, with another word in its default settings."""
    root = folder / version
    subprocess.run(["dpkg-deb", "--raw-extract", package, root], check=True)
    control = root / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    (old,) = (root / "usr/lib/python3/dist-packages").glob("*.dist-info")
    old.rename(old.with_name(f"iot_facerecognition-{version}.dist-info"))
    with (root / DEFAULTS.lstrip("/")).open("a") as defaults:
        defaults.write("\n# A newer release has more to say.\n")
    # Its digests are of the old files.
    (root / "DEBIAN/md5sums").unlink()
    made = folder / package.name.replace(package.name.split("_")[1], version)
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, made], check=True)
    return made
