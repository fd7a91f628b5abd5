"""What the command line asks about clients: who is here, tell them something, revoke a token."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from iot_facerecognition_server.serving.control_client import ControlError, ask
from iot_facerecognition_server.trust.tokens import TokenStore

from .live_server import LiveServer
from .test_control import Looker, controlled, listening

TEXT = 2
"""The command of a text of the operators."""


async def named(client: ClientConnection, name: str) -> None:
    """Give a client a name, and wait until the server has taken it."""
    await client.send(json.dumps({"command": 1, "context": name}))
    while json.loads(await client.recv())["command"] != 1:
        pass


async def heard(client: ClientConnection) -> str:
    """Return the next text of the operators."""
    while (message := json.loads(await client.recv()))["command"] != TEXT:
        pass
    return str(message["context"])


def test_clients_are_reported_with_name_identity_address_version_and_frames(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            LiveServer(tmp_path) as live,
            controlled(live, tmp_path / "control.sock", Looker()),
            live.connect() as new,
            live.connect(subprotocols=None) as old,
        ):
            await named(new, "kitchen")
            await named(old, "hall")
            await new.send(b"a frame")
            await live.counted("frames_received_total")
            answer = await asyncio.to_thread(ask, tmp_path / "control.sock", {"do": "clients"})
        common = {"identity": "127.0.0.1", "address": "127.0.0.1", "credential": ""}
        assert answer["clients"] == [
            {"name": "kitchen", "version": 2, "frames": 1, **common},
            {"name": "hall", "version": 1, "frames": 0, **common},
        ]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("to", "reached"),
    [(None, {"kitchen", "hall"}), ("kitchen", {"kitchen"}), ("127.0.0.1", {"kitchen", "hall"})],
    ids=["everybody", "name", "identity"],
)
def test_a_message_reaches_those_it_is_for(
    to: str | None, reached: set[str], tmp_path: Path
) -> None:
    async def scenario() -> None:
        path = tmp_path / "control.sock"
        async with (
            LiveServer(tmp_path) as live,
            controlled(live, path, Looker()),
            live.connect() as kitchen,
            live.connect() as hall,
        ):
            clients = {"kitchen": kitchen, "hall": hall}
            for name, client in clients.items():
                await named(client, name)
            request = {"do": "say", "text": "dinner\nis ready", "to": to}
            assert await asyncio.to_thread(ask, path, request) == {"reached": len(reached)}
            everybody = {"do": "say", "text": "the next one", "to": None}
            assert await asyncio.to_thread(ask, path, everybody) == {"reached": 2}
            for name, client in clients.items():
                first = "dinner is ready" if name in reached else "the next one"
                assert await heard(client) == first

    asyncio.run(scenario())


def test_a_message_to_nobody_reaches_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening(tmp_path, Looker()) as path:
            request = {"do": "say", "text": "hello", "to": "garden"}
            assert await asyncio.to_thread(ask, path, request) == {"reached": 0}

    asyncio.run(scenario())


def test_revoking_disconnects_whose_token_has_gone_and_says_how_many(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "control.sock"
        async with (
            LiveServer(tmp_path, settings={"AUTH_MODE": "token"}) as live,
            controlled(live, path, Looker()),
        ):
            tokens = TokenStore(tmp_path / "tokens.json")
            headers = [
                {"Authorization": f"Bearer {await asyncio.to_thread(tokens.add, name)}"}
                for name in ("kitchen", "hall")
            ]
            async with (
                live.connect(additional_headers=headers[0]) as kitchen,
                live.connect(additional_headers=headers[1]) as hall,
            ):
                await named(hall, "hall")
                await asyncio.to_thread(tokens.revoke, "kitchen")
                assert await asyncio.to_thread(ask, path, {"do": "revoke"}) == {"disconnected": 1}
                with pytest.raises(ConnectionClosed):
                    while True:
                        await kitchen.recv()
                await (await hall.ping())
                (tmp_path / "tokens.json").write_text("{")
                with pytest.raises(ControlError, match=r"tokens\.json"):
                    await asyncio.to_thread(ask, path, {"do": "revoke"})
                await (await hall.ping())

    asyncio.run(scenario())
