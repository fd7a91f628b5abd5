"""How much memory asyncio's TLS keeps for every connection."""

import asyncio
from asyncio.sslproto import SSLProtocol
from typing import Any, Final

BUFFER_BYTES: Final = 17 * 1024
"""What is read from a socket at once: one TLS record (16 KiB and 22 bytes) in any case.

asyncio's own 256 KiB are cleared for every connection, silent or not, and OpenSSL's buffer behind
it grows to four thirds of what is read and never shrinks: docs/decisions/idle-connections.md.
"""


def bound_tls_buffers() -> None:
    """Let each TLS connection that this process opens from now on read `BUFFER_BYTES` at once.

    There is no setting for it: the class attribute is what its instances look at.
    """
    SSLProtocol.max_size = BUFFER_BYTES


class ReadBuffer:
    """What all TLS connections of one event loop read into, instead of each into its own.

    asyncio reads from a socket and hands on what it has read in one go, before it looks at another
    connection, so one buffer is enough.
    """

    def __init__(self) -> None:
        """Make room for what `bound_tls_buffers` lets a connection read."""
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)

    def lend(self, transport: asyncio.BaseTransport) -> bool:
        """Let `transport` read into this buffer and give up its own; False where it has none.

        There is no setting for it either: without these attributes, as in another Python or event
        loop, every connection keeps what it has.
        """
        protocol: Any = getattr(transport, "_ssl_protocol", None)
        own = getattr(protocol, "_ssl_buffer", None), getattr(protocol, "_ssl_buffer_view", None)
        if not isinstance(own[0], bytearray) or not isinstance(own[1], memoryview):
            return False
        protocol._ssl_buffer, protocol._ssl_buffer_view = self._buffer, self._view  # noqa: SLF001 - see above
        return True


def bound_unread_bytes(transport: asyncio.BaseTransport) -> None:
    """Let TLS take no more than about `BUFFER_BYTES` from a socket that is not to be read.

    By default it takes 256 KiB more, and OpenSSL's buffer for them never shrinks. Other event loops
    have no such limit to set.
    """
    set_limits = getattr(transport, "set_read_buffer_limits", None)
    if set_limits is not None:
        set_limits(BUFFER_BYTES)


def unsent_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes wait in `transport`, in TLS's buffers and in the socket's below them.

    The public method knows the first only; where the second cannot be found, it is left out.
    """
    if transport.is_closing():
        return 0
    below: Any = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    lower = 0 if below is None else int(below.get_write_buffer_size())
    return transport.get_write_buffer_size() + lower
