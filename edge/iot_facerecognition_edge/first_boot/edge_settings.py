"""`[iot-facerecognition]`: the edge's own settings, by its own rules."""

from collections.abc import Callable, Mapping
from typing import Any

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.first_boot.table import Table
from iot_facerecognition_edge.settings import (
    CATALOGUE,
    SettingKind,
    SettingSpec,
    Value,
    entered,
    setting,
)
from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.settings.connection import ConnectionSettings
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_protocol.pairing.text import (
    PairingText,
    PairingTextError,
    parse_pairing_text,
)
from iot_facerecognition_protocol.records import dataclass

SECTION = "iot-facerecognition"
PAIRING, CA, SETTINGS = "pairing", "ca", "settings"
SHORT = {
    "name": ConnectionSettings.name.key,
    "server": ConnectionSettings.address.key,
    "port": ConnectionSettings.port.key,
    "token": ConnectionSettings.token.key,
    "fingerprint": ConnectionSettings.fingerprint.key,
    "camera": CameraSettings.source.key,
    "display": DisplaySettings.screen.key,
}
"""The short names of the settings that most people need; all others are in `settings`."""
_TRUST, _CA_FILE = ConnectionSettings.tls_mode.key, ConnectionSettings.ca_file.key
_FROM_PAIRING = (
    ConnectionSettings.address.key,
    ConnectionSettings.port.key,
    ConnectionSettings.fingerprint.key,
    ConnectionSettings.token.key,
)

SECRETS = frozenset(entry.key for entry in CATALOGUE if entry.kind is SettingKind.SECRET)
"""Settings that are taken off the card when they have been taken over."""


@dataclass(frozen=True, slots=True)
class EdgeWishes:
    """Settings by key, and the PEM text of a CA that `connection.ca_file` is to hold."""

    values: Mapping[str, Value]
    ca: str | None = None


def read_edge_settings(table: Table, read_ca: Callable[[str], str]) -> EdgeWishes:
    """Check the section. `read_ca` returns the PEM text that `ca` means, or raises ValueError."""
    values: dict[str, Value] = {}
    pairing = _pairing(table)
    if pairing is not None:
        values |= pairing
    for name, key in SHORT.items():
        values |= _entered(table, (name,), key, table.raw(name))
    ca = table.secret(CA, read_ca)
    values |= _pages(table)
    _check_whole(table, values, pairing, ca)
    if ca is not None:
        values[_TRUST] = "authority"
    elif values.get(ConnectionSettings.fingerprint.key):
        values.setdefault(_TRUST, "fingerprint")
    return EdgeWishes(values, ca)


def secret_paths(table: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the keys of the section, as they are written in it, that are secrets."""
    paths: list[tuple[str, ...]] = [(PAIRING,)]
    paths += [(name,) for name, key in SHORT.items() if key in SECRETS]
    paths += [(SETTINGS, *key.split(".")) for key in SECRETS]
    return tuple(path for path in paths if isinstance(_at(table, path), str))


def _at(table: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        table = table.get(part) if isinstance(table, Mapping) else None
    return table


def _pairing(table: Table) -> dict[str, Value] | None:
    text = table.text(PAIRING)
    if not text:
        return None
    try:
        found = parse_pairing_text(text)
    except PairingTextError as error:
        table.wrong((PAIRING,), f"{error}; copy the whole line that the server printed")
        return None
    if found.code:
        table.wrong(
            (PAIRING,),
            "holds a code that is valid for minutes only, too short for a card: have "
            "make-card-config write the file, or enter the code on the device's screen",
        )
        return None
    return _values_of(found)


def _values_of(pairing: PairingText) -> dict[str, Value]:
    values: dict[str, Value] = {
        ConnectionSettings.address.key: pairing.host,
        ConnectionSettings.port.key: pairing.port,
        ConnectionSettings.fingerprint.key: pairing.fingerprint,
    }
    if pairing.token:
        values[ConnectionSettings.token.key] = pairing.token
    return values


def _pages(table: Table) -> dict[str, Value]:
    """Return the settings that have no short name, from `[iot-facerecognition.settings]`."""
    values: dict[str, Value] = {}
    groups = table.raw(SETTINGS)
    if groups is not None and not isinstance(groups, Mapping):
        table.wrong((SETTINGS,), f"must be a section: [{SECTION}.{SETTINGS}]")
        groups = None
    for group, page in (groups or {}).items():
        if not isinstance(page, Mapping):
            table.wrong((SETTINGS, group), "must be GROUP.NAME, such as camera.fps = 10")
            continue
        for name, value in page.items():
            values |= _entered(table, (SETTINGS, group, name), f"{group}.{name}", value)
    for key, _ in table.rest():
        allowed = ", ".join((*SHORT, CA, PAIRING, SETTINGS))
        table.wrong((key,), f"is not known; known are: {allowed}")
    return values


def _entered(table: Table, path: tuple[str, ...], key: str, value: object) -> dict[str, Value]:
    """Return the settings that `value` of the file stands for; none for an empty secret."""
    if value is None:
        return {}
    try:
        entry = setting(key)
    except SettingError:
        table.wrong(path, "is no setting; `iot-facerecognition-edge settings show` lists them all")
        return {}
    if entry.kind is SettingKind.SECRET and value == "":
        return {}
    if entry.kind is SettingKind.CHOICE and type(value) is int:
        value = str(value)
    try:
        return entered(key, value) if isinstance(value, str) else {key: entry.check(value)}
    except SettingError as error:
        table.wrong(path, _without_key(str(error), entry))
        return {}


def _without_key(text: str, entry: SettingSpec) -> str:
    return text.removeprefix(f"{entry.key}: ")


def _check_whole(
    table: Table, values: Mapping[str, Value], pairing: object, ca: str | None
) -> None:
    """Check what one key alone does not show."""
    if ca is not None and values.get(ConnectionSettings.fingerprint.key):
        table.wrong((CA,), "and a fingerprint do not go together: delete one of them")
    twice = [name for name in SHORT if pairing and name in table and SHORT[name] in _FROM_PAIRING]
    if twice:
        table.wrong((twice[0],), "is in the pairing line as well: delete one of them")
    if values.get(_TRUST) == "authority" and ca is None and _CA_FILE not in values:
        table.wrong((CA,), 'is missing: ca = "FILE.pem" names a file next to this one')
    host = values.get(ConnectionSettings.address.key)
    token = values.get(ConnectionSettings.token.key)
    if host == "" or (host is None and token):
        table.wrong(("server",), 'is missing: server = "192.168.1.10", or its name')
