"""A server and an edge that know each other by certificates: part of `make test-fleet`."""

import os
import tempfile
from pathlib import Path

import pytest

_LAB = os.environ.get("LAB") == "fleet"
collect_ignore_glob = [] if _LAB else ["test_*.py"]

if _LAB:
    from lab.hosts.lab import HostLab
    from lab.photos import fetch_photos
    from tests.fleet.certificates.site import CertificateSite
    from tests.fleet.fleet import Fleet

    @pytest.fixture(scope="session")
    def site(package: Path):
        """One server and one edge, as fresh as Debian comes."""
        with (
            tempfile.TemporaryDirectory(prefix="iotfr-certificates-", dir="/var/tmp") as folder,
            HostLab(Path(folder)) as lab,
        ):
            site = CertificateSite(Fleet(lab, package, fetch_photos()))
            try:
                yield site
            finally:
                site.fleet.close()
