"""One start of the device: read the card, apply what is new, take secrets off, tell the owner."""

import logging
from contextlib import suppress

from iot_facerecognition_edge.first_boot import imager1
from iot_facerecognition_edge.first_boot.blanking import BlankingError, blanked
from iot_facerecognition_edge.first_boot.card import Card
from iot_facerecognition_edge.first_boot.document import (
    IMAGER,
    OWN,
    Document,
    DocumentError,
    read_document,
)
from iot_facerecognition_edge.first_boot.edge_settings import SECRETS, SECTION, EdgeWishes
from iot_facerecognition_edge.first_boot.machine import Machine, StepError
from iot_facerecognition_edge.first_boot.memory import Memory, MemoryFile
from iot_facerecognition_edge.first_boot.plan import SSHD, PlanError, plan
from iot_facerecognition_edge.first_boot.problems import Area, Problem, quoted
from iot_facerecognition_edge.first_boot.report import STATUS, Report, report, status_text
from iot_facerecognition_edge.first_boot.ssh import Ssh
from iot_facerecognition_edge.first_boot.unchanged import unchanged
from iot_facerecognition_edge.first_boot.wishes import SECTIONS, DeviceFacts, Wishes, read_wishes
from iot_facerecognition_protocol.records import dataclass

_BY_ITSELF = "usr/bin/rpi-preseed"
"""The program for rpi-preseed.toml: where it is installed, that file is its own."""
_NAMES = (OWN, IMAGER)
_MISNAMED = (f"{OWN}.txt", "iot-facerecognition.txt")
"""What Windows makes of the name where it hides the ends of names."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a start ended. `restart`: the device has to start again to come up as it should."""

    report: Report
    restart: bool = False


