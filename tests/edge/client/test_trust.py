"""Whom a client talks to: every refusal comes before a token or a frame leaves."""

import asyncio
import contextlib
import dataclasses
import logging
import os
import socket
import ssl
from pathlib import Path

import pytest

from iot_facerecognition_client import (
    CaFile,
    Client,
    ClientCertificate,
    Fingerprint,
    NoVerification,
    Reason,
    State,
    Status,
    SystemTrust,
    TrustError,
    certificate_fingerprint,
)

TOKEN = "secret-token"


async def outcome(address: str, trust, token: str | None = TOKEN) -> Status:
    """Return the first state of a client that is an answer."""
    client = Client(address, trust=trust, token=token)
    statuses = client.statuses()
    async with client:
        async for status in statuses:
            if status.state is not State.CONNECTING:
                return status
    raise AssertionError("no answer")


async def test_the_right_fingerprint_connects_and_shows_the_token(fake_server):
    async with fake_server(token=TOKEN) as server:
        written = server.certificate.fingerprint.removeprefix("sha256:").upper()
        pairs = ":".join(written[i : i + 2] for i in range(0, 64, 2))
        status = await outcome(server.address, Fingerprint(pairs))
        assert status.state is State.CONNECTED


async def test_an_impostor_never_sees_the_token(fake_server, make_certificate):
    async with fake_server(certificate=make_certificate()) as impostor:
        pinned = make_certificate().fingerprint
        status = await outcome(impostor.address, Fingerprint(pinned))
        assert status.state is State.REFUSED
        assert status.reason is Reason.CERTIFICATE
        assert status.text.startswith("the server's certificate is not the pinned one")
        assert impostor.certificate.fingerprint in status.text
        assert pinned in status.text
        assert status.retry_in >= 30
        assert impostor.requests == []


async def test_an_impostor_gets_not_one_byte_of_application_data(certificate, make_certificate):
    received = asyncio.get_running_loop().create_future()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            received.set_result(await reader.read())
        except OSError:
            received.set_result(b"")
        writer.close()

    context = certificate.server_context()
    # Without the client's Finished message the server's own handshake does not even end.
    server = await asyncio.start_server(collect, "127.0.0.1", 0, ssl=context)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert (await outcome(address, Fingerprint(make_certificate().fingerprint))).reason is (
        Reason.CERTIFICATE
    )
    server.close()
    await server.wait_closed()
    assert not received.done() or received.result() == b""


async def test_a_pin_needs_no_right_clock_and_no_right_name(fake_server, make_certificate):
    certificate = make_certificate(names=("elsewhere",), days=(1, 2))
    async with fake_server(certificate=certificate) as server:
        status = await outcome(server.address, Fingerprint(certificate.fingerprint))
        assert status.state is State.CONNECTED


def shown_with(certificate, other, folder):
    """Return `certificate` as a server shows it that sends `other` along."""
    chain = folder / "chain.pem"
    parts = (certificate.certificate_file, other.certificate_file)
    chain.write_bytes(b"".join(part.read_bytes() for part in parts))
    return dataclasses.replace(certificate, certificate_file=chain)


async def test_another_certificate_for_the_pinned_ones_key_will_do(
    fake_server, make_certificate, tmp_path
):
    """As for a name that the server got later: it sends the pinned one along."""
    pinned = make_certificate()
    added = make_certificate(names=("camera-server",), key_of=pinned)
    async with fake_server(certificate=shown_with(added, pinned, tmp_path)) as server:
        for fingerprint in (pinned.fingerprint, added.fingerprint):
            status = await outcome(server.address, Fingerprint(fingerprint))
            assert status.state is State.CONNECTED
        other = await outcome(server.address, Fingerprint(make_certificate().fingerprint))
        assert other.reason is Reason.CERTIFICATE
        assert pinned.fingerprint in other.text


async def test_who_only_sends_the_pinned_certificate_along_is_an_impostor(
    fake_server, make_certificate, tmp_path
):
    """Certificates are public: it is the key that counts."""
    pinned = make_certificate()
    impostor = shown_with(make_certificate(), pinned, tmp_path)
    async with fake_server(certificate=impostor) as server:
        status = await outcome(server.address, Fingerprint(pinned.fingerprint))
        assert (status.state, status.reason) == (State.REFUSED, Reason.CERTIFICATE)
        assert server.requests == []


