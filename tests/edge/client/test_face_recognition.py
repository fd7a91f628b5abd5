"""The original package's class against a real server."""

import asyncio
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iot_facerecognition_client import FaceRecognition, FrameEnded, TrustError
from iot_facerecognition_client.sources import SourceError
from iot_facerecognition_client.sources.pictures import Pictures
from iot_facerecognition_protocol import DEFAULT_WINDOW, Command, Text, Version
from tests.edge.client.failing_source import FailingSource


@pytest.fixture
def pictures(photos: Path) -> Pictures:
    return Pictures([photos / "biden.jpg"], fps=200)


@pytest.fixture
def make_recognition() -> Iterator[Callable[..., FaceRecognition]]:
    """`FaceRecognition`, closed after the test however it went: its threads hold up the process."""
    made = []

    def make(*arguments: object, **more: object) -> FaceRecognition:
        made.append(FaceRecognition(*arguments, **more))
        return made[-1]

    yield make
    for recognition in made:
        recognition.close()


class Recorder:
    """Keeps the tags it is called with, for a test that waits for them."""

    def __init__(self) -> None:
        self.tags: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self, tag: str) -> None:
        self.tags.put(tag)

    async def next(self) -> str:
        return await asyncio.to_thread(self.tags.get, timeout=10)


async def start(recognition: FaceRecognition) -> None:
    await asyncio.to_thread(recognition.connect)
    await asyncio.to_thread(recognition.start)


@pytest.mark.parametrize("version", Version)
async def test_the_callback_gets_every_tag_without_a_window(
    fake_server, pictures, version, make_recognition
):
    recorder = Recorder()
    async with fake_server(version=version, answers=lambda _: ("biden", "")) as server:
        recognition = make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, recorder, source=pictures
        )
        await start(recognition)
        assert [await recorder.next() for _ in range(4)] == ["biden", "", "biden", ""]
        session = await server.next_session()
        assert session.settings()[Command.SETTING_NAME] == "hall"


async def test_stop_pauses_and_start_goes_on(fake_server, pictures, make_recognition):
    recorder = Recorder()
    async with fake_server(answers=lambda _: ("biden",)) as server:
        recognition = make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, recorder, source=pictures
        )
        await start(recognition)
        session = await server.next_session()
        for pause in range(3):
            await recorder.next()
            await asyncio.to_thread(recognition.stop)
            while await asyncio.to_thread(recognition._client.call, lambda c: c.unanswered):
                pass  # the last frames of before the pause
            frames = len(session.frames)
            await asyncio.to_thread(recognition.sendmessage, f"paused {pause}")
            await session.until(lambda s, n=pause: Text(f"paused {n}") in s.messages)
            assert len(session.frames) == frames
            await asyncio.to_thread(recognition.start)
            await session.until(lambda s, n=frames: len(s.frames) > n)


async def test_nobody_is_called_back_while_paused(fake_server, pictures, make_recognition):
    recorder = Recorder()
    async with fake_server() as server:
        recognition = make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, recorder, source=pictures
        )
        await start(recognition)
        session = await server.next_session()
        await session.until(lambda s: len(s.frames) == DEFAULT_WINDOW)
        await asyncio.to_thread(recognition.stop)
        arrived = threading.Event()
        recognition._client.call(lambda c: c.subscribe(FrameEnded, lambda _: arrived.set()))
        await session.answer(1, "late")
        assert await asyncio.to_thread(arrived.wait, 10)
        await asyncio.to_thread(recognition.start)
        await session.until(lambda s: len(s.frames) == DEFAULT_WINDOW + 1)
        await session.answer(2, "in time")
        assert await recorder.next() == "in time"


async def test_quick_stops_and_starts_leave_it_working(fake_server, pictures, make_recognition):
    recorder = Recorder()
    async with fake_server(answers=lambda _: ("biden",)) as server:
        recognition = make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, recorder, source=pictures
        )
        await start(recognition)

        def press_buttons() -> None:
            for _ in range(200):
                recognition.stop()
                recognition.start()

        await asyncio.to_thread(press_buttons)
        while not recorder.tags.empty():
            recorder.tags.get()
        assert await recorder.next() == "biden"


