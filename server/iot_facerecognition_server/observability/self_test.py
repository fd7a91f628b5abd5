"""One recognition whose answer is known, on the configured device, before anyone is served."""

import importlib.resources
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from iot_facerecognition_protocol import Face, ObjectLabel
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.interface import (
    Engine,
    Frame,
    FrameRejectedError,
    ObjectsWanted,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import DESCRIPTOR_SIZE, Gallery

TAG: Final = "self-test"
FARTHEST: Final = 0.3
"""Distance to the known descriptor that still is the right answer.

bf16 is off by 0.01; another detector's box moves the chip by some pixels and costs more; another
person is at 0.7. A broken network gives anything.
"""
LEAST_OVERLAP: Final = 0.4
"""Part of the union of found and known box that both share: detectors draw them differently."""
_FACE_SIZE: Final = 88
"""Side of the face in the picture, in pixels."""


class SelfTestError(Exception):
    """The engine gave another answer than the known one."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A picture (JPEG), the (left, top, right, bottom) of its face, and its (128,) descriptor."""

    jpeg: bytes
    box: tuple[int, int, int, int]
    descriptor: np.ndarray[tuple[int], np.dtype[np.float32]]


def known_answer() -> KnownAnswer:
    """Return what comes with this package: Eileen Collins, by NASA (public domain).

    The answer is dlib's own: HOG box and fp32 descriptor.
    """
    files = importlib.resources.files(__package__ or "")
    numbers = (files / "known_face.txt").read_text().split()
    left, top, right, bottom = map(int, numbers[:4])
    descriptor = np.array(numbers[4:], np.float32)
    if descriptor.shape != (DESCRIPTOR_SIZE,):
        raise SelfTestError("known_face.txt is damaged: install the package again")
    jpeg = (files / "known_face.jpg").read_bytes()
    return KnownAnswer(jpeg, (left, top, right, bottom), descriptor)


class SelfTest:
    """Runs the picture through an engine that matches against `gallery`, as any frame."""

    def __init__(self, config: Config, known: KnownAnswer) -> None:
        """Expect what the settings let one expect.

        With other networks or chips than the known answer was made with, only a face at the right
        place is expected; where `MinFaceSize` is above the picture's face, only some answer.
        """
        settings = config.dlib
        self._known = known
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
        objects = ObjectsWanted(1, deterministic=True) if engine.object_labels else None
        frame = Frame(session=0, number=1, jpeg=self._known.jpeg, received=0.0)
        submission = engine.submit(frame, Wants(faces=True, objects=objects))
        try:
            if submission.faces is not None:
                self._check_faces((await submission.faces).found)
            if submission.objects is not None:
                _check_objects((await submission.objects).found)
        except FrameRejectedError as error:
            raise SelfTestError(f"the known picture was refused: {error.message}") from error
        finally:
            engine.forget(frame.session)

    def _check_faces(self, faces: tuple[Face, ...]) -> None:
        if not self._expects_face:
            return
        overlapping = [face for face in faces if _overlap(face, self._known.box) > LEAST_OVERLAP]
        if not overlapping:
            raise SelfTestError(
                f"the known face was not found where it is; {len(faces)} others were"
            )
        face = overlapping[0]
        if self._expects_descriptor and face.tag != TAG:
            raise SelfTestError(
                f"the known face was not recognised: its descriptor is {face.distance} from the"
                f" known one, and {FARTHEST} is the most; the networks compute wrongly on this"
                " device (try [Engine] Precision=fp32 or Device=cpu)"
            )


def _check_objects(labels: tuple[ObjectLabel, ...]) -> None:
    if len(labels) != 1 or not 0 < labels[0].prediction <= 1 + 1e-3:
        found = labels[0].prediction if labels else math.nan
        raise SelfTestError(
            f"the classifier's answer is no probability ({found}); it computes wrongly on this"
            " device (try [Engine] Precision=fp32 or Device=cpu)"
        )


def _overlap(face: Face, box: tuple[int, int, int, int]) -> float:
    """Return intersection over union."""
    left, top, right, bottom = box
    width = min(right, face.x + face.width) - max(left, face.x)
    height = min(bottom, face.y + face.height) - max(top, face.y)
    shared = max(0, width) * max(0, height)
    return shared / (face.width * face.height + (right - left) * (bottom - top) - shared)
