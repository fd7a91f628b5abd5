"""Roles `server` and `monitoring` on hosts of their own: part of `make test-fleet`."""

import os
import tempfile
from pathlib import Path

import pytest

_LAB = os.environ.get("LAB") == "fleet"
collect_ignore_glob = [] if _LAB else ["test_*.py"]

if _LAB:
    from lab.hosts.lab import HostLab
    from tests.fleet.servers.hosts import ServerHosts

    @pytest.fixture(scope="session")
    def hosts():
        """A server's host, one to restore it on, and one for monitoring: as Debian comes."""
        with (
            tempfile.TemporaryDirectory(prefix="iotfr-servers-", dir="/var/tmp") as folder,
            HostLab(Path(folder)) as lab,
        ):
            yield ServerHosts(lab)