async def test_a_byte_order_mark_is_no_part_of_a_ca_file(fake_server, tmp_path):
    async with fake_server() as server:
        pem = await asyncio.to_thread(server.certificate.certificate_file.read_bytes)
        await asyncio.to_thread((tmp_path / "ca.pem").write_bytes, b"\xef\xbb\xbf" + pem)
        status = await outcome(server.address, CaFile(tmp_path / "ca.pem"))
        assert status.state is State.CONNECTED


async def test_the_servers_own_certificate_serves_as_ca_file(fake_server):
    async with fake_server() as server:
        status = await outcome(server.address, CaFile(server.certificate.certificate_file))
        assert status.state is State.CONNECTED
        status = await outcome(
            f"localhost:{server.port}", CaFile(server.certificate.certificate_file)
        )
        assert status.state is State.CONNECTED


@pytest.mark.parametrize(
    ("properties", "expected", "words"),
    [
        ({"days": (1, 2)}, (State.RETRYING, Reason.CLOCK), "clock is probably not set"),
        ({"days": (-2, -1)}, (State.REFUSED, Reason.CERTIFICATE), "expired"),
        ({"names": ("elsewhere",)}, (State.REFUSED, Reason.CERTIFICATE), "other names"),
    ],
)
async def test_a_ca_file_checks_validity_and_name(
    fake_server, make_certificate, properties, expected, words
):
    certificate = make_certificate(**properties)
    async with fake_server(certificate=certificate, token=TOKEN) as server:
        status = await outcome(server.address, CaFile(certificate.certificate_file))
        assert (status.state, status.reason) == expected
        assert words in status.text
        assert server.requests == []


