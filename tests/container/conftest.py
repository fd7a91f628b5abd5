"""The image, built as docs/container.md tells, and containers of it.

Part of `make test-container`, not of `make test`: it builds an image of a gigabyte.
"""

import fcntl
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.containers import IMAGE, copy_of_the_tree
from tests.container.podman import Podman, missing_packages

collect_ignore_glob = [] if os.environ.get("LAB") == "container" else ["test_*.py"]


@pytest.fixture(scope="session")
def cache() -> Path:
    """What is slow to make and is kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "iot-facerecognition" / "container"


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Podman]:
    """The tools, installed if need be."""
    missing = missing_packages()
    if missing:
        install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *missing]
        if os.geteuid() != 0:
            pytest.fail(f"run this line as root, then try again: {' '.join(install)}")
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        # Two labs over the same layers would unmount each other's: the second waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Podman(tmp_path_factory.mktemp("podman"), cache)
        yield made
        made.forget_old_layers()


@pytest.fixture(scope="session")
def image(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The CPU variant, built from what git tracks here."""
    podman.make_base()
    podman.build(copy_of_the_tree(tmp_path_factory.mktemp("context")), IMAGE)
    return IMAGE


@pytest.fixture
def volume(podman: Podman, image: str) -> Iterator[str]:
    """An empty volume."""
    name = f"iotfr-test-{secrets.token_hex(4)}"
    podman.run("podman", "volume", "create", name)
    yield name
    podman.run("podman", "volume", "rm", "--force", name)
