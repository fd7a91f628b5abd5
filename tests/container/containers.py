"""The image's name, and containers of it."""

import itertools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.container.podman import Podman

ROOT = Path(__file__).parents[2]
IMAGE = "localhost/iot-facerecognition-server:test"
HARDENING = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--memory=3g",
    "--pids-limit=256",
)
"""How docs/container.md says to run it."""
_numbers = itertools.count(1)


def copy_of_the_tree(folder: Path) -> Path:
    """Copy the tracked files and those that will be, so that no stray file gets into the image."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


@dataclass(frozen=True, slots=True)
class Access:
    """What an edge needs."""

    port: int
    token: str
    fingerprint: str


class Container:
    """One running container over a volume that may be shared by several, one after the other."""

    def __init__(self, podman: Podman, volume: str, *options: str) -> None:
        self.podman = podman
        self.volume = volume
        self.name = f"{volume}-{next(_numbers)}"
        self._options = options

    def __enter__(self) -> Self:
        self.podman.run(
            "podman", "run", "--detach", "--name", self.name, *HARDENING,
            f"--volume={self.volume}:/data", "--publish=127.0.0.1::50000", *self._options, IMAGE,
        )  # fmt: skip
        return self

    def __exit__(self, *problem: object) -> None:
        self.podman.run("podman", "rm", "--force", "--time=10", self.name)

    def logs(self) -> str:
        return self.podman.logs(self.name)

    def python(self, *arguments: str) -> str:
        """Run a program of the image's in the container."""
        return self.podman.run("podman", "exec", self.name, *arguments)

    def access(self, token: str | None = None) -> Access:
        """Return what the container has printed; only the first one has printed a token."""
        printed = self.logs()
        found = re.search(r"token: (\S+)", printed)
        fingerprint = re.search(r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", printed)
        assert fingerprint is not None, printed
        if token is None:
            assert found is not None, printed
            token = found[1]
        return Access(self.podman.port(self.name, 50000), token, fingerprint[0])
