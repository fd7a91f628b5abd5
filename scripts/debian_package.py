"""Build the edge's Debian package, iot-facerecognition-edge_VERSION_all.deb, from this tree.

Usage: python -m scripts.debian_package [--output FOLDER]     (default: dist)

Packaged is what git tracks, as it is here. The version is pyproject.toml's; every time in the
package is the last commit's, or SOURCE_DATE_EPOCH. The same tree gives the same bytes in any
folder, at any time, under any umask and locale, by the same releases of debhelper and dpkg.
docs/decisions/debian-package.md tells the rest.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

from scripts.bundled_wheel import WheelError, unpack_bundled
from scripts.system_packages import MissingPackagesError, install

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "iot-facerecognition-edge"
SOURCES = ROOT / "image" / "debian"
TOOLS = {"dpkg-buildpackage": "dpkg-dev", "dh": "debhelper", "dh_python3": "dh-python"}
FAILED = 1
_COMMANDS_OF = "iot_facerecognition_edge."
"""Whose commands of pyproject.toml are in the package."""
_EXECUTABLE = 0o755
_CHANGELOG = """\
{source} ({version}) unstable; urgency=medium

  * CHANGELOG.md of the source tells what changed.

 -- {maintainer}  {date}
"""


class PackageError(Exception):
    """The package cannot be built; the message says why."""


def debian_version(version: str) -> str:
    """Return a Python `version` as Debian sorts it: 1.2.0rc1, older than 1.2.0, is 1.2.0~rc1."""
    return re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the package and print its name and SHA-256; return the exit status."""
    parser = argparse.ArgumentParser(prog="debian_package", description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER")
    given = parser.parse_args(arguments)
    try:
        package = build(given.output)
    except (PackageError, WheelError, MissingPackagesError) as error:
        print(f"debian_package: {error}", file=sys.stderr)
        return FAILED
    print(f"{hashlib.sha256(package.read_bytes()).hexdigest()}  {package}")
    return 0


def build(output: Path) -> Path:
    """Build the package into the folder `output`; return its path."""
    install(TOOLS)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = debian_version(project["version"])
    with tempfile.TemporaryDirectory(prefix="debian-package-") as folder:
        tree = Path(folder) / "source"
        _copy_tracked_files(tree)
        _prepare(tree, project, epoch)
        _run_debhelper(tree, epoch)
        name = f"{PACKAGE}_{version}_all.deb"
        output.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(tree.parent / name, output / name))


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise PackageError(f"git {arguments[0]}: {done.stderr.strip()}; build from a clone")
    return done.stdout


def _copy_tracked_files(tree: Path) -> None:
    """Copy what git tracks into the new folder `tree`, with modes that no umask decides."""
    names = _git("ls-files", "-z").split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, tree / name
        if not source.is_file():
            continue  # removed here, and not yet by a commit
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(_EXECUTABLE if source.stat().st_mode & 0o100 else 0o644)


def _prepare(tree: Path, project: dict[str, Any], epoch: int) -> None:
    """Write what debian/rules expects: the folder debian/, commands, metadata, bundled wheel."""
    debian = tree / "debian"
    shutil.copytree(tree / "image" / "debian", debian)
    version = project["version"]
    control = (debian / "control").read_text()
    changelog = _CHANGELOG.format(
        source=_field(control, "Source"),
        version=debian_version(version),
        maintainer=_field(control, "Maintainer"),
        date=formatdate(epoch),
    )
    (debian / "changelog").write_text(changelog)
    licence = unpack_bundled(debian / "bundled.txt", tree / "bundled")
    texts = {"@AGPL@": (tree / "LICENSE").read_text(), "@BSD@": licence}
    copyright_ = (debian / "copyright.in").read_text()
    for mark, text in texts.items():
        copyright_ = copyright_.replace(mark, _indented(text))
    (debian / "copyright").write_text(copyright_)
    _write_commands(tree, project["scripts"])
    # What `importlib.metadata` and the view "About" know the version by.
    metadata = tree / "metadata" / f"iot_facerecognition-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n")


def _field(control: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", control, re.MULTILINE)
    if found is None:
        raise PackageError(f"image/debian/control has no {name}")
    return found[1]


def _indented(text: str) -> str:
    """Return `text` as the continuation lines of a field, in which a dot is an empty line."""
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.splitlines())


def _write_commands(tree: Path, scripts: dict[str, str]) -> None:
    template = (tree / "debian" / "command.in").read_text()
    folder = tree / "commands"
    folder.mkdir()
    for name, target in scripts.items():
        if not target.startswith(_COMMANDS_OF):
            continue
        module, _, function = target.partition(":")
        words = {"@COMMAND@": name, "@MODULE@": module, "@FUNCTION@": function}
        text = template
        for mark, word in words.items():
            text = text.replace(mark, word)
        (folder / name).write_text(text)
        (folder / name).chmod(_EXECUTABLE)


def _run_debhelper(tree: Path, epoch: int) -> None:
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(tree.parent),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(epoch),
        "DEB_BUILD_OPTIONS": "nocheck",
    }
    done = subprocess.run(
        # TOOLS are all that it takes; the compiler that dpkg would ask for compiles nothing here.
        ["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-check-builddeps"],
        cwd=tree,
        env=environment,
        umask=0o022,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise PackageError(f"dpkg-buildpackage failed:\n{done.stdout.decode(errors='replace')}")


if __name__ == "__main__":
    sys.exit(main())
