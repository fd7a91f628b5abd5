"""The known answer is the real networks', and a wrong one is noticed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from iot_facerecognition_protocol import ErrorCode, ObjectLabel
from iot_facerecognition_server.config import Config, load
from iot_facerecognition_server.engine.interface import Submission
from iot_facerecognition_server.frames import (
    Capacity,
    Frame,
    FrameRejectedError,
    Recognition,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.observability.self_test import (
    TAG,
    SelfTest,
    SelfTestError,
    known_answer,
)
from tests.server.recognised_faces import recognised


class AnsweringEngine:
    """Gives an answer of the test's."""

    capacity = Capacity(1, 1, 1)

    def __init__(self, faces: Any, objects: Any = None) -> None:
        self._answers = (faces, objects)
        self.object_labels = 0 if objects is None else 1000

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        assert frame.jpeg.startswith(b"\xff\xd8")
        futures = []
        for answer in self._answers:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(Recognition(answer or (), 0.0, 0.1))
            futures.append(future)
        return Submission(futures[0], futures[1] if wants.objects else None)

    def when_capacity_grows(self, call: Callable[[], None]) -> None:
        pass

    def set_gallery(self, gallery: Gallery) -> None:
        pass

    def stalled_seconds(self) -> float:
        return 0.0

    async def close(self) -> None:
        pass


RIGHT = recognised(TAG, 74, 83, 87, 88, distance=0.01)


def run(engine: AnsweringEngine, **environ: str) -> None:
    config: Config = load(None, {f"IOT_FACERECOGNITION_{k}": v for k, v in environ.items()})
    asyncio.run(SelfTest(config, known_answer()).run(engine))


def test_right_answer_passes() -> None:
    run(AnsweringEngine((RIGHT,), (ObjectLabel("suit", 0.4),)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AnsweringEngine(()), "not found where it is"),
        (lambda: AnsweringEngine((recognised(TAG, 0, 0, 50, 50),)), "1 others were"),
        (lambda: AnsweringEngine((recognised("", 74, 83, 87, 88, distance=0.71),)), "0.71"),
        (lambda: AnsweringEngine((RIGHT,), (ObjectLabel("?", float("nan")),)), "no probability"),
        (
            lambda: AnsweringEngine(FrameRejectedError(ErrorCode.FRAME_DAMAGED, "cut short")),
            "cut short",
        ),
    ],
)
def test_wrong_answer_is_reported(make: Callable[[], AnsweringEngine], message: str) -> None:
    with pytest.raises(SelfTestError, match=message):
        run(make())


def test_other_chips_make_another_descriptor_which_is_not_expected() -> None:
    stranger = recognised("", 74, 83, 87, 88, distance=0.7)
    run(AnsweringEngine((stranger,)), DLIB_FACEPADDING="0.5")


def test_face_below_the_smallest_that_is_sought_is_not_expected() -> None:
    run(AnsweringEngine(()), ENGINE_MINFACESIZE="200")
