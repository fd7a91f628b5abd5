"""Fixtures for every part of the suite."""

from pathlib import Path

import pytest

from demo.photos import fetch_photos


@pytest.fixture(scope="session")
def photos() -> Path:
    """Folder with real photos: obama*.jpg, biden.jpg, astronaut.png, group.jpg and others."""
    return fetch_photos()
