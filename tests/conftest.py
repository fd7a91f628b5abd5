"""Fixtures for every part of the suite."""

import signal
from pathlib import Path

import pytest

from demo.photos import fetch_photos

# Under nohup, and in the background of a script, SIGINT is ignored, and what is ignored stays so in
# every program that a test starts. Tests that interrupt one need it as a terminal gives it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def photos() -> Path:
    """Folder with real photos: obama*.jpg, biden.jpg, astronaut.png, group.jpg and others."""
    return fetch_photos()
