"""Pairing over a real TLS port: with the client library, and with peers that mean no good."""

import asyncio
import datetime as dt
import functools
import ssl
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from iot_facerecognition_client import NoConnectionError, ServerAddress, pair
from iot_facerecognition_protocol.pairing import PAIRING_SUBPROTOCOL
from iot_facerecognition_protocol.pairing.code import PairingCode
from iot_facerecognition_protocol.pairing.messages import Begin, encode_pairing
from iot_facerecognition_protocol.pairing.proof import device_exchange
from iot_facerecognition_server.serving.pairing import MOST_CONNECTIONS
from iot_facerecognition_server.trust.certificates import read_identity
from iot_facerecognition_server.trust.host_names import HostNames
from iot_facerecognition_server.trust.issuing import issue_identity
from iot_facerecognition_server.trust.pairing import MOST_TRIES, Offer, Outcome
from iot_facerecognition_server.trust.tokens import TokenStore

from .live_server import LiveServer, trusting

TOKENS = {"AUTH_MODE": "token"}


class Paired(LiveServer):
    """A live server, with what a pairing needs of it."""

    @property
    def address(self) -> ServerAddress:
        return ServerAddress("127.0.0.1", self.port)

    @property
    def fingerprint(self) -> str:
        return self.server.pairing.fingerprint()

    def offer(self, name: str = "kitchen") -> Offer:
        return self.server.pairing.pairings.open(name)

    @property
    def tokens(self) -> TokenStore:
        return TokenStore(self.folder / "tokens.json")

    def pairing(self, **options: Any) -> connect:
        options.setdefault("subprotocols", [Subprotocol(PAIRING_SUBPROTOCOL)])
        return self.connect(**options)


def scenario(
    test: Callable[[Paired], Coroutine[Any, Any, None]],
) -> Callable[[Path], None]:
    """Run a test against a server with tokens."""

    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60), Paired(tmp_path, settings=TOKENS) as live:
                await test(live)

        asyncio.run(bounded())

    del run.__wrapped__  # pytest would take the test's own parameter for a fixture
    return run


def other(code: PairingCode) -> PairingCode:
    """Return another code of the same slot."""
    return PairingCode(code.digits[:-1] + str((int(code.digits[-1]) + 1) % 10))


async def ended(offer: Offer) -> Outcome:
    """Wait for the end of an offer."""
    done = asyncio.Event()
    offer.when_ended.append(done.set)
    if offer.outcome is None:
        await done.wait()
    assert offer.outcome is not None
    return offer.outcome


@scenario
async def test_a_code_gives_a_token_that_is_valid_and_the_fingerprint(live: Paired) -> None:
    offer = live.offer()
    paired = await pair(live.address, offer.code)
    assert paired.fingerprint == f"sha256:{live.fingerprint}"
    assert paired.name == "kitchen"
    assert await ended(offer) is Outcome.PAIRED
    assert offer.detail == "127.0.0.1"
    assert paired.token is not None
    found = live.tokens.find(paired.token)
    assert found is not None
    assert found.name == "kitchen"
    async with live.connect(additional_headers={"Authorization": f"Bearer {paired.token}"}):
        pass
    with pytest.raises(NoConnectionError, match=r"no device is being paired now.*pair NAME"):
        await pair(live.address, offer.code)


@scenario
async def test_nothing_but_pairing_can_be_done_without_a_token(live: Paired) -> None:
    live.offer()
    with pytest.raises(InvalidStatus) as refused:
        async with live.connect():
            pass
    assert refused.value.response.status_code == 401
    async with live.pairing() as connection:
        await connection.send(b"\xff\xd8 a picture")
        assert str(await connection.recv()).startswith("no ")
        with pytest.raises(ConnectionClosed):
            await connection.recv()
    assert live.server.clients == ()


@scenario
async def test_a_wrong_code_gives_nothing_and_ten_void_the_right_one(live: Paired) -> None:
    offer = live.offer()
    for _ in range(MOST_TRIES):
        assert offer.outcome is None
        with pytest.raises(NoConnectionError, match="the code is not the right one"):
            await pair(live.address, other(offer.code))
    assert offer.outcome is Outcome.GUESSED
    with pytest.raises(NoConnectionError, match="no device is being paired now"):
        await pair(live.address, offer.code)
    assert live.tokens.list() == ()
    assert live.count("connections_refused_total", reason="pairing") == MOST_TRIES + 1


@scenario
async def test_a_try_that_is_broken_off_counts_too(live: Paired) -> None:
    offer = live.offer()
    for _ in range(MOST_TRIES):
        async with live.pairing() as connection:
            exchange = device_exchange(offer.code, live.fingerprint, 7)
            await connection.send(encode_pairing(Begin(offer.code.slot, exchange.share)))
            assert str(await connection.recv()).startswith("share ")
    assert await ended(offer) is Outcome.GUESSED


