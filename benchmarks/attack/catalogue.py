"""Every attack, in the order of the table."""

import time
from typing import Final

from benchmarks.attack import access, files, messages, pictures, revocation, transport
from benchmarks.attack.values import Attack, Outcome, Target


def nothing(_: Target, until: float) -> Outcome:
    """Attack nobody: how much the victims' figures vary by themselves."""
    time.sleep(max(0.0, until - time.monotonic()))
    return Outcome(1, "the variation of the figures themselves")


ATTACKS: Final[dict[str, Attack]] = {
    attack.name: attack
    for attack in (
        Attack("no attack, for comparison", "nothing changes", nothing),
        *pictures.ATTACKS,
        *transport.ATTACKS,
        *messages.ATTACKS,
        *access.ATTACKS,
        *revocation.ATTACKS,
        *files.ATTACKS,
    )
}
"""By the name that the command line calls it."""
