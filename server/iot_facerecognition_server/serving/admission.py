"""How many may connect: all in all, from one address (or IPv6 network), and of one identity."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from http import HTTPStatus

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.peer_network import peer_network


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection is rejected: the HTTP answer, and the reason for the counter."""

    status: HTTPStatus
    reason: str
    message: str


class Admission:
    """Counts connections, also by address and identity, and holds them to their limits. Plain."""

    def __init__(self, most: int, most_per_address: int, most_per_identity: int) -> None:
        """Admit that many connections; 0 admits any number."""
        self._most = most
        self._most_per_address = most_per_address
        self._most_per_identity = most_per_identity
        self._connections = 0
        self._addresses: Counter[str] = Counter()
        self._identities: Counter[Hashable] = Counter()

    @property
    def connections(self) -> int:
        """Connections that were admitted and have not left."""
        return self._connections

    @property
    def most_of_an_address(self) -> int:
        """Connections of the address that has most of them; from any thread."""
        return max(dict(self._addresses).values(), default=0)

    @property
    def most_of_an_identity(self) -> int:
        """Connections of the identity that has most of them; from any thread."""
        return max(dict(self._identities).values(), default=0)

    def enter(self, address: str, identity: Hashable) -> Refusal | None:
        """Admit a connection of `identity` from `address`, or say why not."""
        if self._most_per_identity and self._identities[identity] >= self._most_per_identity:
            return Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                str(ErrorCode.TOO_MANY_CONNECTIONS),
                f"this server takes {self._most_per_identity} connections of one identity"
                " ([Budget] Connections): close some of them",
            )
        if self._most and self.connections >= self._most:
            return Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                str(ErrorCode.TOO_MANY_CLIENTS),
                f"this server takes {self._most} clients ([Limits] Clients): try again later",
            )
        network = peer_network(address)
        if self._most_per_address and self._addresses[network] >= self._most_per_address:
            return Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                str(ErrorCode.TOO_MANY_CONNECTIONS),
                f"this server takes {self._most_per_address} connections from one address"
                " ([Limits] ConnectionsPerAddress): close some of them",
            )
        self._connections += 1
        self._addresses[network] += 1
        self._identities[identity] += 1
        return None

    def leave(self, address: str, identity: Hashable) -> None:
        """Record that a connection that was admitted has ended."""
        self._connections -= 1
        network = peer_network(address)
        self._addresses[network] -= 1
        if not self._addresses[network]:
            del self._addresses[network]
        self._identities[identity] -= 1
        if not self._identities[identity]:
            del self._identities[identity]
