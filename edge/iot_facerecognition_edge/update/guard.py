"""The guard: switches, waits for the server's acknowledgement, and puts back. Safe to kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from iot_facerecognition_edge.update import guard_units
from iot_facerecognition_edge.update.commands import Runner
from iot_facerecognition_edge.update.course import Course
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.journal import Journal, JournalFile, Phase
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_edge.update.rejected import accept, reject
from iot_facerecognition_edge.update.shelf import clear, move
from iot_facerecognition_edge.update.state import publish
from iot_facerecognition_protocol.system.whole_file import locked

POLL = 1.0
"""Seconds between two looks while it waits."""
AGAIN_AFTER = 5.0
"""Seconds between two tries to put the old version back."""
CHECKPOINT = 15.0
"""Seconds of running time that a power cut may leave uncounted."""


class Guard:
    """Follows the journal in `places` to its end, from wherever an earlier guard was ended."""

    def __init__(
        self,
        places: Places,
        run: Runner,
        debian: Debian,
        device: Device,
        *,
        log: Callable[[str], None],
        wall: Callable[[], str],
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """Take the parts; `pause` waits for so many seconds and gives signs of life."""
        self._places = places
        self._run = run
        self._debian = debian
        self._device = device
        self._log = log
        self._wall = wall
        self._clock = clock
        self._pause = pause
        self._file = JournalFile(places.journal)

    def follow(self) -> bool:
        """Bring the update to its end; return False to be started again, without leftovers.

        Raises OSError for a disk that does not take the journal: then, too, it is to be started
        again.
        """
        journal = self._file.load()
        if journal is None:
            guard_units.disarm(self._places, self._run)
            return True
        course = Course(journal, self._clock(), self._device.boot)
        self._keep(course, journal)
        while course.journal.under_way:
            match course.phase:
                case Phase.ARMED | Phase.PROBATION:
                    self._wait(course)
                case Phase.SWITCHING:
                    self._switch(course)
                case _:
                    if not self._put_back(course):
                        return False
        # Whoever asks for the next update waits until this one has been tidied up.
        with locked(self._places.journal):
            self._settle(course.journal)
        return True

    def _keep(self, course: Course, before: Journal) -> None:
        """Write the journal, and tell of a new phase."""
        journal = course.journal
        if journal.phase is not before.phase:
            journal = course.journal = replace(journal, since=self._wall())
            attempt = journal.attempt
            because = f": {journal.reason}" if journal.reason else ""
            self._log(f"{attempt.before} -> {attempt.version}: {journal.phase}{because}")
        if journal != before:
            self._file.save(journal)
        publish(self._places, journal)

    def _wait(self, course: Course) -> None:
        """Look once a second until the phase ends."""
        phase, kept = course.phase, self._clock()
        while True:
            before = course.journal
            in_probation = phase is Phase.PROBATION
            facts = self._device.facts(before.attempt, in_probation=in_probation)
            course.advance(facts)
            if course.phase is not phase:
                self._keep(course, before)
                return
            if in_probation and facts.now - kept >= CHECKPOINT:
                kept = facts.now
                course.checkpoint(facts.now)
                self._file.save(course.journal)
            postponed = not in_probation and facts.in_use and not before.attempt.even_if_in_use
            publish(self._places, course.journal, postponed=postponed)
            self._pause(POLL)

    def _switch(self, course: Course) -> None:
        before = course.journal
        attempt = before.attempt
        package = self._places.upcoming / attempt.package_file
        try:
            problem = self._debian.switch(package, attempt.switch_limit).problem
            installed = self._debian.installed()
            if not problem and (installed is None or installed.version != attempt.version):
                problem = "apt has not installed the new version"
            problem = problem or self._debian.updatable()
        except UpdateError as error:
            problem = str(error)
        course.switched(self._clock(), problem)
        self._keep(course, before)

    def _put_back(self, course: Course) -> bool:
        """Install the old version, whatever is there; return whether it is."""
        before = course.journal
        attempt = before.attempt
        problem = ""
        # What fails at the first try may be the new version's maintainer scripts.
        for scripts_aside in (False, True):
            problem = self._try_to_put_back(course.journal, scripts_aside=scripts_aside)
            if not problem:
                break
            self._log(f"{attempt.before} is not put back yet: {problem}")
            self._pause(AGAIN_AFTER)
        course.put_back(self._clock(), problem)
        self._keep(course, before)
        return not problem

    def _try_to_put_back(self, journal: Journal, *, scripts_aside: bool) -> str:
        old = self._way_back(journal)
        if old is None:
            return f"{journal.attempt.way_back} is gone: put it into {self._places.current}"
        try:
            self._debian.stop_service()
            self._debian.put_back(old, scripts_aside=scripts_aside)
            installed = self._debian.installed()
            if installed is None or not installed.whole:
                return "dpkg has not finished"
            if installed.version != journal.attempt.before:
                return f"{installed.version} is installed"
            abandoned = self._abandoned(journal)
            if abandoned is not None and abandoned != old:
                self._debian.remove_leftovers(abandoned, old)
            self._debian.start_service()
        except (UpdateError, OSError) as error:
            return str(error)
        return ""

    def _settle(self, journal: Journal) -> None:
        """Sort the packages after the end, and take the guard away. May be done twice."""
        attempt = journal.attempt
        match journal.phase:
            case Phase.GOOD:
                move(self._places.current / attempt.way_back, self._places.previous)
                move(self._places.upcoming / attempt.package_file, self._places.current)
                accept(self._places, attempt.version)
            case Phase.ROLLED_BACK:
                reject(self._places, attempt.version)
                move(self._places.previous / attempt.way_back, self._places.current)
        clear(self._places.upcoming)
        self._places.calling_back.unlink(missing_ok=True)
        guard_units.disarm(self._places, self._run)
        self._places.guard.unlink(missing_ok=True)

    def _way_back(self, journal: Journal) -> Path | None:
        """Return the old package: the current one, or the previous one if a person asked."""
        return _first(self._places.current, self._places.previous, name=journal.attempt.way_back)

    def _abandoned(self, journal: Journal) -> Path | None:
        name = journal.attempt.package_file
        return _first(self._places.upcoming, self._places.current, name=name)


def _first(*folders: Path, name: str) -> Path | None:
    found = [folder / name for folder in folders if name and (folder / name).is_file()]
    return found[0] if found else None
