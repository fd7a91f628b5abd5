"""What comes before the switch: everything that can be refused, and then the guard.

Until the guard is armed nothing is changed but files in the updater's own folder.
"""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from iot_facerecognition_edge.update import guard_units
from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.errors import NotNowError, UpdateError
from iot_facerecognition_edge.update.guard_copy import place_guard
from iot_facerecognition_edge.update.journal import Attempt, Journal, JournalFile, Phase
from iot_facerecognition_edge.update.places import PACKAGE, Places
from iot_facerecognition_edge.update.shelf import clear, held, prepare, put
from iot_facerecognition_edge.update.state import publish
from iot_facerecognition_edge.update.way_back import WayBack
from iot_facerecognition_protocol.system.whole_file import sweep_folder

HEALTHY_WITHIN = 15.0
"""Seconds that an appliance gets to say that it streams, before it is skipped."""
_ROOM = 32 << 20
"""Bytes to be left free for the journal, logs and apt, in addition to both versions."""
_OVERLAY = "media/root-ro"


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms to install; as in `Attempt`. `attempt` None makes an id."""

    patience: float = 900.0
    even_if_in_use: bool = False
    probation: float = 300.0
    switch_limit: float = 1800.0
    attempt: str | None = None


class Preparation:
    """Prepares an update and hands it to the guard."""

    def __init__(
        self,
        places: Places,
        run: Runner,
        debian: Debian,
        device: Device,
        *,
        wall: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._places = places
        self._run = run
        self._debian = debian
        self._device = device
        self._wall = wall
        self._clock = clock
        self._pause = pause
        self._file = JournalFile(places.journal)

    def install(self, what: str, terms: Terms) -> str:
        """Begin to install `what`, the path of a package or a version; return what was done.

        Raises NotNowError where the appliance does not stream: that is reported as skipped.
        Raises UpdateError for every other obstacle, OSError for a disk that does.
        """
        self._refuse_while_under_way()
        sweep_folder(self._places.folder)
        if guard_units.armed(self._places):  # left behind by a power cut
            guard_units.disarm(self._places, self._run)
        before = self._whole()
        prepare(self._places.upcoming)
        package = self._fetched(what, before)
        if package is None:
            return f"{before} is installed already: nothing to do"
        version = self._debian.fields(package).version
        attempt = Attempt(
            id=terms.attempt or secrets.token_hex(8),
            version=version,
            before=before,
            package_file=package.name,
            way_back="",
            patience=terms.patience,
            even_if_in_use=terms.even_if_in_use,
            probation=terms.probation,
            switch_limit=terms.switch_limit,
        )
        self._skip_if_unhealthy(attempt)
        self._check_room(package)
        way_back = WayBack(self._debian, self._run, self._places).secure(before)
        self._debian.fetch_dependencies(package)
        self._hand_over(replace(attempt, way_back=way_back.name), Phase.ARMED)
        return f"{before} -> {version}: handed to the guard as attempt {attempt.id}"

    def roll_back(self) -> str:
        """Put the previous version back, or the old one of an update under way.

        Raises UpdateError.
        """
        journal = self._file.load()
        if journal is not None and journal.under_way:
            self._places.calling_back.touch()
            return f"the update to {journal.attempt.version} is called off"
        previous = held(self._places.previous)
        if previous is None:
            raise UpdateError(
                "this device has no previous version: the last update was rolled back, or there "
                "was none; install the wanted version by `install VERSION` or `install FILE.deb`"
            )
        installed = self._debian.installed()
        version = self._debian.fields(previous).version
        self._debian.contents(previous)
        attempt = Attempt(
            id=secrets.token_hex(8),
            version=installed.version if installed else "",
            before=version,
            package_file=getattr(held(self._places.current), "name", ""),
            way_back=previous.name,
        )
        self._hand_over(attempt, Phase.ROLLING_BACK)
        return f"{attempt.version} -> {version}: handed to the guard as attempt {attempt.id}"

    def _refuse_while_under_way(self) -> None:
        if (self._places.root / _OVERLAY).is_mount():
            raise UpdateError(
                "the root of this device is read-only, and forgets an update at the next start: "
                "write a card with a newer image, or update in `overlayroot-chroot`"
            )
        journal = self._file.load()
        if journal is not None and journal.under_way:
            guard_units.start(self._run)  # should it have been cut off before that
            raise UpdateError(
                f"an update to {journal.attempt.version} is under way ({journal.phase}): `wait` "
                "for its end, or call it off by `rollback`"
            )

    def _whole(self) -> str:
        """Return the installed version. Raises UpdateError unless dpkg is done with it."""
        installed = self._debian.installed()
        if installed is None:
            raise UpdateError(f"{PACKAGE} is not installed as a Debian package: apt installs it")
        if not installed.whole:
            raise UpdateError(
                f"dpkg has not finished with {PACKAGE} {installed.version}: run `sudo dpkg "
                "--configure --pending` first"
            )
        return installed.version

    def _fetched(self, what: str, before: str) -> Path | None:
        """Return the package to install in the folder `next`, None where it is `before`."""
        if what.endswith(".deb") or "/" in what:
            source = Path(what)
            if not source.is_file():
                raise UpdateError(f"there is no file {what}: name a package that is on this device")
            fields = self._debian.fields(source)
            if fields.package != PACKAGE:
                raise UpdateError(f"{what} is the package {fields.package}, not {PACKAGE}")
            if fields.version == before:
                return None
            name = f"{PACKAGE}_{fields.version.replace(':', '%3a')}_all.deb"
            package = put(source, self._places.upcoming, name)
        else:
            if what == before:
                return None
            clear(self._places.upcoming)
            self._debian.read_lists()
            package = self._debian.download(what, self._places.upcoming)
        self._debian.contents(package)
        return package

    def _skip_if_unhealthy(self, attempt: Attempt) -> None:
        end = self._clock() + HEALTHY_WITHIN
        while unhealthy := self._device.unhealthy():
            if self._clock() >= end:
                reason = f"unhealthy before: {unhealthy}"
                journal = Journal(attempt, Phase.SKIPPED, reason, self._wall())
                self._file.save(journal)
                publish(self._places, journal)
                clear(self._places.upcoming)
                raise NotNowError(f"skipped, {reason}")
            self._pause(1.0)

    def _check_room(self, package: Path) -> None:
        needed = 2 * self._debian.fields(package).size + _ROOM
        disk = os.statvfs(self._places.folder)
        free = disk.f_bavail * disk.f_frsize
        if free < needed:
            raise UpdateError(
                f"{free >> 20} MB are free on the card and {needed >> 20} MB are needed to switch "
                "there and back: `sudo apt clean` makes room"
            )

    def _hand_over(self, attempt: Attempt, phase: Phase) -> None:
        """Write down what is to be done, arm the guard, and only then let it begin."""
        place_guard(self._places.guard, self._run)
        self._places.calling_back.unlink(missing_ok=True)
        prepared = Journal(attempt, Phase.PREPARED, since=self._wall(), boot=self._device.boot)
        self._file.save(prepared)
        guard_units.arm(self._places)
        now = self._clock()
        asked = phase is Phase.ROLLING_BACK
        journal = Journal(
            attempt,
            phase,
            reason="asked for by a person" if asked else "",
            since=self._wall(),
            boot=self._device.boot,
            mark=now,
            asked=asked,
        )
        self._file.save(journal)
        publish(self._places, journal)
        try:
            guard_units.start(self._run, again=True)
        except UpdateError as error:
            guard_units.disarm(self._places, self._run)
            failed = replace(prepared, phase=Phase.SKIPPED, reason=str(error))
            self._file.save(failed)
            publish(self._places, failed)
            raise
