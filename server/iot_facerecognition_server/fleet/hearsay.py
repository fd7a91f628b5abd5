"""What an edge says of itself, made fit for the record: bounded, printable, and else left out.

An edge that says something impossible is the poorer for it, and nobody else.
"""

import re
from dataclasses import fields, replace
from typing import Any, Final

from iot_facerecognition_protocol import Health, UpdateReport, UpdateState, clean_text
from iot_facerecognition_server.fleet.transitions import News

VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~:_-]{0,63}")
"""A version of a Python or Debian package."""
TEXT_LENGTH: Final = 200
"""Most characters of a reason."""
WORD_LENGTH: Final = 64
"""Most characters of a name, an address or an attempt."""
_ATTEMPT: Final = re.compile(r"[!-~]{1,64}")
_LARGEST: Final = 2**53
"""Beyond it a JSON number is not exact everywhere, and no figure of an edge makes sense."""

EDGE_NEWS: Final = {
    UpdateState.INSTALLING: News.EDGE_INSTALLING,
    UpdateState.PROBATION: News.EDGE_ON_PROBATION,
    UpdateState.GOOD: News.EDGE_GOOD,
    UpdateState.ROLLED_BACK: News.EDGE_ROLLED_BACK,
    UpdateState.SKIPPED: News.EDGE_SKIPPED,
}
"""What each state of an edge's report tells; states from the future tell nothing."""


def believable(health: Health) -> Health:
    """Return `health` without the values that cannot be."""
    kept: dict[str, Any] = {
        field.name: _believable(getattr(health, field.name)) for field in fields(Health)
    }
    kept["version"] = version_or_none(health.version)
    kept["installed"] = version_or_none(health.installed)
    kept["update"] = None if health.update is None else _believable_update(health.update)
    return Health(**kept)


def version_or_none(text: str | None) -> str | None:
    """Return `text` where it can be a version."""
    return text if text is not None and VERSION.fullmatch(text) else None


def _believable(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value, WORD_LENGTH) or None
    return None if isinstance(value, int | float) and abs(value) > _LARGEST else value


def _believable_update(update: UpdateReport) -> UpdateReport | None:
    if update.state not in EDGE_NEWS:
        return None
    if version_or_none(update.version) is None or not _ATTEMPT.fullmatch(update.attempt):
        return None
    reason = clean_text(update.reason or "", TEXT_LENGTH) or None
    return replace(update, from_version=version_or_none(update.from_version), reason=reason)