@pytest.mark.parametrize("kind", ["other file", "system"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    fake_server, make_certificate, kind
):
    trust = SystemTrust() if kind == "system" else CaFile(make_certificate().certificate_file)
    async with fake_server() as server:
        status = await outcome(server.address, trust)
        assert (status.state, status.reason) == (State.REFUSED, Reason.CERTIFICATE)
        assert "vouches" in status.text
        assert server.requests == []


async def test_no_verification_connects_and_nags(fake_server, caplog):
    caplog.set_level(logging.WARNING)
    async with fake_server() as server:
        assert (await outcome(server.address, NoVerification())).state is State.CONNECTED
    assert "NOT verified" in caplog.text


@pytest.mark.parametrize(("token", "words"), [("wrong", "not accept this token"), (None, "wants")])
async def test_a_refused_token_is_reported_and_tried_slowly(fake_server, token, words):
    async with fake_server(token=TOKEN) as server:
        trust = Fingerprint(server.certificate.fingerprint)
        status = await outcome(server.address, trust, token)
        assert (status.state, status.reason) == (State.REFUSED, Reason.AUTHENTICATION)
        assert words in status.text
        assert 30 <= status.retry_in <= 60


async def test_a_refused_client_goes_on_when_its_token_was_added(fake_server):
    async with fake_server(token="another") as server:
        client = Client(
            server.address, trust=Fingerprint(server.certificate.fingerprint), token=TOKEN
        )
        statuses = client.statuses()
        async with client:
            states = [(await anext(statuses)).state for _ in range(2)]
            assert states == [State.CONNECTING, State.REFUSED]
            server.token = TOKEN
            client.retry()
            states = [(await anext(statuses)).state for _ in range(2)]
            assert states == [State.CONNECTING, State.CONNECTED]


async def test_a_full_server_is_waited_for(fake_server):
    async with fake_server(refusal=503) as server:
        trust = Fingerprint(server.certificate.fingerprint)
        status = await outcome(server.address, trust)
        assert (status.state, status.reason) == (State.RETRYING, Reason.BUSY)
        assert "too many of you" in status.text


async def test_a_redirect_carries_no_token_away(fake_server, certificate):
    async with fake_server() as other, fake_server(redirect=other) as server:
        status = await outcome(server.address, Fingerprint(certificate.fingerprint))
        assert status.reason is Reason.PROTOCOL
        assert len(server.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize("answer", [b"SSH-2.0-dropbear\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x46"])
async def test_what_does_not_speak_tls_is_reported(answer):
    async def speak(_reader, writer):
        writer.write(answer)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        status = await outcome(address, NoVerification())
        assert status.state is State.RETRYING
        assert status.reason in {Reason.NOT_TLS, Reason.UNREACHABLE}
        assert address in status.text


async def test_an_old_tls_is_reported(certificate):
    context = certificate.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def refuse(listener: socket.socket) -> None:
        # Blocking sockets send the alert on which asyncio's servers hang up.
        peer, _ = listener.accept()
        with peer, pytest.raises(ssl.SSLError):
            context.wrap_socket(peer, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener))
        status = await outcome(f"127.0.0.1:{listener.getsockname()[1]}", NoVerification())
        await refusing
    assert status.reason is Reason.NOT_TLS
    assert "TLS 1.3" in status.text


async def test_an_unknown_name_is_reported():
    status = await outcome("no-such-host.invalid", NoVerification())
    assert (status.state, status.reason) == (State.RETRYING, Reason.NAME_UNKNOWN)
    assert "no-such-host.invalid" in status.text


async def test_a_server_that_does_not_speak_websocket_is_reported(certificate):
    async def web_page(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    context = certificate.server_context()
    server = await asyncio.start_server(web_page, "127.0.0.1", 0, ssl=context)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        status = await outcome(address, Fingerprint(certificate.fingerprint))
        assert status.reason is Reason.PROTOCOL


@pytest.mark.parametrize("value", ["", "sha256:", "sha256:12", "sha1:" + "a" * 40, "z" * 64])
def test_what_is_no_fingerprint_is_refused_with_the_cure(value):
    with pytest.raises(TrustError, match="cert show"):
        Fingerprint(value)


async def test_a_client_shows_its_certificate_where_the_server_asks_for_one(
    certificate, make_certificate
):
    own = make_certificate(names=("kitchen",))
    shown = asyncio.get_running_loop().create_future()

    def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown.set_result(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
        writer.close()

    context = certificate.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(own.certificate_file)
    server = await asyncio.start_server(show, "127.0.0.1", 0, ssl=context)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = Client(
        address,
        trust=Fingerprint(certificate.fingerprint),
        certificate=ClientCertificate(own.certificate_file, own.key_file),
    )
    async with client:
        assert certificate_fingerprint(await shown) == own.fingerprint
    server.close()
    await server.wait_closed()


def test_an_unusable_client_certificate_is_named_with_the_cure(make_certificate, tmp_path):
    one, other = make_certificate(), make_certificate()
    gone = tmp_path / "gone.pem"
    for pair, words in (
        ((one.certificate_file, other.key_file), "belong to each other"),
        ((one.key_file, one.key_file), "must be PEM"),
        ((gone, one.key_file), "cannot be read: No such file"),
    ):
        with pytest.raises(TrustError, match=words):
            Client("localhost", trust=NoVerification(), certificate=ClientCertificate(*pair))


def test_an_unusable_ca_file_is_named(tmp_path):
    with pytest.raises(TrustError, match=r"missing\.pem cannot be read: No such file"):
        CaFile(tmp_path / "missing.pem").context()
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(TrustError, match=r"empty\.pem holds no PEM certificate"):
        CaFile(tmp_path / "empty.pem").context()


def test_a_pinning_context_does_not_serve_blocking_sockets(certificate):
    with pytest.raises(TypeError, match="asyncio"):
        Fingerprint(certificate.fingerprint).context().wrap_socket(None)


async def test_a_debugging_log_shows_no_token(fake_server, caplog):
    caplog.set_level(logging.DEBUG)
    async with fake_server(token=TOKEN) as server:
        caplog.clear()
        trust = Fingerprint(server.certificate.fingerprint)
        await outcome(server.address, trust)
    client_lines = [r.getMessage() for r in caplog.records if r.name == "websockets.client"]
    assert any("Authorization" in line for line in client_lines)
    assert not any(TOKEN in line for line in client_lines)


@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_a_ca_file_may_be_a_pipe_of_the_shells(make_certificate, before):
    """As in `--cafile <(ssh server cat server.pem)`: it can be read once."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        pipe.write(before + make_certificate().certificate_file.read_text())
    context = CaFile(Path(f"/dev/fd/{reading}")).context()
    os.close(reading)
    assert context.cert_store_stats()["x509"] == 1
