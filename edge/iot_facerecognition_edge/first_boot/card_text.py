"""A text file as people's editors write it: with a byte order mark, UTF-16, any line ends."""

import codecs

from iot_facerecognition_protocol.records import dataclass

LARGEST = 65_536
"""Bytes of a file that is read: the commented template has a tenth of it."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALLOWED_CONTROLS = "\t\n\r"


class CardTextError(ValueError):
    """Bytes that are no text; the message says what they are and what to do."""


@dataclass(frozen=True, slots=True)
class CardText:
    """The text, and how it was written, so that it can be written back likewise."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark that it began with."""

    @classmethod
    def decode(cls, data: bytes) -> "CardText":
        """Read UTF-8, or UTF-16 that says so by its mark. Raises CardTextError."""
        if len(data) > LARGEST:
            raise CardTextError(
                f"it is longer than {LARGEST // 1024} KiB, which no settings need: "
                "start again from the template"
            )
        mark, encoding = next(
            ((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8")
        )
        try:
            text = data[len(mark) :].decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise CardTextError(
                f"it is no UTF-8 text (line {line}): save it as UTF-8, or start again from the "
                "template"
            ) from None
        if any(c < " " and c not in _ALLOWED_CONTROLS for c in text):
            raise CardTextError(
                "it is no text, it has bytes that no editor writes: start again from the template"
            )
        return cls(text, encoding, mark)

    def encode(self, text: str) -> bytes:
        """Return `text` as this one was written."""
        return self.mark + text.encode(self.encoding)

    @property
    def line_end(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.text else "\n"
