"""Sentences for the screen: a person who looks at the form knows a setting by its label."""

import re

from iot_facerecognition_edge.settings.catalogue import CATALOGUE

_LABELS = {entry.key: entry.label for entry in CATALOGUE if entry.on_screen}
_KEY = re.compile(r"(?<![\w./])(" + "|".join(map(re.escape, _LABELS)) + r")(?!\w|\.\w)(=?)")


def with_labels(text: str) -> str:
    """Return `text` with “Frame rate” for `camera.fps`, and so on.

    Settings that are not on the form keep their keys: elsewhere they have no other name.
    """
    return _KEY.sub(lambda found: f"“{_LABELS[found[1]]}”" + (" = " if found[2] else ""), text)
