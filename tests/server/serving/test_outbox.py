"""What waits for a client that may not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from iot_facerecognition_server.serving.outbox import Outbox


def test_the_bound_is_in_bytes() -> None:
    outbox = Outbox(10)
    assert outbox.put("é" * 3)  # six bytes
    assert not outbox.put("é" * 3)
    assert outbox.put("é" * 2)
    assert not outbox.put("e")


def test_an_empty_outbox_takes_any_one_text() -> None:
    async def scenario() -> None:
        outbox = Outbox(10)
        sent: list[bytes] = []
        blocked = asyncio.Event()

        async def send(text: bytes) -> None:
            sent.append(text)
            await blocked.wait()

        sending = asyncio.create_task(outbox.send_all(send))
        assert outbox.put("x" * 1000)
        assert not outbox.put("y")
        await asyncio.sleep(0)
        assert not outbox.put("y")  # the socket has not taken the first
        blocked.set()
        await outbox.flushed()
        assert outbox.put("z" * 1000)
        await outbox.flushed()
        assert sent == [b"x" * 1000, b"z" * 1000]
        sending.cancel()

    asyncio.run(scenario())


class Wire:
    """A socket that takes a text when the test lets it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self._room = asyncio.Semaphore(0)

    async def send(self, text: bytes) -> None:
        await self._room.acquire()
        self.taken.append(text.decode())

    async def take(self, count: int = 1) -> None:
        """Take that many texts, and let whoever waits for it go on."""
        for _ in range(count):
            self._room.release()
        for _ in range(4 * count):
            await asyncio.sleep(0)


@asynccontextmanager
async def sending(outbox: Outbox) -> AsyncIterator[Wire]:
    wire = Wire()
    task = asyncio.create_task(outbox.send_all(wire.send))
    try:
        yield wire
    finally:
        task.cancel()


def test_texts_leave_in_the_order_in_which_they_came_also_while_one_is_being_sent() -> None:
    async def scenario() -> None:
        outbox = Outbox(100)
        async with sending(outbox) as wire:
            outbox.put("first")
            await asyncio.sleep(0)
            outbox.put("second")
            outbox.put("third")
            await wire.take(3)
            assert wire.taken == ["first", "second", "third"]

    asyncio.run(scenario())


def test_bytes_count_until_the_socket_has_taken_them() -> None:
    async def scenario() -> None:
        outbox = Outbox(10)
        async with sending(outbox) as wire:
            assert outbox.put("12345")
            assert outbox.put("67890")
            assert not outbox.put("x")
            await wire.take()
            assert not outbox.put("123456"), "five of them wait"
            assert outbox.put("12345")
            await wire.take(2)
            await outbox.flushed()
            assert wire.taken == ["12345", "67890", "12345"], "what was refused never leaves"

    asyncio.run(scenario())


def test_what_comes_after_a_text_is_called_when_the_socket_has_taken_that() -> None:
    async def scenario() -> None:
        outbox = Outbox(100)
        called: list[list[str]] = []
        async with sending(outbox) as wire:
            outbox.put("first")
            outbox.after(lambda: called.append(wire.taken.copy()))
            outbox.put("second")
            await asyncio.sleep(0)
            assert called == []
            await wire.take()
            assert called == [["first"]]
            await wire.take()
            outbox.after(lambda: called.append(wire.taken.copy()))
            await asyncio.sleep(0)
            assert called == [["first"], ["first", "second"]], "nothing waits: at once"

    asyncio.run(scenario())


def test_it_is_flushed_only_when_everything_has_left() -> None:
    async def scenario() -> None:
        outbox = Outbox(100)
        await outbox.flushed()  # nothing was put into it
        async with sending(outbox) as wire:
            outbox.put("first")
            outbox.put("second")
            flushed = asyncio.create_task(outbox.flushed())
            await wire.take()
            assert not flushed.done()
            await wire.take()
            await flushed

    asyncio.run(scenario())
