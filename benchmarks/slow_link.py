"""A link with delay and loss between two network namespaces, for whoever is root on Linux.

Real kernels' TCP at both ends, also where the kernel has no `netem`: what one namespace sends into
its TUN device, this process hands to the other's later, or not at all.
"""

import fcntl
import heapq
import multiprocessing
import os
import random
import select
import signal
import struct
import subprocess
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

_TUNSETIFF: Final = 0x400454CA
_IFF_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000
"""From linux/if_tun.h."""
_PACKET: Final = 65_536
SERVER_ADDRESS: Final = "10.213.7.1"
_CLIENT_ADDRESS: Final = "10.213.7.2"


@dataclass(frozen=True, slots=True)
class Link:
    """Seconds that a packet takes one way, and the share of packets that are lost each way."""

    delay: float
    loss: float


class SlowLink:
    """Two namespaces, a server's and a client's, with a link between them; a context manager."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.server = f"slow-server-{os.getpid()}"
        """The namespace in which `SERVER_ADDRESS` is."""
        self.client = f"slow-client-{os.getpid()}"
        self._relay: multiprocessing.Process | None = None

    @staticmethod
    def possible() -> bool:
        """Tell whether this process may make namespaces and TUN devices."""
        return os.geteuid() == 0 and os.access("/dev/net/tun", os.W_OK)

    def __enter__(self) -> Self:
        ends: list[int] = []
        for name, address in ((self.server, SERVER_ADDRESS), (self.client, _CLIENT_ADDRESS)):
            _ip("netns", "add", name)
            device = f"slow{os.getpid()}{'sc'[len(ends)]}"
            ends.append(_open_tun(device))
            _ip("link", "set", device, "netns", name)
            _ip("-n", name, "address", "add", f"{address}/30", "dev", device)
            _ip("-n", name, "link", "set", device, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        self._relay = multiprocessing.Process(target=relay, args=(*ends, self._link), daemon=True)
        self._relay.start()
        for end in ends:
            os.close(end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._relay is not None:
            self._relay.terminate()
            self._relay.join()
        for name in (self.server, self.client):
            _ip("netns", "delete", name)


def relay(left: int, right: int, link: Link) -> None:
    """Carry packets between two TUN devices until terminated."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not what the benchmark made of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    chance = random.Random(1)  # noqa: S311 - the same losses in each run
    to = {left: right, right: left}
    waiting: list[tuple[float, int, int, bytes]] = []
    packets = 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([left, right], [], [], timeout)
        for end in readable:
            packet = os.read(end, _PACKET)
            if chance.random() >= link.loss:
                packets += 1
                heapq.heappush(waiting, (time.monotonic() + link.delay, packets, to[end], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, end, packet = heapq.heappop(waiting)
            os.write(end, packet)


def _open_tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR)
    request = struct.pack("16sH14x", name.encode(), _IFF_TUN_WITHOUT_HEADER)
    fcntl.ioctl(end, _TUNSETIFF, request)
    return end


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
