"""From the accepted socket to the handshake: deadlines, bounds, and words for who fails."""

import asyncio
import logging
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from iot_facerecognition_protocol import InitRequest, decode
from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.handshakes import HandshakePace, Handshakes
from tests.virtual_time import in_virtual_time

from .live_server import LIMITS, LiveServer, trusting

REFUSED = "connections_refused_total"


async def exchange(port: int, sent: bytes) -> bytes:
    """Send bytes over plain TCP and return everything that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "plain HTTP or ws://"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n\x16\x03\x01", "a PROXY protocol header"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), "a PROXY protocol header"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"\x80\x2e\x01\x00\x02", "bytes that are not TLS"),
    ],
)
def test_who_speaks_no_tls_is_named_in_one_line_of_the_log(
    sent: bytes, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            answer = await exchange(live.port, sent)
            assert (b"wss://" in answer) == sent.startswith(b"GET")
            await live.counted(REFUSED, reason="not-tls")

    asyncio.run(scenario())
    (record,) = (r for r in caplog.records if r.levelno >= logging.WARNING)
    assert record.getMessage().startswith(f"refused 127.0.0.1: {words}")


def test_lines_about_peers_are_few_however_many_there_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> float:
        async with LiveServer(tmp_path) as live:
            for _ in range(100):
                await exchange(live.port, b"GET / HTTP/1.1\r\n\r\n")
            return live.count(REFUSED, reason="not-tls")

    assert asyncio.run(scenario()) == 100
    assert sum("plain HTTP" in record.getMessage() for record in caplog.records) == 20


def test_tls_and_http_share_one_deadline(tmp_path: Path) -> None:
    """A peer that takes half of it for TLS has the other half for HTTP, not all of it again."""
    seconds = 50.0

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with LiveServer(tmp_path, replace(LIMITS, handshake_seconds=seconds)) as live:
            with socket.create_connection(("127.0.0.1", live.port)) as plain:
                plain.setblocking(False)
                begun = loop.time()
                await asyncio.sleep(seconds * 0.75)
                reader, writer = await asyncio.open_connection(
                    sock=plain.dup(), ssl=trusting(), server_hostname=""
                )
                writer.write(b"GET / HTTP/1.1\r\n")
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
                assert seconds <= loop.time() - begun < seconds * 1.1
                writer.close()
            assert live.count(REFUSED, reason="handshake-timeout") == 1

    in_virtual_time(scenario)


def test_handshakes_are_bounded_and_the_crowding_address_loses_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, replace(LIMITS, handshakes=3)) as live:
            address = ("127.0.0.1", live.port)
            silent = [socket.create_connection(address) for _ in range(8)]
            await live.counted(REFUSED, 5, reason="too-many-handshakes")
            async with live.connect() as client:
                assert isinstance(decode(str(await client.recv())), InitRequest)
            for one in silent:
                one.close()

    asyncio.run(scenario())


def test_the_oldest_handshake_of_the_address_with_most_is_given_up() -> None:
    handshakes = Handshakes(3)
    assert handshakes.enter(1, "honest") is None
    assert handshakes.enter(2, "crowd") is None
    assert handshakes.enter(3, "crowd") is None
    assert handshakes.enter(4, "crowd") == (2, "crowd")
    assert handshakes.enter(5, "another") == (3, "crowd")
    handshakes.leave(2)  # its task ends after it was given up
    assert len(handshakes) == 3
    for key in (1, 4, 5):
        handshakes.leave(key)
    assert len(handshakes) == 0


def test_a_fleet_behind_one_address_gets_in_one_after_the_other() -> None:
    pace = HandshakePace(50, 10.0)
    waits = [pace.wait("192.0.2.1", 0.0) for _ in range(700)]
    assert waits[:50] == [0.0] * 50
    let_in = [wait for wait in waits if wait is not None]
    assert let_in == sorted(let_in)
    assert waits == [*let_in, *[None] * (700 - len(let_in))], "who would wait for too long"
    assert 9.9 < let_in[-1] < 10.1
    assert pace.wait("192.0.2.2", 0.0) == 0.0, "another network"
    assert pace.wait("192.0.2.1", 1.0) is not None, "who was refused is not counted"


def test_pace_counts_an_ipv6_network_as_one_and_forgets_networks() -> None:
    pace = HandshakePace(1, 0.0)
    assert pace.wait("2001:db8::1", 0.0) == 0.0
    assert pace.wait("2001:db8::2", 0.0) != 0.0
    for number in range(20_000):
        assert pace.wait(f"2001:db8:{number % 9999 + 1:x}:{number // 9999}::1", 0.0) is not None
    assert pace.wait("192.0.2.1", 0.0) == 0.0
    assert HandshakePace(0, 0.0).wait("192.0.2.1", 0.0) == 0.0


def test_connections_past_the_rate_of_an_address_wait_and_are_refused_past_the_deadline(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Four a second: four at once, two within the deadline of half a second, and no more."""
    limits = replace(LIMITS, handshake_rate=4.0, handshake_seconds=0.6)

    async def scenario() -> None:
        async with LiveServer(tmp_path, limits) as live:
            address = ("127.0.0.1", live.port)
            crowd = [socket.create_connection(address) for _ in range(20)]
            await live.counted(REFUSED, 12, reason="too-many-handshakes")
            await live.counted(REFUSED, 1, reason="handshake-timeout")
            for one in crowd:
                one.close()

    asyncio.run(scenario())
    assert any("[Limits] HandshakeRate" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("shown", ["none", "foreign"])
def test_failed_mtls_is_reported_in_the_log_and_counts_as_an_authentication_failure(
    shown: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folders = {name: tmp_path / name for name in ("server", "trusted", "foreign")}
    for name in ("trusted", "foreign"):
        server_tls(load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(folders[name])}))
    context = trusting()
    if shown == "foreign":
        context.load_cert_chain(folders["foreign"] / "server.pem")
    settings = {"AUTH_MODE": "mtls", "AUTH_CLIENTCA": str(folders["trusted"] / "server.crt")}

    async def scenario() -> None:
        async with LiveServer(folders["server"], settings=settings) as live:
            with pytest.raises((OSError, EOFError, WebSocketException)):
                async with live.connect(ssl=context) as client:
                    await client.recv()
            await live.counted(REFUSED, reason="authentication")
            assert live.count("authentication_failures_total") == 1

    asyncio.run(scenario())
    words = "showed no certificate" if shown == "none" else "the client's certificate was refused"
    (record,) = (r for r in caplog.records if r.levelno >= logging.WARNING)
    assert record.getMessage().startswith("refused 127.0.0.1: ")
    assert words in record.getMessage()


