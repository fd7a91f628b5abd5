"""Make a signed repository for apt out of built packages, or add them to one.

Usage: python -m scripts.apt_repository --key KEY [--output dist/apt] [--url URL] PACKAGE.deb ...

The folder can be served by any web server, or copied to the devices. It holds dists/ with
InRelease, Release and Release.gpg signed by the key of gpg's keyring (GNUPGHOME), pool/ with every
version that was ever added, the public key, and a sources file for the devices.
"""

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from pathlib import Path

from scripts.system_packages import MissingPackagesError, install

TOOLS = {"dpkg-scanpackages": "dpkg-dev", "dpkg-deb": "dpkg", "gpg": "gnupg"}
FAILED = 1
SUITE, COMPONENT = "stable", "main"
ARCHITECTURES = ("amd64", "arm64", "armel", "armhf")
"""Whose indexes are written; a package for all architectures is in each of them."""
ORIGIN = "iot-facerecognition"
KEY_FILE = f"{ORIGIN}.asc"
SOURCES_FILE = f"{ORIGIN}.sources"
EXAMPLE_URL = "https://packages.example.org/"
_DAY = 86400
_SOURCES = """\
# Put this file into /etc/apt/sources.list.d and {key} into /etc/apt/keyrings.
Types: deb
URIs: {url}
Suites: {suite}
Components: {component}
Signed-By: /etc/apt/keyrings/{key}
"""


class RepositoryError(Exception):
    """The repository cannot be made; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Add the packages, sign, and print the folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="apt_repository", description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="+", type=Path, metavar="PACKAGE.deb")
    parser.add_argument("--key", required=True, help="fingerprint or address of gpg's secret key")
    parser.add_argument("--output", type=Path, default=Path("dist/apt"), metavar="FOLDER")
    parser.add_argument("--url", default=EXAMPLE_URL, help="where the devices will find the folder")
    parser.add_argument(
        "--valid-days",
        type=int,
        metavar="DAYS",
        help="after which devices reject the repository, so that no old state of it can be passed "
        "off as new; sign again before that (default: never)",
    )
    given = parser.parse_args(arguments)
    try:
        install(TOOLS)
        publish(given.packages, given.output, given.key, given.url, given.valid_days)
    except (RepositoryError, MissingPackagesError) as error:
        print(f"apt_repository: {error}", file=sys.stderr)
        return FAILED
    print(f"{given.output}: signed; {SOURCES_FILE} and {KEY_FILE} in it go to the devices")
    return 0


def publish(
    packages: Sequence[Path], folder: Path, key: str, url: str, valid_days: int | None = None
) -> None:
    """Add `packages` to the repository in `folder` and sign it. Raises RepositoryError."""
    if not key:
        raise RepositoryError("which key? Name one of `gpg --list-secret-keys`: KEY=FINGERPRINT")
    for package in packages:
        _add(package, folder)
    suite = folder / "dists" / SUITE
    for architecture in ARCHITECTURES:
        _write_index(folder, architecture)
    now = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    release = suite / "Release"
    release.write_text("".join(f"{line}\n" for line in _release(suite, now, valid_days)))
    _gpg("--clearsign", "--local-user", key, "--output", suite / "InRelease", release)
    _gpg(
        "--armor", "--detach-sign", "--local-user", key, "--output", suite / "Release.gpg", release
    )
    _gpg("--armor", "--export", "--output", folder / KEY_FILE, key)
    sources = _SOURCES.format(url=url, suite=SUITE, component=COMPONENT, key=KEY_FILE)
    (folder / SOURCES_FILE).write_text(sources)


def _add(package: Path, folder: Path) -> None:
    """Put `package` into the pool, where a published version never changes again."""
    name = _run("dpkg-deb", "--field", package, "Package").strip()
    source = _run("dpkg-deb", "--field", package, "Source").strip().partition(" ")[0] or name
    place = folder / "pool" / COMPONENT / source[0] / source / package.name
    if place.exists() and place.read_bytes() != package.read_bytes():
        raise RepositoryError(
            f"{place} was published with other contents: raise the version in pyproject.toml, or "
            "remove that file if no device has seen it"
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package, place)
    place.chmod(0o644)


def _write_index(folder: Path, architecture: str) -> None:
    place = folder / "dists" / SUITE / COMPONENT / f"binary-{architecture}"
    place.mkdir(parents=True, exist_ok=True)
    scan = ("dpkg-scanpackages", "--multiversion", "--arch", architecture, "pool")
    index = _run(*scan, cwd=folder).encode()
    (place / "Packages").write_bytes(index)
    (place / "Packages.gz").write_bytes(gzip.compress(index, mtime=0))


def _release(suite: Path, now: int, valid_days: int | None) -> Iterator[str]:
    """Yield the lines of the file that is signed: the digests of all indexes."""
    yield f"Origin: {ORIGIN}"
    yield f"Label: {ORIGIN}"
    yield f"Suite: {SUITE}"
    yield f"Codename: {SUITE}"
    yield f"Date: {formatdate(now, usegmt=True)}"
    if valid_days is not None:
        yield f"Valid-Until: {formatdate(now + valid_days * _DAY, usegmt=True)}"
    yield f"Architectures: {' '.join(ARCHITECTURES)}"
    yield f"Components: {COMPONENT}"
    # The indexes of the architectures hold those packages, too.
    yield "No-Support-for-Architecture-all: Packages"
    yield "Description: face and object recognition at the edge"
    yield "SHA256:"
    for path in sorted(suite.glob(f"{COMPONENT}/binary-*/Packages*")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        yield f" {digest} {len(content)} {path.relative_to(suite)}"


def _gpg(*arguments: str | Path) -> None:
    _run("gpg", "--batch", "--yes", "--digest-algo", "SHA512", *arguments)


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode:
        words = re.sub(r"\s+", " ", done.stderr).strip()
        raise RepositoryError(f"{command[0]} failed: {words}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
