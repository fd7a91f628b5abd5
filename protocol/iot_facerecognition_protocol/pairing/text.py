"""A pairing text: one line with all that a device needs to connect, as a QR code holds it.

    iot-facerecognition://HOST:PORT?sha256=FINGERPRINT&code=CODE

An IPv6 address stands in brackets, and without a port it is 50000. `sha256` is the certificate's
fingerprint in 64 hexadecimal digits. `code` is the pairing code that the server gives a token for,
within minutes and once; in its place may stand `token`, the token itself, which needs no such
haste, or neither, for a server that asks for none. Nothing in it is escaped: no value has a
character that would have to be. Other keys are ignored: a later version may write more.
"""

import re

from iot_facerecognition_protocol.records import dataclass

SCHEME = "iot-facerecognition"
DEFAULT_PORT = 50000
MOST_CHARACTERS = 1024
"""A text may be this long: several times what the longest names and tokens take."""
_FORM = re.compile(r"(\[[^]/?#@]*\]|[^]:/?#@[]*)(?::([0-9]{1,5}))?/?(?:\?([^#]*))?", re.ASCII)
"""Host, port and query, after the scheme and its slashes."""
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[0-9]{9}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,512}=*")
"""A bearer token (RFC 6750, section 2.1)."""
_LARGEST_PORT = 65535


class PairingTextError(ValueError):
    """A text that pairs no device; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class PairingText:
    """Where a server is, the one certificate to trust there, and what lets a device in.

    `host` is a name or address, without brackets; `fingerprint` is 64 small hexadecimal digits.
    `code` is 9 digits or empty, `token` a bearer token or empty, one of them at most. Raises
    PairingTextError.
    """

    host: str
    fingerprint: str
    port: int = DEFAULT_PORT
    code: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise PairingTextError(f"{self.host[:80]!r} is no host name and no address")
        if not 0 < self.port <= _LARGEST_PORT:
            raise PairingTextError(f"a port is a number from 1 to {_LARGEST_PORT}")
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise PairingTextError("the fingerprint after sha256= has 64 hexadecimal digits")
        if self.code and not _CODE.fullmatch(self.code):
            raise PairingTextError("a pairing code has 9 digits")
        if self.token and not _TOKEN.fullmatch(self.token):
            raise PairingTextError("a token consists of letters, digits and ._~+/-=")
        if self.code and self.token:
            raise PairingTextError("there is a code and a token: one of them lets a device in")

    def __repr__(self) -> str:
        """Show no secret."""
        return f"PairingText({self.host!r}, port={self.port})"


def format_pairing_text(pairing: PairingText) -> str:
    """Return the text that `parse_pairing_text` reads."""
    host = f"[{pairing.host}]" if ":" in pairing.host else pairing.host
    text = f"{SCHEME}://{host}:{pairing.port}?sha256={pairing.fingerprint}"
    if pairing.code:
        text += f"&code={pairing.code}"
    if pairing.token:
        text += f"&token={pairing.token}"
    return text


def parse_pairing_text(text: str) -> PairingText:
    """Read a pairing text, with white space around it or not. Raises PairingTextError."""
    text = text.strip("\ufeff \t\r\n")
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() != SCHEME:
        raise PairingTextError(
            f"this is no pairing code of a recognition server: that begins with {SCHEME}://"
        )
    if len(text) > MOST_CHARACTERS:
        raise PairingTextError(f"a pairing text has at most {MOST_CHARACTERS} characters")
    found = _FORM.fullmatch(rest)
    if found is None:
        raise PairingTextError(f"after {SCHEME}:// stand a host, :PORT and ?sha256=…")
    host, port, query = found.groups()
    values: dict[str, str] = {}
    for pair in (query or "").split("&"):
        key, _, value = pair.partition("=")
        if key in values:
            raise PairingTextError(f"{key[:80]!r} stands in the pairing text twice")
        values[key] = value
    return PairingText(
        host=host.strip("[]").lower(),
        port=DEFAULT_PORT if port is None else int(port),
        fingerprint=values.get("sha256", "").lower(),
        code=values.get("code", ""),
        token=values.get("token", ""),
    )
