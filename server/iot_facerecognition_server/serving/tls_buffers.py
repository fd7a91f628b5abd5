"""How much memory asyncio's TLS keeps for every connection."""

from asyncio.sslproto import SSLProtocol
from typing import Final

BUFFER_BYTES: Final = 17 * 1024
"""What is read from a socket at once: one TLS record (16 KiB and 22 bytes) in any case.

asyncio's own 256 KiB are cleared for every connection, silent or not, and OpenSSL's buffer behind
it grows to four thirds of what is read and never shrinks: docs/decisions/idle-connections.md.
"""


def bound_tls_buffers(size: int = BUFFER_BYTES) -> None:
    """Let every TLS connection that this process opens from now on read `size` bytes at once.

    There is no setting for it: the class attribute is what its instances look at.
    """
    SSLProtocol.max_size = size
