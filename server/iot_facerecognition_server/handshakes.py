"""How many connections may be in their handshake at a time, which goes for another, and when."""

from collections import Counter
from typing import Final

from iot_facerecognition_server.peer_network import peer_network
from iot_facerecognition_server.sessions.rate import RateLimit

_REMEMBERED: Final = 10_000
"""Networks whose pace is kept."""


class Handshakes:
    """Counts connections whose handshake is under way. Plain.

    Past the bound the oldest handshake of the network that has most of them is given up, so that
    whoever opens many and finishes none loses its own.
    """

    def __init__(self, most: int) -> None:
        """Let `most` be under way at a time."""
        self._most = most
        self._addresses: dict[int, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._addresses)

    def enter(self, key: int, address: str) -> tuple[int, str] | None:
        """Begin the handshake `key` of `address`; return key and address of one to give up."""
        self._addresses[key] = address
        self._counts[peer_network(address)] += 1
        if len(self._addresses) <= self._most:
            return None
        ((crowded, _),) = self._counts.most_common(1)
        victim, peer = next(
            (key, peer) for key, peer in self._addresses.items() if peer_network(peer) == crowded
        )
        self.leave(victim)
        return victim, peer

    def rename(self, key: int, address: str) -> None:
        """Count the handshake `key`, if it is still counted, as one of `address` from now on."""
        if key in self._addresses:
            self._uncount(self._addresses[key])
            self._addresses[key] = address  # keeps its place: it is as old as it was
            self._counts[peer_network(address)] += 1

    def leave(self, key: int) -> None:
        """End the handshake `key`, if it is still counted."""
        address = self._addresses.pop(key, None)
        if address is not None:
            self._uncount(address)

    def _uncount(self, address: str) -> None:
        network = peer_network(address)
        self._counts[network] -= 1
        if not self._counts[network]:
            del self._counts[network]


class HandshakePace:
    """Spreads the handshakes that one network begins over time. Plain, times are passed in.

    Each costs the event loop milliseconds of cryptography. A fleet that comes back all at once gets
    in one after the other; whoever only opens connections cannot take others' time with them.
    """

    def __init__(self, per_second: float, patience: float) -> None:
        """Let `per_second` begin, and a second's worth at once; none waits beyond `patience` s.

        0 a second lets any number begin.
        """
        self._per_second = per_second
        self._patience = patience
        self._networks: dict[str, RateLimit] = {}

    def wait(self, address: str, now: float) -> float | None:
        """Return for how many seconds a new handshake waits for its turn; None: for too long.

        One that would wait for too long is not counted.
        """
        if not self._per_second:
            return 0.0
        pace = self._pace_of(peer_network(address), now)
        if pace.wait(now) > self._patience:
            return None
        pace.charge(now)
        return pace.wait(now)

    def _pace_of(self, network: str, now: float) -> RateLimit:
        pace = self._networks.get(network)
        if pace is None:
            if len(self._networks) >= _REMEMBERED:
                self._forget(now)
            pace = self._networks[network] = RateLimit(self._per_second)
        return pace

    def _forget(self, now: float) -> None:
        """Forget who owes nothing, or else everybody: the bound holds whoever comes."""
        owing = {who: pace for who, pace in self._networks.items() if not pace.is_full(now)}
        self._networks = owing if len(owing) < _REMEMBERED else {}
