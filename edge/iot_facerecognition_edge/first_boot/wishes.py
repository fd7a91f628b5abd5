"""What the files of a card ask for together, and what is wrong with them."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from iot_facerecognition_edge.first_boot.document import IMAGER, OWN, VERSION_KEY, Document
from iot_facerecognition_edge.first_boot.edge_settings import (
    CA,
    SECTION,
    EdgeWishes,
    read_edge_settings,
    secret_paths,
)
from iot_facerecognition_edge.first_boot.locale import Locale, Time, read_locale, read_time
from iot_facerecognition_edge.first_boot.problems import Area, Problem, quoted
from iot_facerecognition_edge.first_boot.ssh import Ssh, read_ssh
from iot_facerecognition_edge.first_boot.system import System, read_system
from iot_facerecognition_edge.first_boot.table import Table
from iot_facerecognition_edge.first_boot.wlan import Wlan, read_wlan
from iot_facerecognition_protocol.records import dataclass

Wish = System | Ssh | Wlan | Locale | Time | EdgeWishes
SECTIONS = ("system", "ssh", "wlan", "locale", "time", SECTION)
_UNUSED_SECRETS = (("user", "password"), ("connect", "token"))
"""Secrets that an Imager writes and that nothing here uses: they are taken off all the same."""
_ELSEWHERE = {
    "user": "no account is made or renamed, and none has a password: log in by a key, see [ssh]",
    "connect": "Raspberry Pi Connect is not part of this system",
    "ethernet": "a cable gets its address by DHCP",
    "interfaces": "set them in config.txt",
    "boot": "change config.txt and cmdline.txt themselves",
    "packages": "install packages by apt",
    "runcmd": "nothing of this file is ever run",
    "mounts": "change /etc/fstab itself",
    "ca_certificates": 'the server\'s CA goes into [iot-facerecognition] as ca = "FILE.pem"',
}
_NOT_SECTIONS = {VERSION_KEY, "debug"}


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a file of the card: `section` is the one it belongs to, if it is used at all."""

    file: str
    path: tuple[str, ...]
    section: str | None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What only the device knows: its time zones and countries, and files next to the card's."""

    known_zone: Callable[[str], bool]
    known_country: Callable[[str], bool]
    read_ca: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What each section asks for, without those that have a mistake.

    `plain` is the same as the file has it, secrets left out, to compare with a later start;
    `secrets` are all that the files hold.
    """

    sections: Mapping[str, Wish]
    plain: Mapping[str, Any]
    secrets: tuple[Secret, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def has_secret(self, section: str) -> bool:
        """Return whether a secret of `section` is still on the card."""
        return any(secret.section == section for secret in self.secrets)


def read_wishes(documents: tuple[Document, ...], facts: DeviceFacts) -> Wishes:
    """Check all sections; of one that is in several `documents`, the first one's is used."""
    sections: dict[str, Wish] = {}
    plain: dict[str, Any] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for document in documents:
        notes += document.notes
        for section, wish, table in _sections(document, facts):
            if section in plain:
                notes.append(f"[{section}] of {document.name} is not used: {OWN} has one as well")
                continue
            plain[section] = _plain(document, section)
            if isinstance(wish, EdgeWishes) and wish.ca is not None:
                plain[section][CA] = hashlib.sha256(wish.ca.encode()).hexdigest()
            problems += table.problems
            notes += table.notes
            if not table.problems:
                sections[section] = wish
        notes += _unused(document)
        problems += _unknown(document)
    secrets = tuple(secret for document in documents for secret in _secrets(document))
    return Wishes(sections, plain, secrets, tuple(problems), tuple(notes))


def _sections(document: Document, facts: DeviceFacts) -> list[tuple[str, Wish, Table]]:
    """Return the sections that `document` has, read."""

    def table(name: str) -> Table:
        area = {"wlan": Area.WLAN, SECTION: Area.SERVER}.get(name, Area.DEVICE)
        return Table(document, name, area)

    readers: dict[str, Callable[[Table], Wish]] = {
        "system": read_system,
        "ssh": read_ssh,
        "wlan": lambda one: read_wlan(one, facts.known_country),
        "locale": lambda one: read_locale(one, facts.known_zone),
        "time": read_time,
        SECTION: lambda one: read_edge_settings(one, facts.read_ca),
    }
    found = []
    for name in SECTIONS:
        if name in document.data:
            one = table(name)
            found.append((name, readers[name](one), one))
    return found


def _unused(document: Document) -> list[str]:
    return [
        f"[{name}] of {document.name} is not used: {_ELSEWHERE[name]}"
        for name in document.data
        if name in _ELSEWHERE
    ]


def _unknown(document: Document) -> list[Problem]:
    """Return a mistake for each misspelt section of our own file; another's may have more."""
    if document.name == IMAGER:
        return []
    known = {*SECTIONS, *_ELSEWHERE, *_NOT_SECTIONS}
    names = [name for name in document.data if name not in known][:5]
    allowed = ", ".join(f"[{name}]" for name in SECTIONS)
    return [
        Problem(
            Area.DEVICE,
            document.place((name if name.isprintable() and len(name) <= 40 else quoted(name),)),  # noqa: PLR2004 - a name
            f"is not known; the sections are {allowed}",
        )
        for name in names
    ]


def _secret_paths(document: Document) -> list[tuple[tuple[str, ...], str | None]]:
    data = document.data
    paths: list[tuple[tuple[str, ...], str | None]] = [(("wlan", "password"), "wlan")]
    own = data.get(SECTION)
    if isinstance(own, Mapping):
        paths += [((SECTION, *path), SECTION) for path in secret_paths(own)]
    return paths + [(path, None) for path in _UNUSED_SECRETS]


def _secrets(document: Document) -> list[Secret]:
    return [
        Secret(document.name, path, section)
        for path, section in _secret_paths(document)
        if _text_at(document.data, path)
    ]


def _text_at(data: Any, path: tuple[str, ...]) -> str:
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data if isinstance(data, str) else ""


def _plain(document: Document, section: str) -> Any:
    """Return what the section says, JSON as it is kept, without its secrets."""
    hidden = {path for path, _ in _secret_paths(document)}

    def copy(value: Any, path: tuple[str, ...]) -> Any:
        if path in hidden:
            return ""
        if isinstance(value, Mapping):
            return {str(key): copy(inner, (*path, str(key))) for key, inner in value.items()}
        if isinstance(value, list):
            return [copy(inner, (*path, "[]")) for inner in value]
        return value if isinstance(value, bool | int | float | str) else str(value)

    return copy(document.data[section], (section,))
