"""Where the updater's files are."""

from dataclasses import dataclass
from pathlib import Path

from iot_facerecognition_edge.update.names import FOLDER, STATE

PACKAGE = "iot-facerecognition-edge"
UNIT = f"{PACKAGE}.service"
COMMAND = "iot-facerecognition-update"


@dataclass(frozen=True, slots=True)
class Places:
    """Paths under `root`, which is / except in tests."""

    root: Path = Path("/")

    @property
    def folder(self) -> Path:
        """What the updater keeps: everybody may read it, and only root writes."""
        return self.root / FOLDER

    @property
    def journal(self) -> Path:
        """Where the update under way stands."""
        return self.folder / "journal.json"

    @property
    def state(self) -> Path:
        """What the appliance reports to the server."""
        return self.root / STATE

    @property
    def rejected(self) -> Path:
        """The versions that were rolled back here, which pull mode does not try again."""
        return self.folder / "rolled-back.json"

    @property
    def calling_back(self) -> Path:
        """There while a person wants the update under way to be rolled back."""
        return self.folder / "roll-back-now"

    @property
    def upcoming(self) -> Path:
        """Folder of the package that is to be installed."""
        return self.folder / "next"

    @property
    def current(self) -> Path:
        """Folder of the package that is installed: the way back during an update."""
        return self.folder / "current"

    @property
    def previous(self) -> Path:
        """Folder of the package that was installed before it."""
        return self.folder / "previous"

    @property
    def guard(self) -> Path:
        """The guard's copy of these modules."""
        return self.folder / "guard.pyz"

    @property
    def log(self) -> Path:
        """What was done and what dpkg and apt said."""
        return self.root / "var/log/iot-facerecognition-update.log"

    @property
    def units(self) -> Path:
        """Where the guard's units lie during an update."""
        return self.root / "etc/systemd/system"

    @property
    def settings(self) -> Path:
        """Settings of pull mode."""
        return self.root / "etc/iot-facerecognition-edge/update.conf"

    @property
    def runtime(self) -> Path:
        """The appliance's RuntimeDirectory, which goes when it stops."""
        return self.root / "run/iot-facerecognition-edge"

    @property
    def scripts(self) -> Path:
        """Where dpkg keeps the maintainer scripts of installed packages."""
        return self.root / "var/lib/dpkg/info"
