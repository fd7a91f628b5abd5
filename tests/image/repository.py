"""Keys to sign a repository with, and repositories that somebody changed after signing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from scripts.system_packages import install

_PARAMETERS = (
    "--batch",
    "--passphrase",
    "",
    "--quick-generate-key",
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A keyring of gpg with two keys: the repository's and a stranger's."""

    home: Path
    key: str
    other_key: str

    @classmethod
    @contextmanager
    def made(cls, folders: pytest.TempPathFactory) -> Iterator[Self]:
        """Make the keys; end the agent of gpg that came with them afterwards."""
        install({"gpg": "gnupg"})
        home = folders.mktemp("gnupg")
        home.chmod(0o700)
        signer = cls(home, "repository@iot-facerecognition.invalid", "stranger@example.invalid")
        with signer.keyring():
            for address in (signer.key, signer.other_key):
                command = ["gpg", *_PARAMETERS, address, "rsa3072", "sign", "never"]
                subprocess.run(command, check=True, capture_output=True)
            try:
                yield signer
            finally:
                subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)

    @contextmanager
    def keyring(self) -> Iterator[None]:
        """Let gpg use these keys."""
        before = os.environ.get("GNUPGHOME")
        os.environ["GNUPGHOME"] = str(self.home)
        try:
            yield
        finally:
            os.environ.pop("GNUPGHOME")
            if before is not None:
                os.environ["GNUPGHOME"] = before

    @property
    def public_key(self) -> bytes:
        """The repository's key as devices get it."""
        with self.keyring():
            command = ["gpg", "--armor", "--export", self.key]
            return subprocess.run(command, check=True, capture_output=True).stdout


def tampered(good: Path, folder: Path, kind: str) -> None:
    """Copy the repository `good` to `folder` and change its `index`, `release` or a `package`."""
    shutil.copytree(good, folder)
    suite = folder / "dists/stable"
    match kind:
        case "index":
            for index in suite.glob("main/binary-*/Packages*"):
                index.write_bytes(index.read_bytes() + b"\n")
        case "release":
            signed = suite / "InRelease"
            text = signed.read_text()
            signed.write_text(text.replace("Codename: stable", "Codename: stabler"))
            release = suite / "Release"
            release.write_text(release.read_text().replace("Codename: stable", "Codename: stabler"))
        case "package":
            for package in folder.rglob("*.deb"):
                content = bytearray(package.read_bytes())
                content[-100] ^= 1
                package.write_bytes(content)
