"""Fixtures for every part of the suite."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def photos() -> Path:
    """Folder with real photos: obama*.jpg, biden.jpg, astronaut.png, chelsea.png and others."""
    script = ROOT / "demo" / "photos.py"
    done = subprocess.run([sys.executable, script], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())
