"""`[wlan]`: which Wi-Fi to join."""

import re
from collections.abc import Callable

from iot_facerecognition_edge.first_boot.problems import quoted
from iot_facerecognition_edge.first_boot.table import Table
from iot_facerecognition_protocol.records import dataclass

_LONGEST_SSID = 32
"""Bytes (IEEE 802.11-2020, 9.4.2.2)."""
_SHORTEST, _LONGEST = 8, 63
"""Bytes of a WPA passphrase (IEEE 802.11-2020, J.4.1)."""
_LONGEST_SAE = 128
"""Bytes of a WPA3 password that is taken; the standard names no limit."""
_RAW_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_HEX = re.compile(r"([0-9A-Fa-f]{2}){1,32}")
_COUNTRY = re.compile(r"[A-Z]{2}")

OPEN = ("none", "owe")
KINDS = (*OPEN, "wpa-psk", "sae")


@dataclass(frozen=True, slots=True)
class Wlan:
    """What the section asks for. `password` None: whichever is set already."""

    ssid: bytes | None = None
    key_mgmt: str = "none"
    password: str | None = None
    hidden: bool = False
    country: str | None = None


def read_wlan(table: Table, known_country: Callable[[str], bool]) -> Wlan:
    """Check the section."""
    ssid = _ssid(table)
    password = table.secret("password", _no_control)
    table.flag("password_encrypted")  # a derived key has 64 digits, which no passphrase has
    kind = table.text("key_mgmt", _kind)
    if kind is None:
        kind = "none" if password is None else "wpa-psk"
    hidden = table.flag("hidden") or False
    country = table.text("country", lambda text: _country(text, known_country))
    table.note_rest()
    if ssid is None:
        for key in ("password", "key_mgmt", "hidden"):
            if key in table and not table.problems:
                table.wrong((key,), 'is of no use without the Wi-Fi\'s name: ssid = "…"')
        return Wlan(country=country)
    if kind in OPEN and password:
        table.wrong(
            ("password",),
            f'does not go with key_mgmt = "{kind}", a Wi-Fi without a password: delete one of them',
        )
    elif kind not in OPEN:
        _check_password(table, kind, password)
    return Wlan(ssid, kind, password or None, hidden, country)


def _ssid(table: Table) -> bytes | None:
    digits = table.text("ssid_hex", _ssid_digits)
    if digits is not None:
        return bytes.fromhex(digits)
    name = table.secret("ssid", _ssid_name)
    return name.encode() if name else None


def _ssid_digits(text: str) -> str:
    if not _HEX.fullmatch(text):
        raise ValueError(f"must be 1 to {_LONGEST_SSID} bytes in hexadecimal digits")
    return text


def _ssid_name(text: str) -> str:
    _no_control(text)
    size = len(text.encode())
    if size > _LONGEST_SSID:
        raise ValueError(
            f"must be at most {_LONGEST_SSID} bytes, not {size}: no Wi-Fi has a longer name"
        )
    return text


def _check_password(table: Table, kind: str, password: str | None) -> None:
    if password is None:
        table.wrong(("key_mgmt",), f'"{kind}" needs a password: password = "…"')
        return
    size = len(password.encode())
    if not size or _RAW_KEY.fullmatch(password):
        return
    if kind == "sae" and size > _LONGEST_SAE:
        table.wrong(("password",), f"must be at most {_LONGEST_SAE} bytes, not {size}")
    elif kind == "wpa-psk" and not _SHORTEST <= size <= _LONGEST:
        table.wrong(
            ("password",),
            f"must be {_SHORTEST} to {_LONGEST} bytes, not {size}: write the Wi-Fi's password as "
            "the router shows it",
        )


def _no_control(text: str) -> str:
    # A line break would begin another line of NetworkManager's file.
    if any(c < " " or c == "\x7f" for c in text):
        raise ValueError("must not have line breaks or control characters: write it again by hand")
    return text


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}, not {quoted(text)}")
    return text


def _country(text: str, known: Callable[[str], bool]) -> str:
    code = text.upper()
    if not _COUNTRY.fullmatch(code) or not known(code):
        raise ValueError(
            f'must be the two letters of your country, such as "DE" or "GB", not {quoted(text)}'
        )
    return code
