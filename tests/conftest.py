"""Fixtures for every part of the suite."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from lab.photos import fetch_photos

# Under nohup, and in the background of a script, SIGINT is ignored, and what is ignored stays so in
# every program that a test starts. Tests that interrupt one need it as a terminal gives it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says what else the machine does, and decides nothing.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@pytest.fixture(scope="session")
def photos() -> Path:
    """Folder with real photos: obama*.jpg, biden.jpg, astronaut.png, group.jpg and others."""
    return fetch_photos()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what tests log reach pytest-xdist, which takes no text that cannot be UTF-8."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report
