"""Every attack, in the order of the table."""

import socket
import time
from typing import Final

from benchmarks.attack import access, files, messages, pictures, revocation, transport
from benchmarks.attack.values import Attack, Outcome, Target


def nothing(_: Target, until: float) -> Outcome:
    """Attack nobody: how much the victims' figures vary by themselves."""
    time.sleep(max(0.0, until - time.monotonic()))
    return Outcome(1, "the variation of the figures themselves")


def busy_neighbour(target: Target, until: float) -> Outcome:
    """Work as hard as an attacker does, against a server of its own instead of the one at `target`.

    An attacker takes idle processor time only, but the memory bus, caches and the threads of a core
    that it uses are the server's as well: here it connects and sends, and somebody else answers.
    """
    del target
    tries = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        while time.monotonic() < until:
            with socket.create_connection(listener.getsockname()) as sender:
                receiver, _ = listener.accept()
                with receiver:
                    sender.sendall(bytes(65_536))
                    receiver.recv(65_536)
            tries += 1
    return Outcome(tries, "the server is left alone")


ATTACKS: Final[dict[str, Attack]] = {
    attack.name: attack
    for attack in (
        Attack("no attack, for comparison", "nothing changes", nothing),
        Attack("a busy process next to it, for comparison", "nothing changes", busy_neighbour),
        Attack(
            "an honest client that is busy, for comparison",
            "its turns are as good as the others'",
            pictures.one_busy_client,
        ),
        *pictures.ATTACKS,
        *transport.ATTACKS,
        *messages.ATTACKS,
        *access.ATTACKS,
        *revocation.ATTACKS,
        *files.ATTACKS,
    )
}
"""By the name that the command line calls it."""
