"""Photos for the command line: one at a time, in turns, and never for somebody who has gone."""

import asyncio
import threading
from pathlib import Path

import pytest

from iot_facerecognition_server.gallery.photo_report import PhotoReport, PhotoStatus
from iot_facerecognition_server.serving.photo_checks import PhotoChecks, TooManyChecksError


class Looker:
    """Looks at a photo until it is let go; counts how many it looks at together."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.together = 0
        self.most_together = 0
        self.go = threading.Semaphore(0)

    def __call__(self, tag: str, photo: Path) -> PhotoReport:
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        assert self.go.acquire(timeout=30)
        self.seen.append(f"{tag} {photo.name}")
        self.together -= 1
        return PhotoReport(tag, photo, PhotoStatus.USED, "is used")


def here() -> bool:
    return False


async def request(checks: PhotoChecks, tag: str, count: int) -> None:
    for number in range(count):
        await checks.look_at(tag, Path(f"/{number}.jpg"), here)


def test_requests_take_turns_photo_by_photo() -> None:
    async def scenario() -> None:
        looker = Looker()
        checks = PhotoChecks(looker)
        for _ in range(6):
            looker.go.release()
        await asyncio.gather(request(checks, "ada", 3), request(checks, "bo", 3))
        assert looker.seen == [f"{tag} {n}.jpg" for n in range(3) for tag in ("ada", "bo")]
        assert looker.most_together == 1

    asyncio.run(scenario())


def test_more_requests_than_may_wait_are_refused_and_later_ones_are_not() -> None:
    async def scenario() -> None:
        looker = Looker()
        checks = PhotoChecks(looker, most=2)
        waiting = [asyncio.create_task(request(checks, str(n), 1)) for n in range(2)]
        await asyncio.sleep(0)  # both have asked
        with pytest.raises(TooManyChecksError, match="2 commands"):
            await request(checks, "late", 1)
        for _ in range(3):
            looker.go.release()
        await asyncio.gather(*waiting)
        await request(checks, "later", 1)
        assert looker.seen == ["0 0.jpg", "1 0.jpg", "later 0.jpg"]

    asyncio.run(scenario())


def test_nobody_looks_for_who_has_gone_while_waiting() -> None:
    async def scenario() -> None:
        looker = Looker()
        checks = PhotoChecks(looker)
        first = asyncio.create_task(request(checks, "ada", 1))
        gone = asyncio.create_task(checks.look_at("bo", Path("/b.jpg"), lambda: True))
        looker.go.release()
        assert await gone is None
        await first
        assert looker.seen == ["ada 0.jpg"]

    asyncio.run(scenario())


def test_the_turn_goes_on_when_a_look_raises() -> None:
    async def scenario() -> None:
        def fail(_tag: str, _photo: Path) -> PhotoReport:
            raise MemoryError

        checks = PhotoChecks(fail, most=1)
        for _ in range(2):
            with pytest.raises(MemoryError):
                await request(checks, "ada", 1)

    asyncio.run(scenario())
