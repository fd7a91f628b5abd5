"""The pairing code: nine digits, typed once and valid for minutes."""

import re

from iot_facerecognition_protocol.records import dataclass

CODE_DIGITS = 9
SLOTS = 10
"""Codes that can be valid at a time: the first digit tells which one is meant."""
_BETWEEN = str.maketrans("", "", " -.\t\u00a0")
_GROUP = 3


class PairingCodeError(ValueError):
    """A text that is no pairing code; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class PairingCode:
    """Nine digits: the slot, which is no secret, and eight that are."""

    digits: str

    def __post_init__(self) -> None:
        if not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", self.digits):
            raise PairingCodeError(
                f"a pairing code has {CODE_DIGITS} digits, such as 482 193 657, as the server's"
                " `pair` printed it"
            )

    def __repr__(self) -> str:
        """Show no secret."""
        return f"PairingCode(slot={self.slot})"

    def __str__(self) -> str:
        """Return the digits in groups of three, as a person reads them."""
        return " ".join(self.digits[at : at + _GROUP] for at in range(0, CODE_DIGITS, _GROUP))

    @property
    def slot(self) -> int:
        """Which of the server's valid codes it is, 0 to 9."""
        return int(self.digits[0])


def parse_code(text: str) -> PairingCode:
    """Read a code, with spaces, dots or dashes in it or not. Raises PairingCodeError."""
    return PairingCode(text.strip().translate(_BETWEEN))
