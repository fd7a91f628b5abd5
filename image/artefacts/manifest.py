"""What tells Raspberry Pi Imager about the image: a manifest, also used as a repository.

Imager customises only an image whose `init_format` it was told, and lists only images for the board
that was chosen. The fields are those of Imager 2.0.11 (its doc/schema-notes.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from image.artefacts.compression import Download

REQUIRED: Mapping[str, type] = {
    "name": str,
    "description": str,
    "icon": str,
    "url": str,
    "extract_size": int,
    "extract_sha256": str,
    "image_download_size": int,
    "release_date": str,
    "devices": list,
}
INIT_FORMATS = ("", "none", "systemd", "cloudinit", "cloudinit-rpi", "rpi-preseed")
ARCHITECTURES = ("armel", "armhf", "armv8")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SCHEMES = ("https", "http", "file")


@dataclass(frozen=True, slots=True)
class Board:
    """A board as Imager lists it, with the tags by which it finds images for it."""

    name: str
    description: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The boards that an image is for; `architecture` is Imager's word for it."""

    name: str
    architecture: str
    boards: tuple[Board, ...]


TARGETS = {
    "armhf": Target(
        "iot-facerecognition edge",
        "armhf",
        (Board("Raspberry Pi Zero W", "Also Zero, Zero WH and 1", ("pi1-32bit",)),),
    ),
    "arm64": Target(
        "iot-facerecognition edge (64-bit)",
        "armv8",
        (
            Board("Raspberry Pi Zero 2 W", "Also 3 and 3+", ("pi3-64bit",)),
            Board("Raspberry Pi 4", "Also 400", ("pi4-64bit",)),
            Board("Raspberry Pi 5", "Also 500", ("pi5-64bit",)),
        ),
    ),
}
"""By pi-gen's architectures. The 32-bit image has the kernel of ARMv6 boards only."""


def entry(
    target: Target,
    version: str,
    download: Download,
    released: str,
    urls: "Urls",
) -> dict[str, Any]:
    """Return the image's entry; `released` is a date, YYYY-MM-DD."""
    return {
        "name": target.name,
        "description": f"Version {version}: camera and screen that name faces and things",
        "icon": urls.icon,
        "url": urls.image,
        "extract_size": download.extract_size,
        "extract_sha256": download.extract_sha256,
        "image_download_size": download.download_size,
        "image_download_sha256": download.download_sha256,
        "release_date": released,
        "devices": [tag for board in target.boards for tag in board.tags],
        "init_format": "rpi-preseed",
        "architecture": target.architecture,
        "bmap_url": urls.block_map,
    }


@dataclass(frozen=True, slots=True)
class Urls:
    """Where Imager finds the files: https, or file for those on this computer."""

    image: str
    icon: str
    block_map: str


def document(target: Target, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a whole manifest. Imager shows no board to choose where it lists no devices."""
    return {
        "imager": {
            "devices": [
                {
                    "name": board.name,
                    "description": board.description,
                    "tags": list(board.tags),
                    "matching_type": "exclusive",
                    "architecture": target.architecture,
                }
                for board in target.boards
            ]
        },
        "os_list": list(entries),
    }


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return `new` with those boards and images of `old` that have other names."""

    def together(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
        names = {item["name"] for item in other}
        return [*(item for item in one if item["name"] not in names), *other]

    devices = together(old["imager"]["devices"], new["imager"]["devices"])
    return {"imager": {"devices": devices}, "os_list": together(old["os_list"], new["os_list"])}


def problems(manifest: Mapping[str, Any]) -> list[str]:
    """Return what Imager would not accept in `manifest`, a sentence each."""
    found = [
        f"board {index}: {field} is missing"
        for index, board in enumerate(manifest.get("imager", {}).get("devices", ()))
        for field in ("name", "description", "tags")
        if not board.get(field)
    ]
    if not manifest.get("imager", {}).get("devices"):
        found.append("imager.devices is missing: no board could be chosen")
    entries = manifest.get("os_list")
    if not isinstance(entries, list) or not entries:
        return [*found, "os_list has to be a list of images"]
    for entry in entries:
        found += [f"{entry.get('name', 'an image')}: {words}" for words in _entry_problems(entry)]
    return found


def _entry_problems(entry: Mapping[str, Any]) -> list[str]:
    found = []
    for field, kind in REQUIRED.items():
        value = entry.get(field)
        if not isinstance(value, kind) or isinstance(value, bool):
            found.append(f"{field} has to be {kind.__name__}")
        elif not value:
            found.append(f"{field} is empty")
    if found:
        return found
    if not _SHA256.fullmatch(entry["extract_sha256"]):
        found.append("extract_sha256 has to be 64 hexadecimal digits")
    if not _DATE.fullmatch(entry["release_date"]):
        found.append("release_date has to be YYYY-MM-DD")
    found += [
        f"{field} has to be an address that begins with https, http or file"
        for field in ("url", "icon", "bmap_url", "website")
        if field in entry and urlsplit(entry[field]).scheme not in _SCHEMES
    ]
    if entry.get("init_format", "none") not in INIT_FORMATS:
        found.append(f"init_format has to be one of {', '.join(INIT_FORMATS[1:])}")
    if entry.get("architecture", "armhf") not in ARCHITECTURES:
        found.append(f"architecture has to be one of {', '.join(ARCHITECTURES)}")
    if not all(isinstance(tag, str) and tag for tag in entry["devices"]):
        found.append("devices has to list tags of boards")
    return found
