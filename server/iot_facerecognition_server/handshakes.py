"""How many connections may be in their handshake at a time, and which one goes for another."""

from collections import Counter


class Handshakes:
    """Counts connections whose handshake is under way. Plain.

    Past the bound the oldest handshake of the address that has most of them is given up, so that
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
        self._counts[address] += 1
        if len(self._addresses) <= self._most:
            return None
        ((crowded, _),) = self._counts.most_common(1)
        victim = next(key for key, peer in self._addresses.items() if peer == crowded)
        self.leave(victim)
        return victim, crowded

    def rename(self, key: int, address: str) -> None:
        """Count the handshake `key`, if it is still counted, as one of `address` from now on."""
        if key in self._addresses:
            self._uncount(self._addresses[key])
            self._addresses[key] = address  # keeps its place: it is as old as it was
            self._counts[address] += 1

    def leave(self, key: int) -> None:
        """End the handshake `key`, if it is still counted."""
        address = self._addresses.pop(key, None)
        if address is not None:
            self._uncount(address)

    def _uncount(self, address: str) -> None:
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]
