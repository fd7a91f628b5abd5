"""The image as what is downloaded: compressed, and hashed on both sides of that in one pass."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from image.artefacts.disk_image import DiskImage
from image.artefacts.errors import ArtefactError
from image.artefacts.tools import PACKAGES


@dataclass(frozen=True, slots=True)
class Download:
    """A compressed image: sizes in bytes, hashes as hexadecimal SHA-256.

    Imager hashes what it writes, so `extract_sha256` is of the uncompressed image.
    """

    path: Path
    extract_size: int
    extract_sha256: str
    download_size: int
    download_sha256: str


def compress(image: DiskImage, target: Path) -> Download:
    """Compress `image` to `target` (.img.xz) with every processor. Raises ArtefactError."""
    extracted = hashlib.sha256()
    size = 0
    command = [
        "xz",
        "--compress",
        "--stdout",
        "--threads=0",
        "--memlimit-compress=50%",
        "-6",
    ]
    part = target.with_name(target.name + ".part")
    try:
        with (
            part.open("wb") as out,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out) as xz,
        ):
            assert xz.stdin is not None
            for chunk in image.chunks():
                extracted.update(chunk)
                size += len(chunk)
                xz.stdin.write(chunk)
            xz.stdin.close()
    except FileNotFoundError:
        raise ArtefactError(f"xz is missing: apt install {PACKAGES['xz']}") from None
    except BrokenPipeError:
        raise ArtefactError(f"xz ended early: is the disk of {target.parent} full?") from None
    if xz.returncode:
        raise ArtefactError(f"xz ended with status {xz.returncode}")
    part.replace(target)
    with target.open("rb") as file:
        downloaded = hashlib.file_digest(file, "sha256").hexdigest()
    return Download(target, size, extracted.hexdigest(), target.stat().st_size, downloaded)
