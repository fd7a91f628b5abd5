"""The feed: who hears of what, what a slow listener loses, and who keeps pictures."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from iot_facerecognition_server.sessions.events import (
    Event,
    FacesRecognised,
    FrameArrived,
    Joined,
    Left,
    Renamed,
    TextReceived,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.mailbox import Lost, Mailbox
from tests.server.connected_clients import connected

CLIENT = connected()
KINDS: tuple[type[Event], ...] = (TextReceived, FrameArrived, FacesRecognised)


def text(number: int) -> TextReceived:
    return TextReceived(CLIENT, str(number))


def arrived(feed: Feed, jpeg: bytes) -> FrameArrived:
    return FrameArrived(CLIENT, 1, accepted=True, picture=feed.picture(jpeg))


async def taken(mailbox: Mailbox) -> list[Event | Lost]:
    """Return what is there; what is not there yet does not come either."""
    return await asyncio.wait_for(mailbox.take(), 10)


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def test_a_listener_hears_of_what_it_listens_to_and_of_nothing_else() -> None:
    feed, heard = Feed(), []
    feed.publish(Joined(CLIENT))
    feed.listen(Joined, heard.append)
    feed.listen(Left, heard.append)
    for event in (Joined(CLIENT), Renamed(CLIENT, "kitchen"), Left(CLIENT, "gone")):
        feed.publish(event)
    assert heard == [Joined(CLIENT), Left(CLIENT, "gone")]


def test_listeners_are_called_in_the_order_in_which_they_came() -> None:
    feed, heard = Feed(), []
    for number in range(3):
        feed.listen(Joined, lambda _, number=number: heard.append(number))
    feed.publish(Joined(CLIENT))
    assert heard == [0, 1, 2]


def test_a_listener_that_raises_harms_neither_publisher_nor_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[None] = []
    feed, heard = Feed(lambda: failures.append(None)), []

    def broken(_: Joined) -> None:
        raise ZeroDivisionError

    feed.listen(Joined, broken)
    feed.listen(Joined, heard.append)
    feed.publish(Joined(CLIENT))
    assert heard == [Joined(CLIENT)]
    assert len(failures) == 1
    assert caplog.messages == ["a listener failed at Joined"]


def test_an_event_is_made_only_while_somebody_listens_to_its_kind() -> None:
    made: list[Joined] = []

    class Costly(Joined):
        def __init__(self) -> None:
            super().__init__(CLIENT)
            made.append(self)

    feed, heard = Feed(), []
    feed.listen(Left, heard.append)
    feed.publish_new(Costly)
    for picture_bytes in (0, 100):
        mailbox = feed.mailbox("console", (Costly,), most=10, picture_bytes=picture_bytes)
        with mailbox:
            feed.publish_new(Costly)
        feed.publish_new(Costly)
        assert asyncio.run(taken(mailbox)) == [made.pop()]
        assert not made
    feed.publish_new(Left, CLIENT, reason="gone")
    assert heard == [Left(CLIENT, "gone")]


def test_a_mailbox_gets_what_happens_while_it_is_open() -> None:
    async def scenario() -> None:
        feed = Feed()
        mailbox = feed.mailbox("console", KINDS, most=10)
        feed.publish(text(0))
        with mailbox:
            feed.publish(text(1))
            feed.publish(Joined(CLIENT))
        feed.publish(text(2))
        assert await taken(mailbox) == [text(1)]

    run(scenario)


def test_who_waits_at_a_mailbox_is_woken() -> None:
    async def scenario() -> None:
        feed = Feed()
        with feed.mailbox("console", KINDS, most=10) as mailbox:
            waiting = asyncio.ensure_future(mailbox.take())
            await asyncio.sleep(0)
            assert not waiting.done()
            feed.publish(text(1))
            assert await waiting == [text(1)]
            assert not len(mailbox)

    run(scenario)


def test_a_slow_listener_loses_its_oldest_events_and_is_told_how_many() -> None:
    async def scenario() -> None:
        lost: list[tuple[str, int]] = []
        feed = Feed(lost=lambda name: lambda events: lost.append((name, events)))
        with (
            feed.mailbox("slow", KINDS, most=3) as slow,
            feed.mailbox("quick", KINDS, most=100) as quick,
        ):
            for number in range(10):
                feed.publish(text(number))
            assert len(slow) == 3
            assert await taken(slow) == [Lost(7), text(7), text(8), text(9)]
            feed.publish(text(10))
            assert await taken(slow) == [text(10)]
            assert await taken(quick) == [text(number) for number in range(11)]
        assert lost == [("slow", 1)] * 7

    run(scenario)


def test_pictures_are_kept_for_whoever_wants_them_only() -> None:
    async def scenario() -> None:
        feed, heard = Feed(), []
        feed.listen(FrameArrived, heard.append)
        assert feed.picture(b"jpeg") is None
        with (
            feed.mailbox("console", KINDS, most=10, picture_bytes=100) as pictured,
            feed.mailbox("alerts", KINDS, most=10) as plain,
        ):
            feed.publish(arrived(feed, b"jpeg"))
            assert pictured.picture_bytes == 4
            assert plain.picture_bytes == 0
            assert await taken(pictured) == [
                FrameArrived(CLIENT, 1, accepted=True, picture=b"jpeg")
            ]
            assert await taken(plain) == heard == [FrameArrived(CLIENT, 1, accepted=True)]
        assert feed.picture(b"jpeg") is None

    run(scenario)


def test_pictures_are_bounded_by_their_bytes() -> None:
    async def scenario() -> None:
        feed = Feed()
        with feed.mailbox("console", KINDS, most=100, picture_bytes=250) as mailbox:
            for _ in range(5):
                feed.publish(arrived(feed, bytes(100)))
            assert mailbox.picture_bytes == 200
            lost, *kept = await taken(mailbox)
            assert lost == Lost(3)
            assert len(kept) == 2
            assert mailbox.picture_bytes == 0
            feed.publish(arrived(feed, bytes(1000)))  # more than there is room for at all
            assert await taken(mailbox) == [Lost(1)]

    run(scenario)
