"""What a client can set for its session, and the bounds of each value."""

import unicodedata
from dataclasses import replace
from typing import Self

from iot_facerecognition_protocol.limits import LABEL_COUNT_MAX, LABEL_COUNT_MIN, NAME_LENGTH
from iot_facerecognition_protocol.records import dataclass

UNNAMED = "?"
"""Name of a connection that never gave one (as the original shows it)."""
EMPTY_NAME = "noname"
"""Name of a connection that gave an empty one (as the original)."""


def clean_text(text: str, length: int) -> str:
    """Return `text` fit for one line of a log: at most `length` characters, none that forge.

    Control and format characters (line breaks, escapes, bidirectional overrides) become spaces and
    lone surrogates U+FFFD; the ends are stripped.
    """
    kept = []
    for character in text[: 4 * length]:
        category = unicodedata.category(character)
        if category == "Cs":
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif category in {"Cc", "Cf", "Zl", "Zp"}:
            kept.append(" ")
        else:
            kept.append(character)
    return "".join(kept).strip()[:length].strip()


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of one session, with the original's defaults.

    The server keeps them per connection and forgets them with it; a client sends its own on
    `INIT_REQUEST` and takes the echo as what holds. Labels whose probability is below
    `object_threshold`, 0 to 1, are not reported; None leaves it to the server's configuration.
    Version 1 has no such setting: it gets the best labels however probable they are.
    """

    name: str = UNNAMED
    object_recognition: bool = True
    label_count: int = 5
    deterministic_objects: bool = False
    face_recognition: bool = True
    object_threshold: float | None = None

    def renamed(self, name: str) -> Self:
        """Return a copy under `name`, cleaned by `clean_text` and cut to `NAME_LENGTH`."""
        return replace(self, name=clean_text(name, NAME_LENGTH) or EMPTY_NAME)

    def with_label_count(self, count: int, most: int = LABEL_COUNT_MAX) -> Self:
        """Return a copy with `count` clamped to `LABEL_COUNT_MIN`..`most`."""
        return replace(self, label_count=max(LABEL_COUNT_MIN, min(count, most)))

    def with_object_threshold(self, threshold: float | None) -> Self:
        """Return a copy with `threshold` clamped to 0..1; None stays."""
        if threshold is not None:
            threshold = max(0.0, min(float(threshold), 1.0))
        return replace(self, object_threshold=threshold)
