"""A fleet of real hosts, set up by the collection: `make test-fleet`.

Not part of `make test`: it makes Debian roots, boots hosts and needs root. FLEET=short leaves out
what takes long: most of the bad versions and of the power cuts, and the roles for servers alone.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_LAB = os.environ.get("LAB") == "fleet"
collect_ignore_glob = [] if _LAB else ["test_*.py"]
SHORT = os.environ.get("FLEET") == "short"
_ORDER = ("hosts", "adoption", "updates", "interruptions", "secrets", "backup")
"""What each test finds the fleet in: one session, one fleet."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files in their order, and leave out what is marked `long` in the short form."""
    here = Path(__file__).parent
    for item in items:
        if SHORT and item.path.is_relative_to(here) and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="not in the short form: make test-fleet"))
    ours = [item for item in items if item.path.parent == here]
    ours.sort(key=lambda item: _ORDER.index(item.path.stem.removeprefix("test_")))
    others = [item for item in items if item not in ours]
    items[:] = [*ours, *others]


if _LAB:
    from lab.hosts.lab import HostLab
    from lab.photos import fetch_photos
    from scripts.debian_package import build
    from tests.fleet.fleet import Fleet

    @pytest.fixture(scope="session")
    def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The edge's package, built from this tree."""
        return build(tmp_path_factory.mktemp("package"))

    @pytest.fixture(scope="session")
    def fleet(package: Path) -> Iterator[Fleet]:
        """One server and three edges, brought up from nothing by site.yml."""
        # Disks of hosts: on a file system, not in memory.
        with (
            tempfile.TemporaryDirectory(prefix="iotfr-fleet-", dir="/var/tmp") as folder,
            HostLab(Path(folder)) as lab,
        ):
            fleet = Fleet(lab, package, fetch_photos())
            fleet.boot()
            try:
                yield fleet
            finally:
                fleet.close()