def test_a_client_that_offers_no_tls_1_3_is_reported_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = trusting()
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            with pytest.raises(ConnectionResetError):  # asyncio lets no alert out
                await asyncio.open_connection("127.0.0.1", live.port, ssl=old)
            await live.counted(REFUSED, reason="tls-failed")

    asyncio.run(scenario())
    assert "offers no TLS 1.3" in caplog.text


def shake_hands(context: ssl.SSLContext, port: int) -> None:
    """Shake hands as a client outside asyncio, which would not send its alert."""
    with socket.create_connection(("127.0.0.1", port)) as plain:
        context.wrap_socket(plain, server_hostname="localhost").close()


def test_a_client_that_distrusts_the_certificate_is_reported_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(shake_hands, ssl.create_default_context(), live.port)
            await live.counted(REFUSED, reason="tls-failed")

    asyncio.run(scenario())
    assert "does not trust this server's certificate" in caplog.text


def test_who_connects_and_leaves_is_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Load balancers look like this every few seconds."""

    async def scenario() -> None:
        async with LiveServer(tmp_path) as live:
            for sent in (b"", b"\x16\x03\x01"):
                with socket.create_connection(("127.0.0.1", live.port)) as peer:
                    peer.sendall(sent)
            async with live.connect() as client:
                await client.recv()

    asyncio.run(scenario())
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
