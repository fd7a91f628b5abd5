"""The field that attacks are tried on: a real server, its tokens and its memory."""

import re
import threading
from typing import Final, Self

from benchmarks.attack.catalogue import ATTACKS
from benchmarks.attack.values import HONEST, PORTER, REVOKED, Target
from benchmarks.process_cost import ProcessCost
from iot_facerecognition_server.trust.tokens import TokenStore
from lab.photos import fetch_photos
from lab.server_process import ServerProcess

VICTIMS: Final = ("victim-0", "victim-1")
"""The identities of the two victims."""
_SAMPLE_SECONDS: Final = 0.1


class MemoryWatch:
    """Samples a process's memory from a thread of its own; a context manager."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.before = ProcessCost.of(pid).memory
        self.most = self.before

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.most = max(self.most, ProcessCost.of(self._pid).memory)

    @property
    def rise(self) -> int:
        """By how many bytes the memory rose above what it was in the beginning."""
        return self.most - self.before


def add_token(server: ServerProcess, identity: str) -> str:
    """Make a token; the running server takes it from the next request on."""
    return TokenStore(server.folder / "state" / "tokens.json").add(identity)


def target_of(server: ServerProcess) -> Target:
    """Return the server as its attackers need to know it."""
    metrics = re.search(r"metrics on http://\S+:(\d+)/metrics", server.output())
    if metrics is None:
        raise RuntimeError(f"the server does not say where its metrics are:\n{server.output()}")
    return Target(
        server.access.port,
        int(metrics[1]),
        {name: add_token(server, name) for name in (*ATTACKS, HONEST, PORTER, REVOKED)},
        HONEST,
        server.pid,
        server.folder,
        fetch_photos(),
    )