async def test_a_slow_or_faulty_callback_does_not_hold_up_the_frames(
    fake_server, pictures, caplog, make_recognition
):
    release = threading.Event()
    called = threading.Semaphore(0)

    def callback(_tag: str) -> None:
        called.release()
        release.wait(20)
        raise ZeroDivisionError

    async with fake_server(answers=lambda _: ("biden",)) as server:
        recognition = make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, callback, source=pictures
        )
        await start(recognition)
        session = await server.next_session()
        await session.until(lambda s: len(s.frames) > 100)
        assert called.acquire(blocking=False)
        release.set()
        # Called again: the first call has failed by now, and harmed nothing.
        assert await asyncio.to_thread(called.acquire, timeout=10)
    assert "callbackfunc failed for 'biden'" in caplog.text


async def test_connecting_in_vain_tells_why(make_recognition, pictures):
    recognition = make_recognition("hall", "127.0.0.1", 9, 640, 480, source=pictures)
    with pytest.raises(ConnectionError, match=r"nothing listens at 127\.0\.0\.1:9"):
        await asyncio.to_thread(recognition.connect)


async def test_proof_of_the_server_can_be_asked_for(
    fake_server, pictures, make_certificate, make_recognition
):
    def recognition(server, **proof) -> FaceRecognition:
        return make_recognition(
            "hall", "127.0.0.1", server.port, 640, 480, source=pictures, **proof
        )

    async with fake_server(token="secret") as server:
        certificate = server.certificate
        for proof in (
            {"fingerprint": certificate.fingerprint},
            {"cafile": certificate.certificate_file},
            {},
        ):
            good = recognition(server, token="secret", **proof)
            await asyncio.to_thread(good.connect)
        for proof, words in (
            ({"fingerprint": make_certificate().fingerprint}, "not the pinned one"),
            ({"allowselfsign": False}, "vouches"),
            ({"token": "wrong"}, "token"),
        ):
            with pytest.raises(ConnectionError, match=words):
                await asyncio.to_thread(recognition(server, **proof).connect)
    with pytest.raises(TrustError):
        make_recognition("hall", "localhost", 1, 1, 1, fingerprint="short", source=pictures)
    with pytest.raises(ValueError, match="give one"):
        make_recognition("hall", "localhost", 1, 1, 1, fingerprint="a", cafile="b", source=pictures)


async def test_methods_in_the_wrong_order_are_reported(fake_server, pictures, make_recognition):
    recognition = make_recognition("hall", "127.0.0.1", 9, 640, 480, source=pictures)
    for method in (recognition.start, lambda: recognition.sendmessage("x")):
        with pytest.raises(RuntimeError, match=r"connect\(\) comes before"):
            method()


async def test_the_end_of_the_source_is_reported(fake_server, photos, make_recognition):
    async with fake_server() as server:
        once = Pictures([photos / "biden.jpg"], fps=200, repeat=False)
        recognition = make_recognition("a", "127.0.0.1", server.port, 1, 1, source=once)
        await start(recognition)
        assert await asyncio.to_thread(recognition.join)
        recognition = make_recognition("a", "127.0.0.1", server.port, 1, 1, source=FailingSource())
        await start(recognition)
        with pytest.raises(SourceError, match="stopped delivering pictures"):
            await asyncio.to_thread(recognition.join)


PROGRAM = """
import sys
from pathlib import Path
from iot_facerecognition_client import FaceRecognition
from iot_facerecognition_client.sources.pictures import Pictures
# As the file is: resizing needs Pillow, which the device does not have.
recognition = FaceRecognition("script", "localhost", sys.argv[1], 640, 480, print,
                              source=Pictures([Path(sys.argv[2])], fps=30))
recognition.connect()
recognition.start()
"""


async def test_a_program_may_leave_everything_to_the_threads_even_reconnecting(fake_server, photos):
    async with fake_server(answers=lambda _: ()) as server:
        photo = str(photos / "biden.jpg")
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(server.port), photo
        )
        try:
            session = await server.next_session()
            # Long enough after start() for the main thread to be at its end.
            await session.until(lambda s: len(s.frames) > 20)
            await server.stop()
            await server.start()
            again = await server.next_session()
            await again.until(lambda s: len(s.frames) > 5)
            assert again.settings()[Command.SETTING_NAME] == "script"
        finally:
            program.kill()
            await program.wait()
