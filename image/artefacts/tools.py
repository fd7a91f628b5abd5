"""Programs that the artefacts are made with."""

import subprocess
from pathlib import Path

from image.artefacts.errors import ArtefactError

PACKAGES = {
    "bmaptool": "bmap-tools",
    "debugfs": "e2fsprogs",
    "fallocate": "util-linux",
    "ssh-keygen": "openssh-client",
    "xz": "xz-utils",
}
"""The Debian package of each."""


def run(tool: str, *arguments: str | Path, given: bytes = b"") -> bytes:
    """Run `tool` with `given` on its standard input; return what it printed.

    Raises ArtefactError where it is missing or fails.
    """
    command = [tool, *map(str, arguments)]
    try:
        done = subprocess.run(command, input=given, check=False, capture_output=True)
    except FileNotFoundError:
        raise ArtefactError(f"{tool} is missing: apt install {PACKAGES[tool]}") from None
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise ArtefactError(f"{' '.join(command)} failed: {words}")
    return done.stdout
