"""A package made again out of what dpkg has installed, for devices that kept none."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.places import PACKAGE, Places

_FIELDS_OF_DPKG = ("Status:", "Conffiles:", "Config-Version:")
"""What dpkg's database has in a package's paragraph and the package itself has not."""
_OF_DPKG = "list"
"""dpkg's own list of a package's files, which is no control file of the package."""
_DOCUMENTATION = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/")
"""What small systems have dpkg leave out (`path-exclude=`): no program needs it."""


def repack(run: Runner, places: Places, folder: Path) -> Path:
    """Make the package that is installed again, in `folder`; return its path.

    Raises UpdateError where installed files are not as the package brought them: what was made of
    them might not work either.
    """
    changed = _changed(run("dpkg", "--verify", PACKAGE, limit=300).output)
    if changed:
        raise UpdateError(
            f"files of the installed package are not as it brought them ({changed[0]}), so it "
            "cannot be made again"
        )
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    try:
        _copy_files(run("dpkg-query", "--listfiles", PACKAGE).output.splitlines(), places, root)
        _copy_control(run, places, root / "DEBIAN")
        made = folder / "repacked.deb"
        # gzip: a Zero W needs minutes for xz.
        words = ("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(made))
        done = run(*words, limit=600)
    except OSError as error:
        raise UpdateError(f"the installed package cannot be made again: {error}") from error
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if done.code:
        raise UpdateError(f"the installed package cannot be made again: {done.problem}")
    return made


def _changed(told: str) -> list[str]:
    """Return the files that `dpkg --verify` complains of.

    Its lines are `??5?????? c /etc/file` and `missing     /usr/file`. Configuration (`c`) may be
    changed, and documentation may be missing.
    """
    lines = [line.split() for line in told.splitlines()]
    return [
        words[-1]
        for words in lines
        if len(words) > 1
        and words[1] != "c"
        and not (words[0] == "missing" and words[-1].startswith(_DOCUMENTATION))
    ]


def _copy_files(names: Iterable[str], places: Places, root: Path) -> None:
    for name in names:
        if not name.startswith("/") or name == "/.":
            continue  # what dpkg says about diversions
        source, target = places.root / name.lstrip("/"), root / name.lstrip("/")
        if not os.path.lexists(source):
            continue  # configuration that somebody removed
        if source.is_dir() and not source.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            target.chmod(stat.S_IMODE(source.stat().st_mode))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _copy_control(run: Runner, places: Places, control: Path) -> None:
    """Write the control files: dpkg's own paragraph without what only its database has."""
    control.mkdir(parents=True)
    control.chmod(0o755)
    told = run("dpkg-query", "--status", PACKAGE).output
    paragraph: list[str] = []
    skipped = False
    for line in told.splitlines():
        skipped = line.startswith(_FIELDS_OF_DPKG) or (skipped and line.startswith(" "))
        if not skipped:
            paragraph.append(line)
    (control / "control").write_text("\n".join(paragraph).strip() + "\n")
    for path in sorted(places.scripts.glob(f"{PACKAGE}.*")):
        name = path.suffix.lstrip(".")
        if name != _OF_DPKG:
            shutil.copy2(path, control / name)
    conffiles = control / "conffiles"
    if conffiles.exists():
        _drop_missing(conffiles, control.parent)


def _drop_missing(conffiles: Path, root: Path) -> None:
    """Leave out configuration files that are no longer there: dpkg-deb would refuse them."""
    names = conffiles.read_text().split("\n")
    kept = [name for name in names if name and os.path.lexists(root / name.lstrip("/"))]
    conffiles.write_text("".join(f"{name}\n" for name in kept))
