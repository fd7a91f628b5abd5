"""What waits for a client that may not read."""

import asyncio

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
