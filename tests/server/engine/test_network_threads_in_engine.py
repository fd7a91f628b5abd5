"""The engine with networks on threads of their own, as on a GPU; here their device is the CPU."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import (
    UNKNOWN,
    Frame,
    FrameRejectedError,
    ObjectsWanted,
    RecognisedFace,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.networks.memory import HalvingNetwork
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.vision.face_scanner import ScannedFaces

LABELS = ("dark", "bright")


class Scanner:
    """Finds as many faces in a 'JPEG' as its first byte says, each a chip of its second."""

    def scan(self, jpeg: bytes) -> ScannedFaces:
        if jpeg == b"bad":
            raise FrameRejectedError(ErrorCode.FRAME_DAMAGED, "bad")
        count, level = jpeg
        chip = np.full((8, 8, 3), level, np.uint8)
        found = [Detection(Box.at(i, 0, 1, 1), 1.0, quality=1.0) for i in range(count)]
        return found, [chip] * count


class Cropper:
    def crops(self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]) -> list[np.ndarray]:
        return [np.full((8, 8, 3), jpeg[1], np.uint8)]


class Device:
    """A network whose rows tell the pictures' level, with memory for `room` pictures."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.batches: list[int] = []
        self.broken = False

    def describe(self, pictures: np.ndarray) -> np.ndarray:
        self.batches.append(len(pictures))
        if self.broken:
            raise RuntimeError("CUDA error: unspecified launch failure")
        if len(pictures) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        level = torch.from_numpy(pictures).float().mean((1, 2, 3)) / 255
        return (level[:, None] * torch.ones(128)).numpy()

    def classify(self, pictures: np.ndarray) -> np.ndarray:
        level = self.describe(pictures)[:, :1]
        return np.hstack([1 - level, level])


def engine_of(
    device: Device, counted: list[int], *, own_thread: bool, batch: int
) -> LocalEngine[Tools]:
    halving = HalvingNetwork(
        "descriptor", device.describe, np.concatenate, count=lambda: counted.append(1)
    )
    references = np.array([[0.0], [1.0]], np.float32) * np.ones(128, np.float32)
    return LocalEngine(
        workers=3,
        make_tools=lambda: Tools(Scanner(), Cropper()),
        networks={
            Network.DESCRIPTOR: BatchedNetwork(halving, batch, own_thread=own_thread),
            Network.CLASSIFIER: BatchedNetwork(
                device.classify, batch, own_thread=own_thread, background=True
            ),
        },
        jobs=FrameJobs(Gallery(["night", "day"], references, 2.0), LABELS),
    )


def frames() -> list[Frame]:
    levels = [0, 255] * 20
    return [
        Frame(1, number, bytes((number % 4, level)), 0.0) for number, level in enumerate(levels)
    ]


def described_as(faces: Sequence[RecognisedFace]) -> list[str]:
    """Return whose the descriptors are; the first of the frame's faces has the name as well."""
    described = ["day" if face.descriptor.all() else "night" for face in faces]
    named = [face.match.tag for face in faces]
    assert named == [*described[:1], *[UNKNOWN] * (len(described) - 1)][: len(described)]
    return described


async def results(engine: LocalEngine[Tools]) -> list[tuple[list[str], str]]:
    wants = Wants(faces=True, objects=ObjectsWanted(1, deterministic=True))
    submitted = [engine.submit(frame, wants) for frame in frames()]
    found = []
    for submission in submitted:
        assert submission.faces is not None
        assert submission.objects is not None
        faces, (label,) = (await submission.faces).found, (await submission.objects).found
        found.append((described_as(faces), label.label))
    return found


@pytest.mark.parametrize("room", [1000, 3])
@pytest.mark.parametrize("batch", [1, 16])
def test_results_are_the_same_on_workers_and_on_threads_of_their_own(room: int, batch: int) -> None:
    async def run(*, own_thread: bool) -> list[tuple[list[str], str]]:
        engine = engine_of(Device(), [], own_thread=own_thread, batch=batch)
        try:
            return await results(engine)
        finally:
            await engine.close()

    expected = [
        (["day" if frame.jpeg[1] else "night"] * frame.jpeg[0], LABELS[frame.jpeg[1] // 255])
        for frame in frames()
    ]
    assert asyncio.run(run(own_thread=False)) == expected
    assert asyncio.run(run(own_thread=True)) == expected


def test_batches_never_exceed_their_size() -> None:
    async def run() -> list[int]:
        device = Device()
        engine = engine_of(device, [], own_thread=True, batch=5)
        await results(engine)
        await engine.close()
        return device.batches

    assert max(asyncio.run(run())) <= 5


def test_frames_survive_a_gpu_without_memory_for_a_batch() -> None:
    """Four faces in one frame wait together, so that the batch is four for certain."""

    async def run() -> None:
        device, counted = Device(room=1), list[int]()
        engine = engine_of(device, counted, own_thread=True, batch=16)
        submission = engine.submit(Frame(1, 1, bytes((4, 255)), 0.0), Wants())
        assert submission.faces is not None
        assert described_as((await submission.faces).found) == ["day"] * 4
        assert device.batches == [4, 2, 1, 1, 1, 1]
        assert len(counted) == 2
        await engine.close()

    asyncio.run(run())


def test_a_network_that_fails_costs_its_frames_only() -> None:
    async def run() -> None:
        device = Device()
        engine = engine_of(device, [], own_thread=True, batch=16)
        device.broken = True
        failed = engine.submit(Frame(1, 1, bytes((2, 0)), 0.0), Wants()).faces
        assert failed is not None
        with pytest.raises(RuntimeError, match="unspecified launch failure"):
            await failed
        device.broken = False
        good = engine.submit(Frame(1, 2, bytes((2, 0)), 0.0), Wants()).faces
        assert good is not None
        assert described_as((await good).found) == ["night"] * 2
        rejected = engine.submit(Frame(1, 3, b"bad", 0.0), Wants()).faces
        assert rejected is not None
        with pytest.raises(FrameRejectedError):
            await rejected
        assert engine.stalled_seconds() < 60
        await engine.close()

    asyncio.run(run())


def test_closing_finishes_the_batches_that_were_begun() -> None:
    async def run() -> list[bool]:
        engine = engine_of(Device(), [], own_thread=True, batch=4)
        begun = [engine.submit(frame, Wants()).faces for frame in frames()]
        submitted = [future for future in begun if future is not None]
        assert len(submitted) == len(begun)
        await engine.close()
        await asyncio.gather(*submitted, return_exceptions=True)
        return [future.done() for future in submitted]

    assert all(asyncio.run(run()))
