"""A small TCP proxy: relays to a port of this machine, and tells by a header whom it relays.

`python relaying_proxy.py FROM PORT` listens on any port of 127.0.0.1, prints it, connects to PORT
from the address FROM, and goes on until its standard input ends.
"""

import asyncio
import socket
import struct
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def relay(source: str, port: int) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        client, own = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        forth.write(
            b"\r\n\r\n\x00\r\nQUIT\n\x21\x11"
            + struct.pack("!H", 12)
            + socket.inet_aton(client[0])
            + socket.inet_aton(own[0])
            + struct.pack("!HH", client[1], own[1])
        )
        await asyncio.gather(pump(reader, forth), pump(back, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1], int(sys.argv[2])))
