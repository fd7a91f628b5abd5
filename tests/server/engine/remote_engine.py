"""An engine on the far side of a link: another thread with a clock of its own, and pickled values.

What a cluster would do to sessions is done here without a network: values are copies, answers come
late or not at all, the far side is full, and the link breaks.
"""

import asyncio
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

from iot_facerecognition_server.engine.interface import Submission, WorkFailedError
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import Capacity, Frame, Wants
from iot_facerecognition_server.gallery.gallery import Gallery

MakeEngine = Callable[[Callable[[], float]], LocalEngine[Any]]
"""Makes the engine of the far side, with the far side's clock."""


def far_clock() -> float:
    """Return the seconds of a machine that has run since long before this one."""
    return time.monotonic() + 1e6


class FarSide:
    """A stateless engine on a thread of its own, which is sent bytes and sends bytes back."""

    def __init__(self, make: MakeEngine, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        self._make = make
        self._started = threading.Event()
        self._ended = asyncio.Event()
        self._under_way = 0
        self.room: int | None = None
        """Frames that it takes at most, as if others filled it."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._started.wait(30)

    def send(self, message: bytes) -> None:
        """Let it have a message; from any thread."""
        self._loop.call_soon_threadsafe(self._receive, message)

    def close(self) -> None:
        """Finish what is under way and end."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.engine = self._make(far_clock)
        self._started.set()
        await self._ended.wait()
        await self.engine.close()
        await asyncio.sleep(0)  # the last answers leave

    def _receive(self, message: bytes) -> None:
        match pickle.loads(message):
            case ("gallery", gallery):
                self.engine.set_gallery(gallery)
            case ("frame", number, frame, wants, rank):
                self._work(number, frame, wants, rank)

    def _work(self, number: int, frame: Frame, wants: Wants, rank: float) -> None:
        if self.room is not None and self._under_way >= self.room:
            for part in parts_of(wants):
                self._hand_over(number, part, WorkFailedError("the far side is full"))
            return
        submission = self.engine.submit(frame, wants, rank)
        for part in parts_of(wants):
            future = getattr(submission, part)
            self._under_way += 1
            future.add_done_callback(lambda done, part=part: self._done(number, part, done))

    def _done(self, number: int, part: str, future: "asyncio.Future[Any]") -> None:
        self._under_way -= 1
        self._hand_over(number, part, future.exception() or future.result())

    def _hand_over(self, number: int, part: str, outcome: object) -> None:
        self._answer(pickle.dumps((number, part, outcome)))


def parts_of(wants: Wants) -> list[str]:
    """Return the parts of a submission that are wanted."""
    return ["faces"] * wants.faces + ["objects"] * (wants.objects is not None)


class SentFuture(asyncio.Future[Any]):
    """What the far side is to answer; nobody here knows whether it has begun, so it goes on."""

    def cancel(self, msg: Any | None = None) -> bool:
        return False


class RemoteEngine:
    """The near side: an `Engine` that only sends, and ends what it has sent whatever happens."""

    def __init__(self, make: MakeEngine) -> None:
        self._loop = asyncio.get_running_loop()
        self._sent: dict[tuple[int, str], SentFuture] = {}
        self._numbers = 0
        self._grown: list[Callable[[], None]] = []
        self._link = True
        self.late = 0
        """Answers to what had been given up."""
        self.answered = asyncio.Event()
        self.far = FarSide(make, self._answers_come)

    @property
    def capacity(self) -> Capacity:
        known = self.far.engine.capacity
        return known if self._link else Capacity(0, known.workers, known.per_session)

    @property
    def object_labels(self) -> int:
        return self.far.engine.object_labels

    def when_capacity_grows(self, call: Callable[[], None]) -> None:
        self._grown.append(call)

    def stalled_seconds(self) -> float:
        return self.far.engine.stalled_seconds()

    def set_gallery(self, gallery: Gallery) -> None:
        self.far.send(pickle.dumps(("gallery", gallery)))

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        self._numbers += 1
        futures = {part: SentFuture(loop=self._loop) for part in parts_of(wants)}
        if self._link:
            self._sent.update({(self._numbers, part): one for part, one in futures.items()})
            self.far.send(pickle.dumps(("frame", self._numbers, frame, wants, rank)))
        else:
            for future in futures.values():
                future.set_exception(WorkFailedError("there is no link to the far side"))
        return Submission(futures.get("faces"), futures.get("objects"))

    def give_up(self) -> None:
        """End what is under way: its answer has not come in time."""
        sent, self._sent = self._sent, {}
        for future in sent.values():
            future.set_exception(WorkFailedError("no answer in time"))

    def break_link(self) -> None:
        """Lose what is under way, and take nothing."""
        self._link = False
        self.give_up()

    def mend_link(self) -> None:
        self._link = True
        for call in self._grown:
            call()

    async def close(self) -> None:
        await asyncio.to_thread(self.far.close)
        self._link = False
        await asyncio.sleep(0)
        self.give_up()

    def _answers_come(self, message: bytes) -> None:
        self._loop.call_soon_threadsafe(self._take, message)

    def _take(self, message: bytes) -> None:
        number, part, outcome = pickle.loads(message)
        future = self._sent.pop((number, part), None)
        if future is None:
            self.late += 1
        elif isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        self.answered.set()
