"""What systemd is told, without a package for it (sd_notify(3))."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Tell systemd `NAME=value`, where it listens.

    Nothing is interrupted where it does not: who misses the signs of life acts by himself.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
            notifier.connect("\0" + address[1:] if address.startswith("@") else address)
            notifier.sendall(state.encode())
