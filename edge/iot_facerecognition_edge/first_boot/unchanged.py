"""Whether a start has anything to do, found out without parsing any file."""

from iot_facerecognition_edge.first_boot.card import Card
from iot_facerecognition_edge.first_boot.memory import Memory


def unchanged(card: Card, memory: Memory, version: str) -> bool:
    """Return whether this `version` of the program was done with these very files of `card`."""
    if memory.version != version or not memory.digests or card.interrupted:
        return False
    try:
        return card.same(memory.digests)
    except OSError:
        return False
