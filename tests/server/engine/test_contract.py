"""What sessions rely on, held by every engine: the local one, and one that could not be farther."""

import asyncio
import pickle
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from iot_facerecognition_protocol import ErrorCode, Limits, decode
from iot_facerecognition_protocol import FrameDone as Done
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.interface import Engine, WorkFailedError
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import (
    Capacity,
    Frame,
    FrameRejectedError,
    ObjectsWanted,
    RecognisedFace,
    Recognition,
    Tracks,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from iot_facerecognition_server.sessions.session import Session
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Sides
from iot_facerecognition_server.vision.face_scanner import ScannedFaces
from iot_facerecognition_server.vision.jpeg_header import JpegHeader
from tests.server.connected_clients import connected
from tests.server.engine.remote_engine import RemoteEngine

SIZE = (640, 480)
FACE = Detection(Box(200, 150, 300, 250), 1.5, quality=1.0)
CHIP = np.full((8, 8, 3), 7, np.uint8)
NOWHERE = np.zeros((1, 128), np.float32)
ANN, BO = Gallery(["ann"], NOWHERE), Gallery(["bo"], NOWHERE)
BOTH = Wants(faces=True, objects=ObjectsWanted(2, deterministic=True))
FACES = Wants(faces=True)
KINDS = ("local", "remote")


class Camera:
    """Says what is in a 'JPEG': a face, what is raised instead, or a face when the test says so."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Event(), threading.Event()

    def look(self, jpeg: bytes) -> None:
        if jpeg == b"rejected":
            raise FrameRejectedError(ErrorCode.FRAME_DAMAGED, "cut short")
        if jpeg == b"failing":
            raise RuntimeError("a bug")
        if jpeg == b"slow":
            self.begun.set()
            assert self.release.wait(30)

    def scan(self, jpeg: bytes) -> ScannedFaces:
        self.look(jpeg)
        return [FACE], [CHIP]

    def crops(self, jpeg: bytes, wanted: ObjectsWanted, seed: Sequence[int]) -> list[np.ndarray]:
        return [CHIP]

    def open(self, jpeg: bytes) -> "OpenScene":
        self.look(jpeg)
        return OpenScene()


class OpenScene:
    """A frame in which one face stands still."""

    header = JpegHeader(*SIZE, 3, progressive=False)
    size = SIZE

    def thumbnail(self, searched: Sides | None) -> Thumbnail:
        shape = (SIZE[1] // REDUCTION, SIZE[0] // REDUCTION)
        return np.random.default_rng(1).integers(0, 255, shape).astype(np.uint8)

    def scan(self, sides: Sides = Sides.FULL) -> list[Detection]:
        return [FACE]

    def search(self, regions: Sequence[Any]) -> list[list[Detection]]:
        return [self.scan() for _ in regions]

    def chips(self, faces: Sequence[Detection]) -> list[np.ndarray]:
        return [CHIP for _ in faces]


class Rig:
    """An engine of one kind on fakes; `jobs` and `camera` are on its far side."""

    def __init__(self, kind: str, *, tracking: bool = False, workers: int = 2) -> None:
        self.camera = Camera()
        self.jobs = FrameJobs(
            ANN,
            ("cat", "dog"),
            RegionTracker(TrackingSettings(full_scan_interval=0.5)) if tracking else None,
        )
        self.workers = workers
        self.engine: Engine
        if kind == "local":
            self.engine = self.make(time.monotonic)
        else:
            self.engine = self.remote = RemoteEngine(self.make)

    def make(self, clock: Callable[[], float]) -> LocalEngine[Tools]:
        return LocalEngine(
            workers=self.workers,
            make_tools=lambda: Tools(self.camera, self.camera, self.camera),  # type: ignore[arg-type]
            networks={
                Network.DESCRIPTOR: BatchedNetwork(lambda p: np.zeros((len(p), 128), "f"), 4),
                Network.CLASSIFIER: BatchedNetwork(
                    lambda p: np.tile(np.array([0.9, 0.1], "f"), (len(p), 1)), 4, background=True
                ),
            },
            jobs=self.jobs,
            clock=clock,
        )

    async def faces(
        self, jpeg: bytes = b"good", number: int = 1, tracks: Tracks | None = None
    ) -> Recognition[RecognisedFace]:
        frame = Frame(7, number, jpeg, number / 15, tracks)
        faces = self.engine.submit(frame, FACES).faces
        assert faces is not None
        return await asyncio.wait_for(faces, 30)


def run(scenario: Callable[[Rig], Awaitable[None]], kind: str, **options: Any) -> None:
    async def main() -> None:
        rig = Rig(kind, **options)
        try:
            await scenario(rig)
        finally:
            rig.camera.release.set()
            await rig.engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_that_is_wanted_ends_with_values(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        submission = rig.engine.submit(Frame(7, 1, b"good", 0.0), BOTH)
        assert submission.faces is not None
        assert submission.objects is not None
        (face,) = (await submission.faces).found
        assert (face.box, face.score) == (FACE.box, FACE.score)
        assert (face.match.tag, face.match.distance, face.track) == ("ann", 0.0, None)
        assert face.descriptor.shape == (128,)
        assert face.quality == 1.0
        labels = [(one.label, round(one.prediction, 3)) for one in (await submission.objects).found]
        assert labels == [("cat", 0.9), ("dog", 0.1)]
        only = rig.engine.submit(Frame(7, 2, b"good", 0.1), FACES)
        assert only.objects is None
        assert only.faces is not None
        await only.faces

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_times_are_durations_on_whosever_clock(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        began = time.monotonic()
        recognition = await rig.faces()
        elapsed = time.monotonic() - began
        assert recognition.waited >= 0
        assert recognition.took >= 0
        assert recognition.waited + recognition.took <= elapsed + 1e-6
        assert 0 <= recognition.piece <= recognition.cost

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_at_fault_is_told_from_an_engine_at_fault(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        with pytest.raises(FrameRejectedError) as rejected:
            await rig.faces(b"rejected")
        assert (rejected.value.code, rejected.value.message) == (
            ErrorCode.FRAME_DAMAGED,
            "cut short",
        )
        assert rejected.value.cost >= 0
        with pytest.raises(WorkFailedError) as failed:
            await rig.faces(b"failing")
        assert failed.value.cost >= 0
        assert (await rig.faces()).found

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_submit_does_not_raise_when_no_job_can_be_made(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        def broken(*_: object) -> Any:
            raise RuntimeError("no job today")

        made = rig.jobs.objects
        rig.jobs.objects = broken  # type: ignore[method-assign, assignment]
        submission = rig.engine.submit(Frame(7, 1, b"good", 0.0), BOTH)
        assert submission.faces is not None
        assert submission.objects is not None
        assert (await submission.faces).found, "the other part is worked on all the same"
        with pytest.raises(WorkFailedError, match="no job today"):
            await submission.objects
        rig.jobs.objects = made  # type: ignore[method-assign]
        assert (await rig.faces()).found

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_engine_ends_what_it_is_given(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.engine.close()
        submission = rig.engine.submit(Frame(7, 1, b"good", 0.0), BOTH)
        for part in (submission.faces, submission.objects):
            assert part is not None
            with pytest.raises(WorkFailedError):
                await part

    async def main() -> None:
        await scenario(Rig(kind))

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_work_that_has_begun_is_not_cancelled_and_ends(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        slow = rig.engine.submit(Frame(7, 1, b"slow", 0.0), FACES).faces
        assert slow is not None
        assert await asyncio.to_thread(rig.camera.begun.wait, 30)
        assert not slow.cancel()
        rig.camera.release.set()
        assert (await slow).cost >= 0

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_after_a_new_gallery_are_named_by_it(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        assert (await rig.faces()).found[0].match.tag == "ann"
        rig.engine.set_gallery(BO)
        assert (await rig.faces()).found[0].match.tag == "bo"
        rig.engine.set_gallery(Gallery.empty())
        assert (await rig.faces()).found[0].match.distance is None

    run(scenario, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_tracks_are_a_value_that_goes_with_the_frames(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        assert rig.engine.capacity.per_session == 1
        first = await rig.faces(number=1)
        assert first.found[0].track == 1
        assert first.tracks is not None
        before = pickle.dumps(first.tracks)
        second = await rig.faces(number=2, tracks=first.tracks)
        assert second.found[0].track == 1
        assert pickle.dumps(first.tracks) == before, "an engine leaves what it is given as it is"
        assert second.tracks is not None
        with pytest.raises(FrameRejectedError):
            await rig.faces(b"rejected", 3, second.tracks)
        assert (await rig.faces(number=4, tracks=second.tracks)).found[0].track == 1
        assert (await rig.faces(number=5, tracks=second.tracks.renewed())).found[0].track == 2

    run(scenario, kind, tracking=True)


def test_a_session_goes_on_at_another_engine() -> None:
    """The engine that knows nothing of a session has all it needs: it can be stateless."""

    async def main() -> None:
        local, remote, another = (Rig(kind, tracking=True) for kind in (*KINDS, "remote"))
        tracks: Tracks | None = None
        try:
            for number, rig in enumerate((local, remote, another, local, another), 1):
                recognition = await rig.faces(number=number, tracks=tracks)
                tracks = recognition.tracks
                (face,) = recognition.found
                assert (face.track, face.match.tag) == (1, "ann")
        finally:
            for rig in (local, remote, another):
                await rig.engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_stalled_seconds_are_asked_from_any_thread(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        assert await asyncio.to_thread(rig.engine.stalled_seconds) == 0
        slow = rig.engine.submit(Frame(7, 1, b"slow", 0.0), FACES).faces
        assert await asyncio.to_thread(rig.camera.begun.wait, 30)
        stalled = await asyncio.to_thread(rig.engine.stalled_seconds)
        assert 0 <= stalled < 1e5, "not a time of the far clock"
        rig.camera.release.set()
        assert slow is not None
        await slow

    run(scenario, kind)


class Service:
    """A session in front of an engine: what its client is told, and what the scheduler counts."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.scheduler = FairScheduler(lambda: rig.engine.capacity, max_age=1e9)
        self.dispatcher = Dispatcher(rig.engine, self.scheduler, time.monotonic, Feed())
        self.ends: list[tuple[int, str, str | None]] = []
        self.times: list[float] = []
        self.session = Session(
            connected(7), self.told, limits=Limits(), object_labels=2, object_interval=1e9
        )
        self.dispatcher.join(self.session, lambda call: call())

    def told(self, text: str) -> None:
        message = decode(text)
        if isinstance(message, Done):
            self.ends.append((message.frame, str(message.status), message.reason))
            self.times += [message.queue_ms, message.compute_ms]

    def offer(self, jpeg: bytes) -> None:
        frame = self.session.receive_frame(jpeg, time.monotonic())
        assert isinstance(frame, ArrivedFrame)
        self.dispatcher.offer(frame)

    async def drained(self) -> None:
        await asyncio.wait_for(self.dispatcher.drained(), 30)
        assert self.scheduler.under_way == 0, "a slot was lost"

    async def is_well(self) -> None:
        """More frames than there are slots are answered, one after the other."""
        count = self.rig.engine.capacity.frames + 3
        answered = len(self.ends)
        for _ in range(count):
            self.offer(b"good")
            await self.drained()
        assert {status for _, status, _ in self.ends[answered:]} == {"processed"}
        numbers = [number for number, _, _ in self.ends]
        assert sorted(numbers) == list(range(1, self.session.frames + 1)), "each frame once"


@pytest.mark.parametrize("tracking", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_answered_once_and_no_slot_is_lost(kind: str, tracking: bool) -> None:
    async def scenario(rig: Rig) -> None:
        service = Service(rig)
        began = time.monotonic()
        for jpeg in (b"good", b"rejected", b"good", b"failing", b"good"):
            service.offer(jpeg)
            await service.drained()
        assert [(status, reason) for _, status, reason in service.ends] == [
            ("processed", None),
            ("rejected", "frame-damaged"),
            ("processed", None),
            ("rejected", "engine-failed"),
            ("processed", None),
        ]
        assert all(0 <= ms <= (time.monotonic() - began) * 1e3 for ms in service.times)
        await service.is_well()

    run(scenario, kind, tracking=tracking)


@pytest.mark.parametrize("kind", KINDS)
def test_who_leaves_in_the_middle_of_a_frame_takes_no_slot_along(kind: str) -> None:
    async def scenario(rig: Rig) -> None:
        service = Service(rig)
        service.offer(b"slow")
        assert await asyncio.to_thread(rig.camera.begun.wait, 30)
        service.dispatcher.leave(service.session)
        rig.camera.release.set()
        await service.drained()
        await Service(rig).is_well()

    run(scenario, kind)


def test_a_far_side_that_refuses_costs_its_frames_only() -> None:
    async def scenario(rig: Rig) -> None:
        service = Service(rig)
        rig.remote.far.room = 0
        for _ in range(5):
            service.offer(b"good")
            await service.drained()
        assert {(status, reason) for _, status, reason in service.ends} == {
            ("rejected", "engine-failed")
        }
        rig.remote.far.room = None
        await service.is_well()

    run(scenario, "remote")


def test_an_answer_that_comes_too_late_is_nobody_s() -> None:
    async def scenario(rig: Rig) -> None:
        service = Service(rig)
        service.offer(b"slow")
        assert await asyncio.to_thread(rig.camera.begun.wait, 30)
        rig.remote.give_up()
        await service.drained()
        assert service.ends == [(1, "rejected", "engine-failed")]
        rig.camera.release.set()
        while not rig.remote.late:
            rig.remote.answered.clear()
            await asyncio.wait_for(rig.remote.answered.wait(), 30)
        await service.is_well()

    run(scenario, "remote")


def test_frames_wait_while_there_is_no_capacity_and_go_on_when_there_is() -> None:
    async def scenario(rig: Rig) -> None:
        service = Service(rig)
        service.offer(b"slow")
        assert await asyncio.to_thread(rig.camera.begun.wait, 30)
        rig.remote.break_link()
        rig.camera.release.set()
        await service.drained()
        assert service.ends == [(1, "rejected", "engine-failed")]
        service.offer(b"good")
        assert service.scheduler.waiting == 1
        assert rig.engine.capacity == Capacity(0, 2, 2)
        rig.remote.mend_link()
        await service.drained()
        assert service.ends[1:] == [(2, "processed", None)]
        await service.is_well()

    run(scenario, "remote")


def test_an_engine_that_has_no_link_refuses_and_does_not_raise() -> None:
    async def scenario(rig: Rig) -> None:
        rig.remote.break_link()
        with pytest.raises(WorkFailedError, match="no link"):
            await rig.faces()
        rig.remote.mend_link()
        assert (await rig.faces()).found

    run(scenario, "remote")


@pytest.mark.parametrize(
    "value",
    [
        Frame(2**127 + 1, 1, b"jpeg", 0.5),
        BOTH,
        ANN,
        partial(FrameRejectedError, ErrorCode.FRAME_DAMAGED, "cut short")(),
        WorkFailedError("full", 0.5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_crosses_the_seam_can_be_sent(value: Any) -> None:
    copy = pickle.loads(pickle.dumps(value))
    assert type(copy) is type(value)
    if isinstance(value, Frame | Wants):
        assert copy == value
    if isinstance(value, Gallery):
        assert copy.people == value.people
    if isinstance(value, Exception):
        assert vars(copy) == vars(value)
        assert str(copy) == str(value)
