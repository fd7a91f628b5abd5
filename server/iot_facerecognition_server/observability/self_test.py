"""One recognition whose answer is known, on the configured device."""

import asyncio
import importlib.resources
import math
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.interface import Engine, Submission
from iot_facerecognition_server.frames import (
    DESCRIPTOR_SIZE,
    Descriptor,
    Frame,
    FrameRejectedError,
    ObjectsWanted,
    RecognisedFace,
    Recognition,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery

TAG: Final = "self-test"
FARTHEST: Final = 0.3
"""Distance to the known descriptor that still is the right answer.

bf16 is off by 0.01; another detector's box moves the chip by some pixels and costs more; another
person is at 0.7. A broken network gives anything.
"""
LEAST_OVERLAP: Final = 0.4
"""IoU of found and known box: detectors draw them differently."""
_FACE_SIZE: Final = 88
"""Side of the face in the picture, in pixels."""


class SelfTestError(Exception):
    """The engine gave another answer than the known one."""


class ExaminedEngine(Protocol):
    """An engine of which every worker can be asked by itself."""

    @property
    def workers(self) -> int:
        """How many there are, counted from 0."""

    @property
    def object_labels(self) -> int:
        """As of `Engine`."""

    def examine(self, worker: int, frame: Frame, wants: Wants, gallery: Gallery) -> Submission:
        """Let this `worker` work on `frame` next, with `gallery` for its faces."""

    def renew(self, worker: int) -> None:
        """Let this `worker` have new tools before its next frame."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A picture (JPEG), where its face is, and the face's descriptor."""

    jpeg: bytes
    box: Box
    descriptor: Descriptor


def known_answer() -> KnownAnswer:
    """Return what comes with this package: Eileen Collins, by NASA (public domain).

    The answer is dlib's own: HOG box and fp32 descriptor.
    """
    files = importlib.resources.files(__package__ or "")
    numbers = (files / "known_face.txt").read_text().split()
    box = Box(*map(int, numbers[:4]))
    descriptor = np.array(numbers[4:], np.float32)
    if descriptor.shape != (DESCRIPTOR_SIZE,):
        raise SelfTestError("known_face.txt is damaged: install the package again")
    jpeg = (files / "known_face.jpg").read_bytes()
    return KnownAnswer(jpeg, box, descriptor)


class SelfTest:
    """Runs the picture through an engine that matches against `gallery`, as any frame."""

    def __init__(self, config: Config, known: KnownAnswer) -> None:
        """Expect what the settings let one expect.

        With other networks or chips than the known answer was made with, only a face at the right
        place is expected; where `MinFaceSize` is above the picture's face, only some answer.
        """
        settings = config.dlib
        self._known = known
        self._frame = Frame(session=0, number=1, jpeg=known.jpeg, at=0.0)
        self._expects_face = config.engine.min_face_size <= _FACE_SIZE
        self._expects_descriptor = (
            not settings.face_recognition_model_file
            and not settings.face_landmark_model_file
            and settings.face_detail_size == 150  # noqa: PLR2004 - the setting's default
            and settings.face_padding == 0.25  # noqa: PLR2004 - the setting's default
        )

    @property
    def gallery(self) -> Gallery:
        """What the engine has to match against while the test runs."""
        return Gallery((TAG,), self._known.descriptor[np.newaxis], threshold=FARTHEST)

    async def run(self, engine: Engine) -> None:
        """Recognise the picture. Raises SelfTestError when the answer is not the known one."""
        await self._judge(engine.submit(self._frame, _wants(engine.object_labels)))

    async def examine(self, engine: ExaminedEngine, worker: int) -> float:
        """Let this `worker` recognise the picture; return the processor seconds that it took.

        Raises SelfTestError. Whose picture it is needs no gallery in the engine.
        """
        wants = _wants(engine.object_labels)
        return await self._judge(engine.examine(worker, self._frame, wants, self.gallery))

    async def _judge(self, submission: Submission) -> float:
        parts = [part for part in (submission.faces, submission.objects) if part is not None]
        try:
            await asyncio.wait(parts)
        except asyncio.CancelledError:
            for part in parts:
                part.cancel()
            raise
        answers = [_answer(part) for part in parts]
        for answer in answers:
            if isinstance(answer, FrameRejectedError):
                raise SelfTestError(f"the known picture was refused: {answer.message}") from answer
            if isinstance(answer, BaseException):
                raise SelfTestError(f"the engine failed at the known picture: {answer}") from answer
        recognitions: list[Recognition[Any]] = [a for a in answers if isinstance(a, Recognition)]
        if submission.faces is not None:
            self._check_faces(recognitions[0].found)
        if submission.objects is not None:
            _check_objects(recognitions[-1].found)
        return sum(recognition.cost for recognition in recognitions)

    def _check_faces(self, faces: tuple[RecognisedFace, ...]) -> None:
        if not self._expects_face:
            return
        overlapping = [face for face in faces if face.box.iou(self._known.box) > LEAST_OVERLAP]
        if not overlapping:
            raise SelfTestError(
                f"the known face was not found where it is; {len(faces)} others were"
            )
        face = overlapping[0]
        if self._expects_descriptor and face.match.tag != TAG:
            raise SelfTestError(
                "the known face was not recognised: its descriptor is"
                f" {face.match.distance} from the known one, and {FARTHEST} is the most; the"
                " networks compute wrongly on this device (try [Engine] Precision=fp32 or"
                " Device=cpu)"
            )


def _wants(object_labels: int) -> Wants:
    objects = ObjectsWanted(1, deterministic=True) if object_labels else None
    return Wants(faces=True, objects=objects)


def _answer(part: "asyncio.Future[Any]") -> Any:
    """Return what `part`, which is done, came to: its result, or what ended it."""
    if part.cancelled():
        return asyncio.CancelledError()
    return part.exception() or part.result()


def _check_objects(labels: tuple[ObjectLabel, ...]) -> None:
    if len(labels) != 1 or not 0 < labels[0].prediction <= 1 + 1e-3:
        found = labels[0].prediction if labels else math.nan
        raise SelfTestError(
            f"the classifier's answer is no probability ({found}); it computes wrongly on this"
            " device (try [Engine] Precision=fp32 or Device=cpu)"
        )
