"""Nobody takes everybody's place."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from iot_facerecognition_server.serving.admission import Admission

from .live_server import LiveServer

HANG = 30.0
"""Seconds after which a scenario has hung."""


def test_one_identity_cannot_keep_the_others_out() -> None:
    admission = Admission(most=1000, most_per_address=0, most_per_identity=100)
    answers = [admission.enter(f"10.0.{n // 250}.{n % 250}", "greedy") for n in range(1000)]
    assert answers[:100] == [None] * 100
    refused = answers[100]
    assert refused is not None
    assert (refused.status, refused.reason) == (
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-connections",
    )
    assert "[Budget] Connections" in refused.message
    assert admission.enter("10.0.0.1", "honest") is None


def test_addresses_of_one_ipv6_network_are_one_peer() -> None:
    admission = Admission(most=0, most_per_address=2, most_per_identity=0)
    assert admission.enter("2001:db8::1", "a") is None
    assert admission.enter("2001:db8::2", "b") is None
    assert admission.enter("2001:db8::3", "c") is not None
    assert admission.enter("2001:db8:0:1::3", "c") is None
    admission.leave("2001:db8::1", "a")
    assert admission.enter("2001:db8::4", "d") is None


def test_who_leaves_makes_room() -> None:
    admission = Admission(most=2, most_per_address=1, most_per_identity=1)
    assert admission.enter("a", "first") is None
    assert admission.enter("b", "first") is not None
    admission.leave("a", "first")
    assert admission.enter("b", "first") is None
    assert admission.connections == 1


def test_zero_admits_any_number() -> None:
    admission = Admission(most=0, most_per_address=0, most_per_identity=0)
    assert [admission.enter("a", "first") for _ in range(5000)] == [None] * 5000


def test_fullest_address_and_identity_are_told_for_the_metrics() -> None:
    admission = Admission(most=10, most_per_address=3, most_per_identity=2)
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (0, 0)
    for address, identity in (("10.0.0.1", "a"), ("10.0.0.1", "b"), ("10.0.0.2", "b")):
        assert admission.enter(address, identity) is None
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (2, 2)
    admission.leave("10.0.0.1", "b")
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (1, 1)


@pytest.mark.parametrize(
    ("limits", "status", "reason", "setting"),
    [
        ((1, 0, 0), 503, "too-many-clients", "[Limits] Clients"),
        ((0, 1, 0), 429, "too-many-connections", "[Limits] ConnectionsPerAddress"),
        ((0, 0, 1), 429, "too-many-connections", "[Budget] Connections"),
    ],
    ids=["server", "address", "identity"],
)
def test_who_finds_no_room_is_told_in_http_and_gets_in_when_another_leaves(
    limits: tuple[int, int, int], status: int, reason: str, setting: str, tmp_path: Path
) -> None:
    admission = Admission(*limits)

    async def scenario() -> None:
        async with asyncio.timeout(HANG), LiveServer(tmp_path, admission=admission) as live:
            async with live.connect() as first:
                await first.recv()
                for _ in range(2):  # who was refused takes no place
                    with pytest.raises(InvalidStatus) as refused:
                        await live.connect()
                    assert refused.value.response.status_code == status
                    assert setting in refused.value.response.body.decode()
                assert live.count("connections_refused_total", reason=reason) == 2
                assert len(live.server.clients) == 1
            while admission.connections:  # noqa: ASYNC110 - the server sees the end a moment later
                await asyncio.sleep(0)
            async with live.connect() as second:
                await second.recv()
                assert admission.connections == 1

    asyncio.run(scenario())


def test_who_is_lost_in_the_middle_of_the_handshake_makes_room(tmp_path: Path) -> None:
    """A place is given back by the end of the connection, whatever became of it."""
    admission = Admission(1, 1, 1)

    async def scenario() -> None:
        async with asyncio.timeout(HANG), LiveServer(tmp_path, admission=admission) as live:
            for _ in range(3):
                client = await live.connect()
                client.transport.abort()
                while admission.connections:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0)
            assert admission.most_of_an_address == admission.most_of_an_identity == 0

    asyncio.run(scenario())
