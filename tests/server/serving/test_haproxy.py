"""The real HAProxy in front of the server, where it is installed (`apt-get install haproxy`)."""

import asyncio
import logging
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iot_facerecognition_protocol import InitRequest, decode

from .live_server import LiveServer

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = """\
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend edges
    bind {bind}:{port}
    default_backend recognition
backend recognition
    server one 127.0.0.1:{server} source 127.0.0.9 send-proxy-v2 {options}
"""

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")


def free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            pytest.skip(f"{host}: {error.strerror}")
        return int(probe.getsockname()[1])


async def until_open(host: str, port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


@contextmanager
def haproxy(configuration: Path) -> Iterator[None]:
    """Run HAProxy in the foreground."""
    with subprocess.Popen([str(HAPROXY), "-db", "-f", configuration]) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("host", "client"), [("127.0.0.1", "127.0.0.50"), ("::1", "::1")], ids=["IPv4", "IPv6"]
)
@pytest.mark.parametrize(
    "options",
    [
        "",
        "check inter 50ms",
        "check inter 50ms proxy-v2-options crc32c,unique-id",
    ],
)
def test_haproxy_s_headers_and_health_checks_are_understood(
    options: str, host: str, client: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        listed = {"CONNECTION_PROXYPROTOCOLFROM": "127.0.0.9"}
        async with LiveServer(tmp_path, settings=listed) as live:
            port = free_port(host)
            (tmp_path / "haproxy.cfg").write_text(
                CONFIGURATION.format(bind=host, port=port, server=live.port, options=options)
            )
            with haproxy(tmp_path / "haproxy.cfg"):
                await until_open(host, port)
                async with live.connect(
                    host=host, port=port, local_addr=(client, 0), server_hostname=""
                ) as connection:
                    assert isinstance(decode(str(await connection.recv())), InitRequest)
                    (only,) = live.server.clients
                    assert only.address == client
                    if "check" in options:
                        await several_health_checks(caplog)

    with caplog.at_level(logging.DEBUG, logger="iot_facerecognition_server.serving.entrance"):
        asyncio.run(scenario())
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


async def several_health_checks(caplog: pytest.LogCaptureFixture) -> None:
    while caplog.text.count("127.0.0.9 left during its handshake") < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