@scenario
async def test_two_devices_with_one_code_do_not_both_get_in(live: Paired) -> None:
    offer = live.offer()
    results = await asyncio.gather(
        *(pair(live.address, offer.code) for _ in range(3)), return_exceptions=True
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert len(live.tokens.list()) == 1


@scenario
async def test_a_token_that_the_device_did_not_keep_is_revoked(live: Paired) -> None:
    offer = live.offer()
    exchange = device_exchange(offer.code, live.fingerprint, 7)
    async with live.pairing() as connection:
        await connection.send(encode_pairing(Begin(offer.code.slot, exchange.share)))
        share = bytes.fromhex(str(await connection.recv()).removeprefix("share "))
        await connection.send(f"proof {exchange.proofs(share).own.hex()}")
        token = str(await connection.recv()).split(" ")[2]
        assert live.tokens.find(token) is not None
    assert await ended(offer) is Outcome.FAILED
    assert TokenStore(live.tokens.path).find(token) is None


@scenario
async def test_a_name_that_is_taken_meanwhile_is_told_to_the_device(live: Paired) -> None:
    offer = live.offer()
    live.tokens.add("kitchen")
    with pytest.raises(NoConnectionError, match="kitchen already"):
        await pair(live.address, offer.code)
    assert offer.outcome is Outcome.FAILED


@scenario
async def test_few_pair_at_a_time(live: Paired) -> None:
    offer = live.offer()
    waiting = [await live.pairing() for _ in range(MOST_CONNECTIONS)]
    with pytest.raises(NoConnectionError, match="several devices"):
        await pair(live.address, offer.code)
    for connection in waiting:
        await connection.close()
    assert (await pair(live.address, offer.code)).name == "kitchen"


def test_an_open_server_gives_no_token(tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), Paired(tmp_path) as live:
            offer = live.offer()
            paired = await pair(live.address, offer.code)
            assert (paired.token, paired.name) == (None, "kitchen")
            assert paired.fingerprint == f"sha256:{live.fingerprint}"
            assert live.tokens.list() == ()

    asyncio.run(run())


def test_a_code_expires_while_the_server_runs(tmp_path: Path) -> None:
    now = [100.0]

    async def run() -> None:
        live = Paired(tmp_path, settings=TOKENS, now=lambda: now[0])
        async with asyncio.timeout(60), live:
            offer = live.offer()
            now[0] += 301
            with pytest.raises(NoConnectionError, match="no device is being paired now"):
                await pair(live.address, offer.code)
            assert offer.outcome is Outcome.EXPIRED

    asyncio.run(run())


@pytest.fixture
def impostor(tmp_path: Path) -> ssl.SSLContext:
    """The TLS side of somebody in the middle, with a certificate of their own."""
    identity = issue_identity(HostNames(("localhost",), ()), dt.datetime.now(dt.UTC))
    file = tmp_path / "impostor.pem"
    file.write_bytes(identity.key + identity.chain)
    assert read_identity(file, file, der=False).fingerprint == identity.fingerprint
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_somebody_in_the_middle_gets_no_token(tmp_path: Path, impostor: ssl.SSLContext) -> None:
    """They pass every message on as it is, and both sides notice."""
    seen: list[str] = []

    async def run() -> None:
        async with asyncio.timeout(60), Paired(tmp_path / "state", settings=TOKENS) as live:
            offer = live.offer()

            async def relay(device: ServerConnection) -> None:
                server = await live.pairing(ssl=trusting())

                async def pass_on(source: Any, sink: Any) -> None:
                    async for message in source:
                        seen.append(str(message))
                        await sink.send(message)
                    await sink.close()

                await asyncio.gather(
                    pass_on(device, server), pass_on(server, device), return_exceptions=True
                )

            protocols = [Subprotocol(PAIRING_SUBPROTOCOL)]
            async with serve(relay, "127.0.0.1", 0, ssl=impostor, subprotocols=protocols) as middle:
                port = middle.sockets[0].getsockname()[1]
                with pytest.raises(NoConnectionError, match="sees another certificate"):
                    await pair(ServerAddress("127.0.0.1", port), offer.code)
                pinned = f"sha256:{live.fingerprint}"
                with pytest.raises(NoConnectionError, match="not the pinned one"):
                    await pair(ServerAddress("127.0.0.1", port), offer.code, pinned)
            assert offer.tries == 1
            assert live.tokens.list() == ()

    (tmp_path / "state").mkdir()
    asyncio.run(run())
    assert [line.split(" ")[0] for line in seen] == ["pair", "share", "proof", "no"]


def test_an_impostor_that_accepts_any_code_is_not_believed(
    tmp_path: Path, impostor: ssl.SSLContext
) -> None:
    """Whoever does not know the code cannot prove it, so no device takes their token."""

    async def run() -> None:
        async def welcome(device: ServerConnection) -> None:
            await device.recv()
            exchange = device_exchange(PairingCode("400000000"), "0" * 64, 7)
            await device.send(f"share {exchange.share.hex()}")
            await device.recv()
            await device.send(f"token {'00' * 32} iotfr_poisoned kitchen")
            await device.wait_closed()

        protocols = [Subprotocol(PAIRING_SUBPROTOCOL)]
        async with serve(welcome, "127.0.0.1", 0, ssl=impostor, subprotocols=protocols) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NoConnectionError, match="somebody stands between"):
                await pair(ServerAddress("127.0.0.1", port), PairingCode("482193657"))

    asyncio.run(run())


@pytest.mark.parametrize("asks_for_a_token", [True, False])
def test_a_server_of_an_older_version_is_reported(
    impostor: ssl.SSLContext, asks_for_a_token: bool
) -> None:
    async def run() -> None:
        async def silent(device: ServerConnection) -> None:
            await device.wait_closed()

        def ask(connection: ServerConnection, request: Request) -> Response | None:
            if asks_for_a_token:
                return connection.respond(HTTPStatus.UNAUTHORIZED, "this server needs a token")
            return None

        async with serve(
            silent,
            "127.0.0.1",
            0,
            ssl=impostor,
            process_request=ask,
            select_subprotocol=lambda connection, offered: None,
        ) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NoConnectionError, match="cannot pair"):
                await pair(ServerAddress("127.0.0.1", port), PairingCode("482193657"))

    asyncio.run(run())