class FirstBoot:
    """Applies the files on `card` to `machine`, of which `memory` knows the earlier starts."""

    def __init__(self, card: Card, machine: Machine, memory: MemoryFile, version: str) -> None:
        self._card = card
        self._machine = machine
        self._file = memory
        self._version = version
        self._memory = Memory()
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._unfinished = False

    def run(self) -> Outcome:
        """Do all of it. It raises nothing: what goes wrong is in the report."""
        self._memory = self._file.load()
        if unchanged(self._card, self._memory, self._version):
            return Outcome(self._memory.report)
        self._recover()
        restart = self._undo_imager()
        documents = self._documents()
        wishes = read_wishes(documents, self._facts())
        self._problems += wishes.problems
        self._notes += wishes.notes
        done = self._apply(wishes)
        self._take_off_secrets(documents, wishes, done)
        self._report_imager(documents)
        found = report(self._problems, self._applied(), self._notes)
        return Outcome(self._keep(found), restart)

    # Before

    def _recover(self) -> None:
        try:
            for name in self._card.recover(_is_whole):
                self._notes.append(f"{name} was put back: a power cut had damaged it")
        except OSError as error:
            self._cannot_write(error)

    def _undo_imager(self) -> bool:
        """Take an Imager 1.x's script off the card; return whether this start was its."""
        try:
            data = self._card.read(imager1.CMDLINE)
            cmdline = None if data is None else data.decode(errors="surrogateescape")
            changed = None if cmdline is None else imager1.without_script(cmdline)
            if changed is not None:
                self._memory.imager = True
                self._memory.digests = {}
                self._file.save(self._memory)  # before: what is undone is not seen again
                self._card.replace(imager1.CMDLINE, changed.encode(errors="surrogateescape"))
            if changed is not None or self._memory.imager:
                self._card.remove(imager1.SCRIPT)
        except OSError as error:
            self._cannot_write(error)
            return False
        return changed is not None

    def _report_imager(self, documents: tuple[Document, ...]) -> None:
        """Tell of the script until the card has settings that can be used."""
        if self._memory.imager and not any(document.data.get("wlan") for document in documents):
            self._problems.append(Problem(Area.IMAGER, "", imager1.EXPLANATION))
        else:
            self._memory.imager = False

    # What the card asks for

    def _documents(self) -> tuple[Document, ...]:
        names = _NAMES[:1] if self._machine.exists(_BY_ITSELF) else _NAMES
        found = []
        for name in names:
            try:
                data = self._card.read(name)
                if data is not None:
                    found.append(read_document(name, data))
            except DocumentError as error:
                self._problems.append(error.problem)
            except OSError as error:
                text = f"cannot be read ({error.strerror}): write the card again"
                self._problems.append(Problem(Area.FILE, name, text))
        self._look_for_misnamed()
        return tuple(found)

    def _look_for_misnamed(self) -> None:
        for name in _MISNAMED:
            with suppress(OSError):
                if self._card.read(name) is not None:
                    self._problems.append(
                        Problem(
                            Area.FILE,
                            name,
                            f"is not read under this name: rename it to {OWN}",
                        )
                    )

    def _facts(self) -> DeviceFacts:
        return DeviceFacts(self._machine.known_zone, self._machine.known_country, self._read_ca)

    def _read_ca(self, text: str) -> str:
        """Return the certificates that `ca` means: PEM text, or a file next to the card's."""
        import ssl  # noqa: PLC0415 - takes a while, and few cards name a CA

        pem = text if "-----BEGIN" in text else self._ca_file(text.strip())
        try:
            ssl.create_default_context(cadata=pem.lstrip("\ufeff"))
        except (ssl.SSLError, ValueError):
            raise ValueError(
                "must be a certificate in PEM form: what the server's `cert show --pem` prints, or"
                " the name of a file with it next to this one"
            ) from None
        return pem

    def _ca_file(self, name: str) -> str:
        if not name or "/" in name or "\\" in name or not name.isprintable():
            raise ValueError("must be the name of a file next to this one, or the PEM text itself")
        try:
            data = self._card.read(name)
        except OSError as error:
            raise ValueError(
                f"names {quoted(name)}, which cannot be read: {error.strerror}"
            ) from None
        if data is None:
            raise ValueError(f"names {quoted(name)}, which is not on this card: copy it there")
        return data.decode("ascii", errors="replace")

    # What is done for it

    def _apply(self, wishes: Wishes) -> set[str]:
        """Apply each section that is new; return those that are in force now."""
        done = set()
        wanted = dict(wishes.sections)
        if "ssh" not in wishes.plain and self._machine.exists(SSHD):
            wanted["ssh"] = Ssh(enabled=False)  # taken out of the file: nobody may log in any more
        for section, wish in wanted.items():
            plain = wishes.plain.get(section)
            known = self._memory.sections.get(section) == plain and plain is not None
            if known and not wishes.has_secret(section):
                done.add(section)
                continue
            try:
                for step in plan(wish, self._memory.settings, self._machine):
                    self._machine.do(step)
            except (PlanError, StepError) as error:
                area = Area.WRITING if isinstance(error, StepError) else _AREAS.get(section)
                place = f"[{section}] was not applied"
                self._problems.append(Problem(area or Area.DEVICE, place, str(error)))
                self._unfinished = True
                continue
            done.add(section)
            self._remember(section, plain, wish)
        return done

    def _remember(self, section: str, plain: object, wish: object) -> None:
        memory = self._memory
        memory.digests = {}
        if plain is None:
            memory.sections.pop(section, None)
        else:
            memory.sections[section] = plain
        if isinstance(wish, EdgeWishes):
            values = {key: value for key, value in wish.values.items() if key not in SECRETS}
            memory.settings = {**memory.settings, **values}
        try:
            self._file.save(memory)
        except OSError as error:
            self._cannot_write(error)

    def _take_off_secrets(
        self, documents: tuple[Document, ...], wishes: Wishes, done: set[str]
    ) -> None:
        """Blank the secrets of the sections in force, and those that nothing here uses."""
        for document in documents:
            secrets = frozenset(
                secret.path
                for secret in wishes.secrets
                if secret.file == document.name
                and (secret.section is None or secret.section in done)
            )
            if not secrets:
                continue
            try:
                text = blanked(document, secrets)
                self._card.replace(document.name, document.source.encode(text))
            except (OSError, BlankingError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self._unfinished = True
                self._problems.append(
                    Problem(
                        Area.WRITING,
                        document.name,
                        f"its secrets were taken over but are still on the card ({why}): remove the"
                        " write protection, or delete the file",
                    )
                )

    # After

    def _applied(self) -> list[str]:
        return [_IN_FORCE[section] for section in SECTIONS if section in self._memory.sections]

    def _keep(self, found: Report) -> Report:
        """Write the status file and keep what was done, for the next start; return the report."""
        try:
            text = status_text(found, self._version).encode()
            if self._card.read(STATUS, len(text) + 1) != text:
                self._card.replace(STATUS, text)
        except OSError as error:
            self._cannot_write(error)
            found = report(self._problems, self._applied(), self._notes)
        memory = self._memory
        memory.report, memory.version = found, self._version
        memory.digests = {} if self._unfinished else dict(self._card.digests)
        try:
            self._file.save(memory)
        except OSError as error:
            self._cannot_write(error)
            return report(self._problems, self._applied(), self._notes)
        return found

    def _cannot_write(self, error: OSError) -> None:
        _log.error("%s: %s", error.filename, error.strerror)
        text = (
            f"the card cannot be written ({error.strerror}): remove the write protection, free some"
            " space, or replace the card"
        )
        self._unfinished = True
        problem = Problem(Area.WRITING, "", text)
        if problem not in self._problems:
            self._problems.append(problem)


_AREAS = {"wlan": Area.WLAN, SECTION: Area.SERVER}
_IN_FORCE = {
    "system": "[system] the device's name",
    "ssh": "[ssh] who may log in",
    "wlan": "[wlan] the Wi-Fi",
    "locale": "[locale] language, keyboard and time zone",
    "time": "[time] the time servers",
    SECTION: f"[{SECTION}] the server, camera and display",
}


def _is_whole(name: str, data: bytes) -> bool:
    """Return whether a file of the card can be used, as one that a power cut has hit cannot."""
    if name in _NAMES:
        with suppress(DocumentError):
            read_document(name, data)
            return bool(data)
        return False
    return bool(data.strip(b"\0"))
