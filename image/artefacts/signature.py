"""The list of checksums, and a detached signature of it by an SSH key."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from image.artefacts.tools import run

NAMESPACE = "file"
"""ssh-keygen's name for what a signature is about: a file."""


def write_checksums(files: Iterable[Path], target: Path) -> None:
    """Write the SHA-256 of each of `files` in the form that `sha256sum --check` reads."""
    lines = []
    for file in files:
        with file.open("rb") as opened:
            lines.append(f"{hashlib.file_digest(opened, 'sha256').hexdigest()}  {file.name}\n")
    target.write_text("".join(lines))


def sign(file: Path, key: Path) -> Path:
    """Sign `file` with the private SSH key `key`; return the signature. Raises ArtefactError."""
    signature = file.with_name(file.name + ".sig")
    signature.unlink(missing_ok=True)
    run("ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, file)
    run("ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", signature,
        given=file.read_bytes())  # fmt: skip
    return signature
