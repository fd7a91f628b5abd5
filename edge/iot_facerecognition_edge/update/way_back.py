"""The package of the installed version: kept, in apt's cache, downloaded, or made again.

A device that has none of them does not begin an update, because it could not come back from it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.places import PACKAGE, Places
from iot_facerecognition_edge.update.repack import repack
from iot_facerecognition_edge.update.shelf import held, put

_ARCHIVES = "var/cache/apt/archives"


class WayBack:
    """Finds the package of what is installed, and keeps it."""

    def __init__(self, debian: Debian, run: Runner, places: Places) -> None:
        self._debian = debian
        self._run = run
        self._places = places

    def secure(self, version: str) -> Path:
        """Return the package of the installed `version` in the folder `current`.

        Raises UpdateError where there is none.
        """
        self._places.folder.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=self._places.folder, prefix="way-back-") as scratch:
            folder = Path(scratch)
            # apt downloads as a user of its own.
            folder.chmod(0o755)
            problems = []
            for find in self._sources(version, folder):
                try:
                    found = find()
                    if found is not None:
                        self._check(found, version)
                        name = f"{PACKAGE}_{version.replace(':', '%3a')}_all.deb"
                        return put(found, self._places.current, name)
                except UpdateError as error:
                    problems.append(str(error))
        found_out = "; ".join(problems)
        raise UpdateError(
            f"there is no way back to {version}, so nothing is changed ({found_out}): put the "
            f"package of {version} into {self._places.current}, or add the repository that has it"
        )

    def _sources(self, version: str, folder: Path) -> Iterator[Callable[[], Path | None]]:
        """Yield where to look, the surest and cheapest place first."""
        yield lambda: self._kept(version)
        yield lambda: held_version(self._places.root / _ARCHIVES, version)
        yield lambda: self._debian.download(version, folder)
        yield lambda: repack(self._run, self._places, folder)

    def _kept(self, version: str) -> Path | None:
        kept = held(self._places.current)
        # Of another version when somebody has installed by hand since.
        return kept if kept and self._debian.fields(kept).version == version else None

    def _check(self, package: Path, version: str) -> None:
        fields = self._debian.fields(package)
        if (fields.package, fields.version) != (PACKAGE, version):
            raise UpdateError(f"{package} is {fields.package} {fields.version}")
        self._debian.contents(package)


def held_version(archives: Path, version: str) -> Path | None:
    """Return the package of `version` in apt's cache, None without it."""
    found = archives / f"{PACKAGE}_{version.replace(':', '%3a')}_all.deb"
    return found if found.is_file() else None
