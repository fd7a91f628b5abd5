"""TLS connections of asyncio's own, with nothing on top: the reference for what a client costs.

`python -m benchmarks.bare_tls IDENTITY` listens on a free port of loopback with the key and
certificate of that file, prints the port and keeps every connection until its standard input ends.
"""

import asyncio
import ssl
import sys

from benchmarks import command


class Silent(asyncio.Protocol):
    """Says nothing and hears nothing."""


async def serve(identity: str) -> None:
    """Listen until the input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.load_cert_chain(identity)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Silent, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


async def connect(port: int, count: int) -> list[asyncio.Transport]:
    """Open `count` connections to it, one after the other; their transports keep them open."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its own server, on loopback
    loop = asyncio.get_running_loop()
    transports = []
    for _ in range(count):
        transport, _ = await loop.create_connection(Silent, "127.0.0.1", port, ssl=context)
        transports.append(transport)
    return transports


if __name__ == "__main__":
    command.run(lambda: asyncio.run(serve(sys.argv[1])))
