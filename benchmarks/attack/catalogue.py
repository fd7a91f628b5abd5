"""Every attack, in the order of the table."""

from typing import Final

from benchmarks.attack import access, files, messages, pictures, transport
from benchmarks.attack.values import Attack

ATTACKS: Final[dict[str, Attack]] = {
    attack.name: attack
    for attack in (
        *pictures.ATTACKS,
        *transport.ATTACKS,
        *messages.ATTACKS,
        *access.ATTACKS,
        *files.ATTACKS,
    )
}
"""By the name that the command line calls it."""
