"""Who may connect: addresses, numbers, and who can prove to be allowed."""

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from iot_facerecognition_protocol import ErrorCode


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection is turned away: the HTTP answer, and the reason for the counter."""

    status: HTTPStatus
    reason: str
    message: str


class Admission:
    """Counts connections, all in all and by address, and holds them to their limits. Plain."""

    def __init__(self, most: int, most_per_address: int) -> None:
        """Admit `most` connections and `most_per_address` of one address; 0 admits any number."""
        self._most = most
        self._most_per_address = most_per_address
        self._connections = 0
        self._addresses: Counter[str] = Counter()

    @property
    def connections(self) -> int:
        """Connections that were admitted and have not left."""
        return self._connections

    def enter(self, address: str) -> Refusal | None:
        """Admit a connection from `address`, or say why not."""
        if self._most and self.connections >= self._most:
            return Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                str(ErrorCode.TOO_MANY_CLIENTS),
                f"this server takes {self._most} clients ([Limits] Clients)",
            )
        if self._most_per_address and self._addresses[address] >= self._most_per_address:
            return Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                str(ErrorCode.TOO_MANY_CONNECTIONS),
                f"this server takes {self._most_per_address} connections from one address"
                " ([Limits] ConnectionsPerAddress)",
            )
        self._connections += 1
        self._addresses[address] += 1
        return None

    def leave(self, address: str) -> None:
        """Take note that a connection that was admitted has ended."""
        self._connections -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
