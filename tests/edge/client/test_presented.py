"""The certificate that a server shows, looked at before anything is said."""

import asyncio
import socket

import pytest

from iot_facerecognition_client import NoConnectionError, Reason, ServerAddress
from iot_facerecognition_client.presented import presented_certificate

from .test_trust import shown_with


async def test_the_certificate_is_reported_and_nothing_is_asked_for(fake_server, make_certificate):
    certificate = make_certificate(names=("elsewhere",), days=(1, 2))
    async with fake_server(certificate=certificate) as server:
        address = ServerAddress.parse(server.address)
        assert await presented_certificate(address) == certificate.fingerprint
        assert server.requests == []


async def test_of_two_certificates_for_one_key_it_is_the_one_to_pin(
    fake_server, make_certificate, tmp_path
):
    pinned = make_certificate()
    added = make_certificate(names=("camera-server",), key_of=pinned)
    async with fake_server(certificate=shown_with(added, pinned, tmp_path)) as server:
        shown = await presented_certificate(ServerAddress.parse(server.address))
    assert shown == pinned.fingerprint
    impostor = make_certificate()
    async with fake_server(certificate=shown_with(impostor, pinned, tmp_path)) as server:
        shown = await presented_certificate(ServerAddress.parse(server.address))
    assert shown == impostor.fingerprint, "whose key was used, not whose certificate was sent along"


async def test_why_there_is_no_certificate_is_reported():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(NoConnectionError, match="nothing listens") as told:
        await presented_certificate(ServerAddress("127.0.0.1", port))
    assert told.value.failure.reason is Reason.UNREACHABLE


async def test_a_name_that_is_none_is_reported():
    with pytest.raises(NoConnectionError, match=r"a\.\.b is no name") as told:
        await presented_certificate(ServerAddress("a..b", 50000))
    assert told.value.failure.reason is Reason.NAME_UNKNOWN


async def test_a_port_without_tls_is_reported():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoConnectionError) as told:
        await presented_certificate(ServerAddress("127.0.0.1", port))
    assert told.value.failure.reason is Reason.NOT_TLS
    server.close()
