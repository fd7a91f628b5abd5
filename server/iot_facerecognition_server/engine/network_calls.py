"""Networks that workers call and wait for: on a GPU, in batches of many workers' pictures."""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.interface import WorkFailedError
from iot_facerecognition_server.engine.job import NetworkOutputError
from iot_facerecognition_server.engine.network_thread import NetworkThread

GPU_FRAMES: Final = 32
"""Frames in a batch of the detector, which looks at a plane 2.4 times as large as each."""

PictureOfFaces = tuple[NDArray[np.uint8], Sequence[Detection]]
"""An (h, w, 3) uint8 RGB picture, and the faces on it."""
Detect = Callable[[NDArray[np.uint8]], list[list[Detection]]]
"""Finds the faces on each of (N, h, w, 3) uint8 RGB pictures."""
Align = Callable[[list[PictureOfFaces]], list[list[NDArray[np.uint8]]]]
"""Cuts out the faces on each of several pictures of one size."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Call(Generic[Asked, Answer]):
    """What somebody waits for an answer to."""

    __slots__ = ("answer", "asked")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answer: Future[Answer] = Future()


class _SharedCalls(Generic[Asked, Answer]):
    """Calls from many threads, answered in batches of one kind on a thread of their own."""

    def __init__(
        self,
        name: str,
        run: Callable[[list[Asked]], Sequence[Answer]],
        batch_size: int,
        kind: Callable[[Asked], Hashable],
        replaced: Callable[[str], None],
    ) -> None:
        self._run = run
        self._thread: NetworkThread[_Call[Asked, Answer]] = NetworkThread(
            name, self._answer, batch_size, kind=lambda call: kind(call.asked), replaced=replaced
        )

    def __call__(self, asked: Asked) -> Answer:
        """Wait for the answer; raises what the run raises."""
        call: _Call[Asked, Answer] = _Call(asked)
        self._thread.put([call])
        return call.answer.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _answer(self, calls: Sequence[_Call[Asked, Answer]]) -> None:
        try:
            answers = _checked(self._run([call.asked for call in calls]), len(calls))
        except Exception as error:  # noqa: BLE001 - it is the callers' and raised there
            for call in calls:
                call.answer.set_exception(error)
            return
        except BaseException as error:
            for call in calls:  # whose own threads are not to end by it
                call.answer.set_exception(
                    WorkFailedError(f"the network's thread failed: {error!r}")
                )
            raise
        for call, answer in zip(calls, answers, strict=True):
            call.answer.set_result(answer)


def _checked(answers: Sequence[Answer], count: int) -> Sequence[Answer]:
    if len(answers) != count:
        raise NetworkOutputError(f"a network gave {len(answers)} answers for {count} pictures")
    return answers


class DetectorThread:
    """The detector network on a GPU: workers wait here, their pictures go in batches of one size.

    Close it when no worker calls it any more.
    """

    def __init__(
        self,
        detect: Detect,
        batch_size: int = GPU_FRAMES,
        replaced: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Call `replaced` with the thread's name when it failed and was replaced."""
        self._calls: _SharedCalls[NDArray[np.uint8], list[Detection]] = _SharedCalls(
            "detector",
            lambda pictures: detect(np.stack(pictures)),
            batch_size,
            lambda picture: picture.shape,
            replaced,
        )

    def find(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """Return the faces on an (h, w, 3) uint8 RGB picture; raises what the network raises."""
        return self._calls(picture)

    def close(self) -> None:
        """End the thread."""
        self._calls.close()


class AlignerThread:
    """The aligner on a GPU: workers wait here, their faces go in batches of pictures of one size.

    Close it when no worker calls it any more.
    """

    def __init__(
        self,
        align: Align,
        batch_size: int = GPU_FRAMES,
        replaced: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Call `replaced` as `DetectorThread` does."""
        self._calls: _SharedCalls[PictureOfFaces, list[NDArray[np.uint8]]] = _SharedCalls(
            "aligner", align, batch_size, lambda picture: picture[0].shape, replaced
        )

    def chips(self, rgb: NDArray[np.uint8], faces: Sequence[Detection]) -> list[NDArray[np.uint8]]:
        """Return a chip of each of the `faces` on an (h, w, 3) uint8 RGB picture."""
        return self._calls((rgb, faces))

    def close(self) -> None:
        """End the thread."""
        self._calls.close()
