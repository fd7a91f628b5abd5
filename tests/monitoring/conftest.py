"""The monitoring lab: Prometheus' own tools, and a Prometheus that scrapes the real server.

Part of `make lab-monitoring`, not of `make test`: it installs Debian packages.
"""

import os
import shutil
import subprocess

import pytest

collect_ignore_glob = [] if os.environ.get("LAB") == "monitoring" else ["test_*.py"]

_PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "cc": "build-essential",
    "chromium": "chromium",
}


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Install what is missing; Debian starts no daemon where systemd is not process 1."""
    missing = {package for tool, package in _PACKAGES.items() if shutil.which(tool) is None}
    if not missing:
        return
    install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *sorted(missing)]
    if os.geteuid() != 0:
        pytest.fail(f"run this line as root, then try again: {' '.join(install)}")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
