"""`state.json`: what the appliance reports to the server, and `status` prints."""

import json
from typing import Any

from iot_facerecognition_edge.update.debian import release
from iot_facerecognition_edge.update.device import read_json
from iot_facerecognition_edge.update.journal import READABLE, Journal, Phase
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_protocol.system.whole_file import write_file

POSTPONED = "postponed"
"""The guard waits for the person at the screen."""
_STATES = {
    Phase.PREPARED: "installing",
    Phase.ARMED: "installing",
    Phase.SWITCHING: "installing",
    Phase.PROBATION: "probation",
    Phase.ROLLING_BACK: "installing",
    Phase.GOOD: "good",
    Phase.ROLLED_BACK: "rolled-back",
    Phase.SKIPPED: "skipped",
}


def publish(places: Places, journal: Journal, *, postponed: bool = False) -> None:
    """Write the state that `journal` stands for. Raises OSError."""
    state = POSTPONED if postponed else _STATES[journal.phase]
    write_state(places, journal, state)


def write_state(places: Places, journal: Journal, state: str) -> None:
    """Write `state`, unless that is what is there."""
    content = {
        "version": release(journal.attempt.version),
        "from": release(journal.attempt.before),
        "state": state,
        "reason": journal.reason,
        "attempt": journal.attempt.id,
        "since": journal.since,
        "log": f"/{places.log.relative_to(places.root)}",
    }
    if read_json(places.state) != content:
        write_file(places.state, json.dumps(content, indent=1).encode() + b"\n", READABLE)


def read_state(places: Places) -> dict[str, Any] | None:
    """Return what was published last, None where there never was an update."""
    found = read_json(places.state)
    return found if isinstance(found, dict) and isinstance(found.get("state"), str) else None
