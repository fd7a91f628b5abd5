"""Takes secrets out of a file's text and leaves everything else, comments too, as it was."""

import tomllib
from collections.abc import Mapping
from typing import Any

from iot_facerecognition_edge.first_boot.document import Document
from iot_facerecognition_edge.first_boot.toml_spans import TextSpan

NOTE = "# {key}: taken over by the device and removed from here; write another one to change it."
EMPTY = '""'


class BlankingError(Exception):
    """The text cannot be changed without changing its meaning: it is left as it is."""


def blanked(document: Document, secrets: frozenset[tuple[str, ...]]) -> str:
    """Return the text of `document` with an empty text for each of `secrets`, and a note above.

    Raises BlankingError where the result would not say the same but for the secrets.
    """
    found = [span for span in document.spans if span.path in secrets]
    text, end = document.source.text, document.source.line_end
    for span in sorted(found, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + EMPTY + text[span.end :]
        note = NOTE.format(key=span.path[-1]) + end
        if not text[: span.statement].endswith(note):
            text = text[: span.statement] + note + text[span.statement :]
    _verify(document, secrets, found, text)
    return text


def _verify(
    document: Document, secrets: frozenset[tuple[str, ...]], found: list[TextSpan], text: str
) -> None:
    expected = _without(document.data, secrets)
    try:
        same = tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        same = False
    if not same or {span.path for span in found} != secrets:
        raise BlankingError("the secrets could not be found in its text")


def _without(data: Mapping[str, Any], secrets: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    def copy(value: Any, path: tuple[str, ...]) -> Any:
        if path in secrets:
            return ""
        if isinstance(value, dict):
            return {key: copy(inner, (*path, key)) for key, inner in value.items()}
        return value

    return {key: copy(value, (key,)) for key, value in data.items()}
