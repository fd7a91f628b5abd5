"""The image, built as docs/container.md tells, and containers of it.

Part of `make test-container`, not of `make test`: it builds an image of a gigabyte.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.containers import IMAGE, ROOT
from tests.container.podman import Podman, missing_packages

collect_ignore_glob = [] if os.environ.get("LAB") == "container" else ["test_*.py"]


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """The tools, installed if need be."""
    missing = missing_packages()
    if missing:
        install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *missing]
        if os.geteuid() != 0:
            pytest.fail(f"run this line as root, then try again: {' '.join(install)}")
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    made = Podman(tmp_path_factory.mktemp("podman"), cache / "iot-facerecognition" / "container")
    yield made
    made.forget_old_layers()


@pytest.fixture(scope="session")
def image(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The CPU variant, built from what git tracks here."""
    podman.make_base()
    podman.build(_context(tmp_path_factory.mktemp("context")), IMAGE)
    return IMAGE


@pytest.fixture
def volume(podman: Podman, image: str) -> Iterator[str]:
    """An empty volume."""
    name = f"iotfr-test-{secrets.token_hex(4)}"
    podman.run("podman", "volume", "create", name)
    yield name
    podman.run("podman", "volume", "rm", "--force", name)


def _context(folder: Path) -> Path:
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
