"""`[ssh]`: who may log in from elsewhere: the owners of keys, nobody by a password."""

import base64
import binascii
import re

from iot_facerecognition_edge.first_boot.problems import quoted
from iot_facerecognition_edge.first_boot.table import Table, one_line
from iot_facerecognition_protocol.records import dataclass

_KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
"""Key types that OpenSSH 9.2 (bookworm) takes; DSA is none of them."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LONGEST = 8192
"""Characters; the longest RSA key has 2.8 thousand."""
_PRIVATE = "PRIVATE KEY"


@dataclass(frozen=True, slots=True)
class Ssh:
    """What the section asks for; `keys` are lines of an authorized_keys file."""

    enabled: bool | None = None
    keys: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        """Whether anybody may log in."""
        return self.enabled is not False and bool(self.keys)


def read_ssh(table: Table) -> Ssh:
    """Check the section."""
    enabled = table.flag("enabled")
    keys = table.texts("authorized_keys", public_key)
    if table.flag("password_authentication"):
        table.note(
            ("password_authentication",), "is not offered here: log in by a key of authorized_keys"
        )
    if table.texts("ssh_import_id"):
        table.note(
            ("ssh_import_id",), "is not fetched here: put the keys themselves into authorized_keys"
        )
    if enabled and not keys and not table.problems:
        table.wrong(
            ("enabled",),
            "nobody could log in, since authorized_keys has no key and passwords are not offered: "
            "put your public key (~/.ssh/id_ed25519.pub) there",
        )
    table.note_rest()
    return Ssh(enabled, keys or ())


def public_key(text: str) -> str:
    """Return a line of authorized_keys without options. Raises ValueError."""
    if _PRIVATE in text:
        raise ValueError(
            "is a private key, which must never leave your computer: put the public one there, from"
            " the file that ends with .pub, and make a new pair"
        )
    kind, _, rest = one_line(text).partition(" ")
    body, _, comment = rest.strip().partition(" ")
    if kind not in _KINDS or len(text) > _LONGEST or not _is_key(kind, body):
        raise ValueError(
            f"must be public keys as in ~/.ssh/id_ed25519.pub, which begin with {_KINDS[0]} or "
            f"ssh-rsa, not {quoted(text)}"
        )
    return f"{kind} {body} {comment.strip()}".strip()


def _is_key(kind: str, body: str) -> bool:
    """Return whether `body` is a key of that kind (RFC 4253, 6.6: the kind stands first in it)."""
    if not _BASE64.fullmatch(body):
        return False
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error:
        return False
    length = int.from_bytes(data[:4], "big")
    return data[4 : 4 + length] == kind.encode() and len(data) > 4 + length + 4
