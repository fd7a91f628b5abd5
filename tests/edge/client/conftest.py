"""A real TLS WebSocket server whose timing a test controls, and certificates for it."""

import asyncio
import datetime as dt
import http
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from iot_facerecognition_client import certificate_fingerprint
from iot_facerecognition_protocol import (
    SUBPROTOCOL_V2,
    Face,
    FacesFound,
    FrameDone,
    FrameStatus,
    InitRequest,
    Message,
    Setting,
    SettingValue,
    Version,
    decode,
    encode,
)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, as files."""

    certificate_file: Path
    key_file: Path
    fingerprint: str

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


@pytest.fixture(scope="session")
def make_certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Certificate]:
    """Make a self-signed certificate: names, days from now to its begin and end, whose key."""

    def make(
        names: tuple[str, ...] = ("localhost", "127.0.0.1"),
        days: tuple[int, int] = (-1, 30),
        key_of: Certificate | None = None,
    ) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        if key_of is not None:
            given = serialization.load_pem_private_key(key_of.key_file.read_bytes(), None)
            assert isinstance(given, ec.EllipticCurvePrivateKey)
            key = given
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake server")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=days[0]))
            .not_valid_after(now + dt.timedelta(days=days[1]))
            .add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), False)
            .sign(key, hashes.SHA256())
        )
        folder = tmp_path_factory.mktemp("certificate")
        (folder / "certificate.pem").write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
        )
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        der = certificate.public_bytes(serialization.Encoding.DER)
        return Certificate(
            folder / "certificate.pem", folder / "key.pem", certificate_fingerprint(der)
        )

    return make


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(scope="session")
def certificate(make_certificate: Callable[..., Certificate]) -> Certificate:
    """A good certificate for this machine."""
    return make_certificate()


class FakeSession:
    """One client's connection as the fake server sees it."""

    def __init__(self, websocket: ServerConnection, version: Version) -> None:
        self.websocket = websocket
        self.version = version
        self.frames: list[bytes] = []
        self.messages: list[Message] = []
        self.asked = asyncio.Event()
        self._news = asyncio.Condition()

    async def send(self, message: Message) -> None:
        await self.websocket.send(encode(message, self.version))

    async def done(self, frame: int, status: FrameStatus = FrameStatus.PROCESSED) -> None:
        """Send the end of a frame, which gives its credit back."""
        await self.send(FrameDone(frame, status, 1.0, 2.0))

    async def answer(self, frame: int, *tags: str) -> None:
        """Send faces and the end of a frame."""
        faces = tuple(Face(tag, 10 * i, 20, 80, 80) for i, tag in enumerate(tags))
        if faces or self.version is Version.V2:
            await self.send(FacesFound(faces, frame))
        if self.version is Version.V2:
            await self.done(frame)

    async def until(self, condition: Callable[["FakeSession"], bool]) -> None:
        """Wait until something received makes `condition` true."""
        async with self._news:
            await self._news.wait_for(lambda: condition(self))

    async def note(self, received: bytes | Message) -> None:
        async with self._news:
            if isinstance(received, bytes):
                self.frames.append(received)
            else:
                self.messages.append(received)
            self._news.notify_all()

    def settings(self) -> dict[int, SettingValue]:
        """The last value of every setting that was asked for."""
        return {m.command: m.value for m in self.messages if isinstance(m, Setting)}


class FakeServer:
    """Speaks the protocol as the real server does, at the pace a test chooses.

    `answers` makes the tags of each frame's result by its number; None withholds results and
    credit until the test gives them. `echo` makes the value that holds from the one asked for.
    """

    def __init__(
        self,
        certificate: Certificate,
        *,
        version: Version = Version.V2,
        token: str | None = None,
        answers: Callable[[int], tuple[str, ...]] | None = None,
        echo: Callable[[Setting], Setting] = lambda setting: setting,
        asks: bool = True,
        reads: bool = True,
        refusal: http.HTTPStatus | None = None,
        redirect: "FakeServer | None" = None,
    ) -> None:
        self.certificate = certificate
        self.version = version
        self.token = token
        self.answers = answers
        self.echo = echo
        self.asks = asks
        self.reads = reads
        self.refusal = refusal
        self.redirect = redirect
        self.port = 0
        self.requests: list[Request] = []
        self._server: Server | None = None
        self._new: asyncio.Queue[FakeSession] = asyncio.Queue()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        v2 = self.version is Version.V2
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            self.port,
            ssl=self.certificate.server_context(),
            subprotocols=[Subprotocol(SUBPROTOCOL_V2)] if v2 else None,
            process_request=self._check,
            max_size=2**26,
            close_timeout=1,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def next_session(self) -> FakeSession:
        """Return the next client that connected."""
        return await self._new.get()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.refusal is not None:
            return connection.respond(self.refusal, "too many of you\n")
        if self.redirect is not None:
            response = connection.respond(http.HTTPStatus.FOUND, "")
            response.headers["Location"] = f"wss://{self.redirect.address}/"
            return response
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "token please\n")
        return None

    async def _handle(self, websocket: ServerConnection) -> None:
        v2 = websocket.subprotocol == SUBPROTOCOL_V2
        session = FakeSession(websocket, Version.V2 if v2 else Version.V1)
        self._new.put_nowait(session)
        if not self.reads:
            websocket.transport.pause_reading()
        try:
            if self.asks:
                await session.send(InitRequest())
            async for data in websocket:
                await self._receive(session, data)
        except ConnectionClosed:
            return

    async def _receive(self, session: FakeSession, data: str | bytes) -> None:
        message = data if isinstance(data, bytes) else decode(data)
        await session.note(message)
        if isinstance(message, Setting):
            await session.send(self.echo(message))
        elif isinstance(message, bytes) and self.answers is not None:
            frame = len(session.frames)
            await session.answer(frame, *self.answers(frame))


@pytest.fixture
def fake_server(certificate: Certificate) -> Callable[..., object]:
    """An async context manager: a running `FakeServer` with the given properties."""

    @asynccontextmanager
    async def run(**properties: Any) -> AsyncIterator[FakeServer]:
        server = FakeServer(**({"certificate": certificate} | properties))
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    return run
