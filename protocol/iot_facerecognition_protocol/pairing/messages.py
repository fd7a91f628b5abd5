"""What device and server say to each other while they pair: one line of text a message.

    device  pair SLOT SHARE        the code's first digit; shares and proofs in hexadecimal digits
    server  share SHARE
    device  proof PROOF
    server  token PROOF TOKEN NAME  the token is - where the server asks for none
    device  kept                   and the server closes

Instead of any of its lines the server may say `no REASON` and close.
"""

import re
from collections.abc import Callable

from iot_facerecognition_protocol.pairing.code import SLOTS
from iot_facerecognition_protocol.records import dataclass
from iot_facerecognition_protocol.settings import clean_text

MOST_CHARACTERS = 1024
"""A line may be this long."""
_NONE = "-"
"""Stands for a token where there is none."""
_MOST_WORDS = 300
_HEX = re.compile(r"[0-9a-f]*")


class PairingMessageError(ValueError):
    """A line that is no message of a pairing, or not the one that should come now."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The device has a code of this slot, and begins."""

    slot: int
    share: bytes


@dataclass(frozen=True, slots=True)
class Share:
    """The server's part of the key exchange."""

    share: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The device knows the code, and sees the server's certificate."""

    proof: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """The server knows the code, too, and gives the device its token and the token's name.

    `token` is None where the server asks for none.
    """

    proof: bytes
    token: str | None
    name: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Grant({self.name!r})"


@dataclass(frozen=True, slots=True)
class Kept:
    """The device has the token."""


@dataclass(frozen=True, slots=True)
class No:
    """The server does not pair, for this reason, a sentence."""

    reason: str


PairingMessage = Begin | Share | Proof | Grant | Kept | No


def encode_pairing(message: PairingMessage) -> str:
    """Return the line of a message."""
    match message:
        case Begin(slot, share):
            return f"pair {slot} {share.hex()}"
        case Share(share):
            return f"share {share.hex()}"
        case Proof(proof):
            return f"proof {proof.hex()}"
        case Grant(proof, token, name):
            return f"token {proof.hex()} {token or _NONE} {name}"
        case Kept():
            return "kept"
        case No(reason):
            return f"no {clean_text(reason, _MOST_WORDS)}"


def decode_pairing(line: str | bytes) -> PairingMessage:
    """Return the message of a line. Raises PairingMessageError."""
    if not isinstance(line, str) or len(line) > MOST_CHARACTERS:
        raise PairingMessageError(f"a message of a pairing is text, {MOST_CHARACTERS} characters")
    word, _, rest = line.partition(" ")
    if word not in _READERS:
        raise PairingMessageError(f"no message of a pairing begins with {word[:40]!r}")
    return _READERS[word](rest)


def _begin(rest: str) -> PairingMessage:
    slot, _, share = rest.partition(" ")
    if slot not in map(str, range(SLOTS)):
        raise PairingMessageError(f"a slot is a digit, not {slot[:40]!r}")
    return Begin(int(slot), _bytes(share))


def _grant(rest: str) -> PairingMessage:
    proof, _, more = rest.partition(" ")
    token, _, name = more.partition(" ")
    if not token:
        raise PairingMessageError("after the proof stands a token")
    return Grant(_bytes(proof), None if token == _NONE else token, name)


def _kept(rest: str) -> PairingMessage:
    if rest:
        raise PairingMessageError("after kept stands nothing")
    return Kept()


def _bytes(text: str) -> bytes:
    if len(text) % 2 or not _HEX.fullmatch(text):
        raise PairingMessageError("shares and proofs are hexadecimal digits, two a byte")
    return bytes.fromhex(text)


_READERS: dict[str, Callable[[str], PairingMessage]] = {
    "pair": _begin,
    "share": lambda rest: Share(_bytes(rest)),
    "proof": lambda rest: Proof(_bytes(rest)),
    "token": _grant,
    "kept": _kept,
    "no": lambda rest: No(clean_text(rest, _MOST_WORDS)),
}
