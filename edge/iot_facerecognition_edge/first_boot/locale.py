"""`[locale]` and `[time]`: language, keyboard, time zone, and where the time comes from."""

import re
from collections.abc import Callable

from iot_facerecognition_edge.first_boot.problems import quoted
from iot_facerecognition_edge.first_boot.system import host_name
from iot_facerecognition_edge.first_boot.table import Table
from iot_facerecognition_protocol.records import dataclass

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_LOCALE = re.compile(r"(C|[a-z]{2,3}_[A-Z]{2})\.(UTF-8|utf8)")
_KEYBOARD = re.compile(r"[a-z0-9_,:-]{1,64}")
"""Names of XKB, as in /usr/share/X11/xkb/rules/base.lst."""
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{2,45}")

PARTS = ("lang", "lc_time", "lc_measurement")


@dataclass(frozen=True, slots=True)
class KeyboardLayout:
    """XKB's names."""

    layout: str
    model: str = "pc105"
    variant: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locale:
    """What `[locale]` asks for; `variables` are those of /etc/default/locale."""

    timezone: str | None = None
    keyboard: KeyboardLayout | None = None
    locales: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Time:
    """What `[time]` asks for: servers by name or address."""

    ntp: tuple[str, ...] = ()
    fallback_ntp: tuple[str, ...] = ()


def read_locale(table: Table, known_zone: Callable[[str], bool]) -> Locale:
    """Check `[locale]`."""
    zone = table.text("timezone", lambda text: _zone(text, known_zone))
    locales = table.texts("locales", _locale) or ()
    variables = {
        part.upper(): value for part in PARTS if (value := table.text(part, _locale)) is not None
    }
    if locales:
        variables.setdefault("LANG", locales[0])
    missing = sorted(set(variables.values()) - set(locales))
    keyboard = _keyboard(table)
    table.note_rest()
    return Locale(zone, keyboard, (*locales, *missing), tuple(sorted(variables.items())))


def read_time(table: Table) -> Time:
    """Check `[time]`."""
    wanted = Time(table.texts("ntp", _server) or (), table.texts("fallback_ntp", _server) or ())
    table.note_rest()
    return wanted


def _keyboard(table: Table) -> KeyboardLayout | None:
    layout = table.text("keymap", _keyboard_word)
    model = table.text("keymap_model", _keyboard_word)
    variant = table.text("keymap_variant", _keyboard_word)
    options = table.texts("keymap_options", _keyboard_word)
    if layout is None:
        return None
    return KeyboardLayout(layout, model or "pc105", variant or "", options or ())


def _keyboard_word(text: str) -> str:
    if not _KEYBOARD.fullmatch(text):
        raise ValueError(f'must be a name of XKB, such as "gb" or "de", not {quoted(text)}')
    return text


def _zone(text: str, known: Callable[[str], bool]) -> str:
    if not _ZONE.fullmatch(text) or not known(text):
        raise ValueError(f'must be a time zone such as "Europe/London", not {quoted(text)}')
    return text


def _locale(text: str) -> str:
    if not _LOCALE.fullmatch(text):
        raise ValueError(f'must be a locale such as "en_GB.UTF-8", not {quoted(text)}')
    return text.replace("utf8", "UTF-8")


def _server(text: str) -> str:
    if _ADDRESS.fullmatch(text) and (":" in text or "." in text):
        return text
    try:
        return host_name(text)
    except ValueError:
        raise ValueError(
            f'must be names or addresses of time servers ("pool.ntp.org"), not {quoted(text)}'
        ) from None
