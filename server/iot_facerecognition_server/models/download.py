"""One file from a URL, stored only if it has the hash that was pinned."""

import hashlib
import sys
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from iot_facerecognition_protocol.system.whole_file import in_place_of
from iot_facerecognition_server.models.errors import ModelError

SCHEMES: Final = frozenset({"https", "file"})
_TIMEOUT: Final = 30.0
"""Seconds without a byte after which a download has failed."""
_CHUNK: Final = 1 << 20
_STEP: Final = 10
"""Percent between two lines of progress."""

Announce = Callable[[str], None]
"""Takes a line for whoever waits for a download."""


def announce_on_stderr(line: str) -> None:
    """Write a line of progress where it does not mix with a command's output."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def download(url: str, sha256: str, target: Path, announce: Announce) -> None:
    """Store what is at `url` (https or file) as `target`, whole and verified or not at all.

    Raises ModelError.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise ModelError(f"{url} is neither https:// nor file://")
    try:
        with in_place_of(target) as partial:
            with partial.open("wb") as file:
                found = _transfer(url, file.write, announce)
            if found != sha256:
                raise ModelError(
                    f"{url} has SHA-256 {found}, not {sha256} as configured: "
                    "check where it comes from, and correct the URL or the hash"
                )
    except (OSError, HTTPException) as error:
        raise ModelError(f"{url} could not be downloaded to {target}: {error}") from error


def _transfer(url: str, write: Callable[[bytes], object], announce: Announce) -> str:
    """Hand the content to `write` piece by piece and return its SHA-256."""
    digest = hashlib.sha256()
    done, shown = 0, 0
    with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:  # noqa: S310 - see SCHEMES
        size = int(response.headers.get("Content-Length") or 0)
        announce(f"downloading {url}" + (f" ({size / 1e6:.1f} MB)" if size else ""))
        while chunk := response.read(_CHUNK):
            digest.update(chunk)
            write(chunk)
            done += len(chunk)
            percent = 100 * done // size if size else 0
            if percent >= shown + _STEP:
                shown = percent
                announce(f"  {percent} %")
    if done < size:
        raise OSError(f"it ended after {done} of {size} bytes")
    return digest.hexdigest()
