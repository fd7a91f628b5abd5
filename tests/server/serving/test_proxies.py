"""Behind a proxy: the client's address counts, and nobody but a listed proxy may name it."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from iot_facerecognition_protocol import InitRequest, decode
from iot_facerecognition_server.config.kinds import NetworkList
from iot_facerecognition_server.handshakes import Handshakes
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.proxies import Proxies

from .live_server import LIMITS, LiveServer
from .proxy_headers import LOCAL, PROXY, UNIX_STREAM, UNSPECIFIED, header, relayed, with_checksum

PROXY_ADDRESS = "127.0.0.9"
STRANGER = "127.0.0.10"
LISTED = {"CONNECTION_PROXYPROTOCOLFROM": f"192.0.2.0/24 {PROXY_ADDRESS} fd00::/8"}
REFUSED = "connections_refused_total"


def dial(live: LiveServer, begin: bytes, source: str = PROXY_ADDRESS) -> socket.socket:
    """Return a connection from `source` on which `begin` was sent."""
    connection = socket.create_connection(("127.0.0.1", live.port), 10, (source, 0))
    connection.sendall(begin)
    return connection


def through(
    live: LiveServer, begin: bytes, source: str = PROXY_ADDRESS, **options: object
) -> connect:
    """Return a client, to be entered, whose connection begins with `begin`."""
    return live.connect(sock=dial(live, begin, source), server_hostname="", **options)


async def left_alone(live: LiveServer, begin: bytes, source: str = PROXY_ADDRESS) -> bytes:
    """Send `begin` and return what came before the server closed."""
    reader, writer = await asyncio.open_connection(sock=dial(live, begin, source))
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


@contextmanager
def relaying_proxy(port: int) -> Iterator[int]:
    """Run a proxy in front of `port` as a process of its own, and yield its port."""
    script = Path(__file__).with_name("relaying_proxy.py")
    with subprocess.Popen(
        [sys.executable, script, PROXY_ADDRESS, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def test_behind_a_real_proxy_each_client_has_its_own_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live:
            with relaying_proxy(live.port) as port:
                for client_address in ("127.0.0.50", "127.0.0.51"):
                    async with live.connect(
                        host="127.0.0.1", port=port, local_addr=(client_address, 0)
                    ) as client:
                        assert isinstance(decode(str(await client.recv())), InitRequest)
                        assert [one.address for one in live.server.clients] == [client_address]
                        await client.send(b"x" * 300_000)  # more than one TLS record

    with caplog.at_level(logging.INFO):
        asyncio.run(scenario())
    connected = [r.getMessage() for r in caplog.records if "connected from" in r.getMessage()]
    assert [line.split()[2] for line in connected] == ["127.0.0.50,", "127.0.0.51,"]


@pytest.mark.parametrize(
    ("begin", "address"),
    [
        (relayed("192.0.2.7"), "192.0.2.7"),
        (relayed("2001:db8::7"), "2001:db8::7"),
        (with_checksum(PROXY, 0x21, relayed("2001:db8::8")[16:], b"\x04\0\0"), "2001:db8::8"),
        (header(LOCAL, UNSPECIFIED), PROXY_ADDRESS),
        (header(PROXY, UNIX_STREAM, bytes(216)), PROXY_ADDRESS),
    ],
)
def test_the_address_that_counts(begin: bytes, address: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live, through(live, begin) as client:
            await client.recv()
            (only,) = live.server.clients
            assert (only.address, only.identity.name) == (address, address)

    asyncio.run(scenario())


def test_a_header_may_come_byte_by_byte_and_nothing_behind_it_is_lost(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live:
            begin = relayed("192.0.2.7")
            connection = dial(live, begin[:1])
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(1, len(begin)):
                await asyncio.sleep(0)
                connection.sendall(begin[number : number + 1])
            async with live.connect(sock=connection, server_hostname="") as client:
                await client.recv()
                assert live.server.clients[0].address == "192.0.2.7"

    asyncio.run(scenario())


def test_the_limit_of_connections_is_each_client_s_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        live = LiveServer(tmp_path, settings=LISTED, admission=Admission(100, 1, 100))
        async with live, through(live, relayed("192.0.2.7")), through(live, relayed("192.0.2.8")):
            with pytest.raises(InvalidStatus) as refused:
                await through(live, relayed("192.0.2.8"))
            assert refused.value.response.status_code == 429

    asyncio.run(scenario())
    (line,) = warnings(caplog)
    assert line.startswith("rejected 192.0.2.8: ")


def test_a_failed_login_is_the_client_s_and_not_the_proxy_s(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings={**LISTED, "AUTH_MODE": "token"}) as live:
            with pytest.raises(InvalidStatus):
                await through(live, relayed("2001:db8::7"))

    asyncio.run(scenario())
    (line,) = warnings(caplog)
    assert line.startswith("rejected 2001:db8::7: ")


@pytest.mark.parametrize("settings", [{}, LISTED])
def test_who_is_not_listed_cannot_choose_an_address(
    settings: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=settings) as live:
            assert await left_alone(live, relayed("192.0.2.7"), STRANGER) == b""
            await live.counted(REFUSED, reason="not-tls")
            assert not live.server.clients
            async with through(live, b"", STRANGER) as client:
                await client.recv()
                assert live.server.clients[0].address == STRANGER

    asyncio.run(scenario())
    (line,) = warnings(caplog)
    assert line.startswith(f"refused {STRANGER}: a PROXY protocol header")
    assert "[Connection] ProxyProtocolFrom" in line


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), "signature"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n", "of version 1"),
        (b"GET / HTTP/1.1\r\n\r\n", "signature"),
        (header(0x2F, 0x11, bytes(12)), "no command 15"),
        (header(PROXY, 0x11, bytes(5_000)), "5016 bytes"),
        (header(PROXY, 0x11, b"\0"), "need 12 bytes"),
    ],
)
def test_a_proxy_has_to_say_whom_it_relays(
    begin: bytes, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live:
            assert await left_alone(live, begin) == b""
            await live.counted(REFUSED, reason="proxy-header")
            assert live.count(REFUSED, reason="not-tls") == 0

    asyncio.run(scenario())
    (line,) = warnings(caplog)
    assert line.startswith(f"refused {PROXY_ADDRESS}: ")
    assert words in line
    assert "[Connection] ProxyProtocolFrom" in line


@pytest.mark.parametrize("sent", [b"", relayed("192.0.2.7")[:7], relayed("192.0.2.7")])
def test_a_slow_header_is_part_of_the_one_deadline(sent: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        limits = replace(LIMITS, handshake_seconds=0.3)
        async with LiveServer(tmp_path, limits, settings=LISTED) as live:
            assert await left_alone(live, sent) == b""
            await live.counted(REFUSED, reason="handshake-timeout")

    asyncio.run(scenario())


def test_a_header_that_ends_too_early_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live:
            for cut in (3, 20):
                with dial(live, relayed("192.0.2.7")[:cut]) as connection:
                    connection.shutdown(socket.SHUT_WR)
                    await live.counted(REFUSED, least=1 + (cut == 20), reason="proxy-header")

    asyncio.run(scenario())
    assert all("ended before it was whole" in line for line in warnings(caplog))


def test_health_checks_of_a_proxy_are_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with LiveServer(tmp_path, settings=LISTED) as live:
            for begin in (b"", header(LOCAL, UNSPECIFIED), with_checksum(LOCAL, UNSPECIFIED)):
                dial(live, begin).close()
            async with through(live, relayed("192.0.2.7")) as client:
                await client.recv()

    asyncio.run(scenario())
    assert not warnings(caplog)


def test_a_handshake_counts_as_its_client_s_once_that_is_known() -> None:
    handshakes = Handshakes(3)
    for key in (1, 2, 3):
        assert handshakes.enter(key, "proxy") is None
    handshakes.rename(2, "crowd")
    handshakes.rename(3, "crowd")
    assert handshakes.enter(4, "another") == (2, "crowd")
    handshakes.rename(2, "given up already")
    handshakes.rename(4, "proxy")
    assert handshakes.enter(5, "another") == (1, "proxy")
    for key in (3, 4, 5):
        handshakes.leave(key)
    assert len(handshakes) == 0


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("fd00::1", True),
        ("fe80::1%eth0", False),
        ("2001:db8::1", False),
    ],
)
def test_networks_of_both_families_are_listed(address: str, listed: bool) -> None:
    assert Proxies(NetworkList().parse("10.0.0.0/8 fd00::/8", Path())).includes(address) is listed
