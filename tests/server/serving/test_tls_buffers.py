import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Iterator
from pathlib import Path

import pytest

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.third_parties.asyncio_tls import (
    BUFFER_BYTES,
    ReadBuffer,
    bound_tls_buffers,
)


@pytest.fixture(autouse=True)
def asyncios_own_size() -> Iterator[None]:
    """Give the other tests of this process asyncio's own size back."""
    before = SSLProtocol.max_size
    yield
    SSLProtocol.max_size = before


class Receiver(asyncio.Protocol):
    """Takes note of what comes in one piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.opened = asyncio.Event()
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.opened.set()

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


async def send(folder: Path, content: bytes) -> tuple[list[bytes], int]:
    """Return the pieces in which `content` arrives at a server, and its buffer's size."""
    config = load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(folder)})
    receiver = Receiver()
    loop = asyncio.get_running_loop()
    context = server_tls(config).context
    server = await loop.create_server(lambda: receiver, "127.0.0.1", 0, ssl=context)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    writer.write(content)
    await receiver.opened.wait()
    size = len(receiver.transport._ssl_protocol._ssl_buffer)  # type: ignore[attr-defined]
    await writer.drain()
    writer.close()
    await receiver.ended.wait()
    server.close()
    return receiver.pieces, size


def test_a_connection_reads_and_holds_no_more_than_the_bound(tmp_path: Path):
    bound_tls_buffers()
    content = bytes(range(256)) * 4096
    pieces, size = asyncio.run(send(tmp_path, content))
    assert b"".join(pieces) == content
    assert size == BUFFER_BYTES
    assert max(map(len, pieces)) <= 2 * BUFFER_BYTES  # a read completes what was there of a record


class Borrower(Receiver):
    """Reads into a buffer that others read into, too."""

    def __init__(self, buffer: ReadBuffer) -> None:
        super().__init__()
        self._buffer = buffer
        self.lent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lent = self._buffer.lend(transport)
        super().connection_made(transport)


def test_connections_that_share_a_buffer_get_their_own_bytes(tmp_path: Path):
    bound_tls_buffers()
    contents = [bytes([number]) * 300_000 for number in range(1, 5)]

    async def scenario() -> list[Borrower]:
        config = load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(tmp_path)})
        buffer, made = ReadBuffer(), list[Borrower]()

        def borrower() -> Borrower:
            made.append(Borrower(buffer))
            return made[-1]

        loop = asyncio.get_running_loop()
        server = await loop.create_server(borrower, "127.0.0.1", 0, ssl=server_tls(config).context)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        port = server.sockets[0].getsockname()[1]
        opened = [await asyncio.open_connection("127.0.0.1", port, ssl=trusting) for _ in contents]
        for begin in range(0, 300_000, 10_000):  # piece by piece, so that they take turns
            for content, (_, writer) in zip(contents, opened, strict=True):
                writer.write(content[begin : begin + 10_000])
                await writer.drain()
        for _, writer in opened:
            writer.close()
        for one in made:
            await one.ended.wait()
        server.close()
        return made

    made = asyncio.run(scenario())
    assert all(one.lent for one in made)
    buffers = {id(one.transport._ssl_protocol._ssl_buffer) for one in made}  # type: ignore[attr-defined]
    assert len(buffers) == 1
    assert sorted(b"".join(one.pieces) for one in made) == contents


def test_a_transport_without_tls_keeps_what_it_has():
    assert not ReadBuffer().lend(asyncio.Transport())
