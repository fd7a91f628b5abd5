"""A relay of TCP between device and server, which can cut connections and counts them.

The device's server address is the relay's, so that reconnecting can be made to happen without
anything at the device or at the server. TLS goes through it untouched, end to end.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16
_LOOK = 0.2
"""Seconds after which the thread looks whether it is to end."""


class Relay:
    """Listens on `bind`, and takes every connection on to `target()`; a context manager.

    `target` is asked for each connection, since a server may come back at another port; it raises
    OSError while there is none.
    """

    def __init__(self, target: Callable[[], tuple[str, int]], bind: str = "127.0.0.1") -> None:
        self._target = target
        self._listener = socket.create_server((bind, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._accepted: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    @property
    def accepted(self) -> list[float]:
        """The monotonic seconds at which connections were accepted so far."""
        with self._lock:
            return list(self._accepted)

    @property
    def open(self) -> int:
        """How many connections there are now."""
        with self._lock:
            return len(self._pairs)

    def cut(self) -> int:
        """Cut all connections, both ends of each at once; return how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                # The threads that read them then see the end.
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ended.is_set():
                if selector.select(_LOOK):
                    device, _ = self._listener.accept()
                    self._join(device)

    def _join(self, device: socket.socket) -> None:
        with self._lock:
            self._accepted.append(time.monotonic())
        try:
            server = socket.create_connection(self._target(), 10)
        except OSError:
            # As a machine without the server answers: the connection ends.
            device.close()
            return
        pair = (device, server)
        server.settimeout(None)
        with self._lock:
            self._pairs.add(pair)
        for source, sink in (pair, pair[::-1]):
            name = f"relay of {source.fileno()}"
            threading.Thread(
                target=self._copy, args=(pair, source, sink), name=name, daemon=True
            ).start()

    def _copy(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        # The other direction sees the end of this one; each closes what it has read from.
        source.close()
        with self._lock:
            self._pairs.discard(pair)
