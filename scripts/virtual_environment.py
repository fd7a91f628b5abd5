"""A virtual environment: whether it is whole, and making it."""

import re
import subprocess
import sys
from pathlib import Path

_WHOLE = """
from importlib.metadata import distribution
import pip._internal.cli.main
distribution("pip").read_text("RECORD") or exit(1)
"""
"""pip writes RECORD last, also when it installs itself."""
_INTERPRETER = re.compile(r"(/[^\n\"']*)/python[\d.]*")


class VirtualEnvironment:
    """The environment in one folder."""

    def __init__(self, folder: Path) -> None:
        """Look after `folder`, an absolute path, which need not be there."""
        self.folder = folder
        self.python = folder / "bin" / "python"

    def broken(self) -> str:
        """Return why it has to be made again; empty where it need not be."""
        if not self.python.exists():  # also a link to a Python that is no longer installed
            return "its Python is gone"
        done = subprocess.run([self.python, "-c", _WHOLE], check=False, capture_output=True)
        if done.returncode:
            return "it is not whole: its making was interrupted"
        if self._moved():
            return "the clone was moved, and its commands name the old place"
        return ""

    def _moved(self) -> bool:
        """Tell whether the commands start a Python elsewhere than in this folder."""
        try:
            first_lines = (self.folder / "bin" / "pip").read_text(encoding="utf-8")[:1000]
        except (OSError, UnicodeDecodeError):
            return False
        named = _INTERPRETER.search(first_lines)
        if named is None:
            return False
        place = Path(named[1])
        return not (place.is_dir() and place.samefile(self.python.parent))

    def make(self) -> None:
        """Make it with the Python that runs this, in the place of what is there."""
        subprocess.run([sys.executable, "-m", "venv", "--clear", self.folder], check=True)
