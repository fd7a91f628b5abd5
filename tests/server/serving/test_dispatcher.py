"""Frames to the engine and results back, with an engine whose futures the test settles."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from iot_facerecognition_protocol import ErrorCode, Limits, ObjectLabel, Version
from iot_facerecognition_server.engine.interface import Submission
from iot_facerecognition_server.frames import (
    Capacity,
    Frame,
    FrameRejectedError,
    RecognisedFace,
    Recognition,
    Wants,
)
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.observability.client_metrics import ClientMetrics
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.serving import dispatcher
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.events import Joined
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from iot_facerecognition_server.sessions.session import Session
from tests.server.connected_clients import connected
from tests.server.recognised_faces import recognised


class ManualEngine:
    """Keeps every submission for the test to settle."""

    object_labels = 10

    def __init__(self) -> None:
        self.capacity = Capacity(frames=4, workers=4, per_session=2)
        self.grown: Callable[[], None] = lambda: None
        self.submitted: list[tuple[Frame, Submission]] = []

    def when_capacity_grows(self, call: Callable[[], None]) -> None:
        self.grown = call

    def submit(self, frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
        loop = asyncio.get_running_loop()
        submission = Submission(
            faces=loop.create_future() if wants.faces else None,
            objects=loop.create_future() if wants.objects else None,
        )
        self.submitted.append((frame, submission))
        return submission

    def stalled_seconds(self) -> float:
        return 0.0

    def set_gallery(self, gallery: Gallery) -> None:
        """Name nobody: the test says who was found."""

    async def close(self) -> None:
        pass


class Bench:
    """A dispatcher with its engine, a clock that the test sets, and what each session was sent."""

    def __init__(self) -> None:
        self.now = 0.0
        self.engine = ManualEngine()
        self.registry = CollectorRegistry()
        self.metrics = ServerMetrics(self.registry)
        self.feed = Feed()
        ClientMetrics(self.metrics, lambda: self.now).listen_to(self.feed)
        self.dispatcher = Dispatcher(
            self.engine,
            FairScheduler(lambda: self.engine.capacity, max_age=1.0),
            lambda: self.now,
            self.feed,
        )
        self.sent: dict[int, list[dict[str, Any]]] = {}

    def session(self, key: int, version: Version = Version.V2) -> Session:
        sent = self.sent.setdefault(key, [])
        session = Session(
            connected(key, version),
            lambda text: sent.append(json.loads(text)),
            limits=Limits(),
            object_labels=10,
            object_interval=0.0,
        )
        self.feed.publish(Joined(session.client))
        self.dispatcher.join(session, lambda call: call())
        return session

    def offer(self, session: Session) -> ArrivedFrame:
        frame = session.receive_frame(b"jpeg", self.now)
        assert isinstance(frame, ArrivedFrame)
        self.dispatcher.offer(frame)
        return frame

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"iot_facerecognition_{name}", labels) or 0.0

    def told(self, key: int, command: int) -> list[Any]:
        return [m for m in self.sent[key] if m["command"] == command]


def faces(tag: str) -> Recognition[RecognisedFace]:
    return Recognition((recognised(tag, 0, 0, 1, 1),), waited=0.1, took=0.1)


def run(test: Callable[[Bench], Any]) -> None:
    async def main() -> None:
        await test(Bench())

    asyncio.run(main())


def test_each_result_leaves_as_soon_as_it_is_ready_and_the_frame_ends_after_the_last() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        bench.offer(session)
        (_, submission), *_ = bench.engine.submitted
        assert submission.faces is not None
        assert submission.objects is not None
        submission.faces.set_result(faces("ann"))
        await asyncio.sleep(0)
        assert [m["command"] for m in bench.sent[1]] == [3]
        objects = Recognition((ObjectLabel("cat", 0.9),), waited=0.1, took=0.3)
        submission.objects.set_result(objects)
        await asyncio.sleep(0)
        assert [m["command"] for m in bench.sent[1]] == [3, 4, 10]
        done = bench.sent[1][-1]["context"]
        assert done == {"frame": 1, "status": "processed", "queue_ms": 100.0, "compute_ms": 300.0}

    run(scenario)


def test_a_processed_frame_makes_no_event_where_nobody_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    for kind in ("FacesRecognised", "ObjectsRecognised", "ResultSent", "FrameEnded"):
        monkeypatch.setattr(dispatcher, kind, lambda *_, kind=kind, **__: made.append(kind))

    async def scenario(bench: Bench) -> None:
        bench.offer(bench.session(1))
        (_, submission), *_ = bench.engine.submitted
        assert submission.faces is not None
        assert submission.objects is not None
        submission.faces.set_result(faces("ann"))
        objects = Recognition((ObjectLabel("cat", 0.9),), waited=0.1, took=0.3)
        submission.objects.set_result(objects)
        await asyncio.sleep(0)
        assert bench.told(1, 10)[0]["context"]["status"] == "processed"
        assert not made

    run(scenario)


def test_results_of_two_frames_leave_in_the_order_of_the_frames() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        bench.sent[1].clear()
        bench.offer(session)
        bench.offer(session)
        first, second = (submission for _, submission in bench.engine.submitted)
        assert first.faces
        assert second.faces
        second.faces.set_result(faces("second"))
        await asyncio.sleep(0)
        assert bench.sent[1] == []
        first.faces.set_result(faces("first"))
        await asyncio.sleep(0)
        assert [m["context"][0]["tag"] for m in bench.told(1, 3)] == ["first", "second"]
        assert [m["context"]["frame"] for m in bench.told(1, 10)] == [1, 2]

    run(scenario)


def test_newest_frame_waits_and_the_replaced_one_gives_back_its_credit() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        for _ in range(4):
            bench.offer(session)
        assert [frame.number for frame, _ in bench.engine.submitted] == [1, 2]
        dropped = bench.told(1, 10)
        assert [m["context"]["frame"] for m in dropped] == [3]
        assert dropped[0]["context"]["reason"] == "replaced"
        assert bench.count("frames_dropped_total", reason="replaced") == 1

    run(scenario)


def test_frame_past_the_deadline_is_dropped_before_it_costs_compute() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        for _ in range(3):
            bench.offer(session)
        bench.now = 5.0
        first = bench.engine.submitted[0][1]
        assert first.faces
        assert first.objects
        first.faces.set_result(faces("ann"))
        first.objects.set_result(Recognition((), 0.0, 0.0))
        await asyncio.sleep(0)
        assert len(bench.engine.submitted) == 2
        assert bench.count("frames_dropped_total", reason="late") == 1

    run(scenario)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FrameRejectedError(ErrorCode.FRAME_DAMAGED, "cut short"), "frame-damaged"),
        (RuntimeError("a bug"), "engine-failed"),
    ],
)
def test_failed_frame_is_rejected_and_the_next_one_goes_on(error: Exception, code: str) -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        bench.offer(session)
        first = bench.engine.submitted[0][1]
        assert first.faces
        first.faces.set_exception(error)
        await asyncio.sleep(0)
        assert bench.told(1, 11)[0]["context"]["code"] == code
        assert bench.told(1, 10)[0]["context"]["status"] == "rejected"
        assert bench.count("input_rejected_total", reason=code) == 1
        bench.offer(session)
        assert len(bench.engine.submitted) == 2

    run(scenario)


def test_client_that_left_gets_nothing_and_its_work_is_given_up() -> None:
    async def scenario(bench: Bench) -> None:
        session, other = bench.session(1), bench.session(2)
        bench.offer(session)
        bench.dispatcher.leave(session)
        await asyncio.sleep(0)
        submission = bench.engine.submitted[0][1]
        assert submission.faces
        assert submission.faces.cancelled()
        assert bench.sent[1] == []
        bench.offer(other)
        assert bench.engine.submitted[-1][0].session == 2

    run(scenario)


def test_drained_waits_for_the_last_frame() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        bench.offer(session)
        drained = asyncio.ensure_future(bench.dispatcher.drained())
        await asyncio.sleep(0)
        assert not drained.done()
        faces_future = bench.engine.submitted[0][1].faces
        assert faces_future
        faces_future.set_result(faces("ann"))
        await asyncio.wait_for(drained, 1)

    run(scenario)


def test_frames_that_come_while_the_server_ends_do_not_hold_up_its_end() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        for _ in range(3):
            bench.offer(session)  # two are worked on and one waits
        bench.dispatcher.refuse_frames()
        bench.offer(session)
        assert [m["context"] for m in bench.told(1, 10)] == [
            {
                "frame": 4,
                "status": "dropped",
                "queue_ms": 0.0,
                "compute_ms": 0.0,
                "reason": "ending",
            }
        ]
        assert bench.count("frames_dropped_total", reason="ending") == 1
        drained = asyncio.ensure_future(bench.dispatcher.drained())
        while not drained.done():
            for _, submission in bench.engine.submitted:
                if submission.faces is not None and not submission.faces.done():
                    submission.faces.set_result(faces("ann"))
            await asyncio.sleep(0)
        assert [m["context"]["frame"] for m in bench.told(1, 10)] == [4, 1, 2, 3]

    run(scenario)


def test_client_that_wants_nothing_gets_its_credit_back_at_once() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        session.receive_text('{"command":8,"context":false}')
        bench.offer(session)
        assert bench.told(1, 10)[0]["context"]["reason"] == "switched-off"
        await asyncio.wait_for(bench.dispatcher.drained(), 1)

    run(scenario)


def test_turn_ends_with_the_faces_and_objects_are_sought_in_one_frame_at_a_time() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        for _ in range(3):
            bench.offer(session)
        first, second = (submission for _, submission in bench.engine.submitted)
        assert first.objects
        assert second.objects is None
        assert bench.dispatcher.objects_under_way == 1
        assert first.faces
        first.faces.set_result(faces("ann"))
        await asyncio.sleep(0)
        assert len(bench.engine.submitted) == 3
        first.objects.set_result(Recognition((), 0.0, 0.0))
        await asyncio.sleep(0)
        assert bench.dispatcher.objects_under_way == 0
        bench.offer(session)
        assert second.faces
        second.faces.set_result(faces("ann"))
        await asyncio.sleep(0)
        assert bench.engine.submitted[-1][1].objects

    run(scenario)


class Remembered:
    """Tracks of a test's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def renewed(self) -> "Remembered":
        return Remembered(f"{self.name} renewed")


def test_tracks_go_with_the_session_s_next_frame_and_begin_again_after_a_failure() -> None:
    async def scenario(bench: Bench) -> None:
        session, other = bench.session(1), bench.session(2)
        for one in (session, other):
            one.receive_text('{"command":5,"context":false}')

        async def answer(outcome: Recognition[RecognisedFace] | Exception) -> None:
            bench.offer(session)
            future = bench.engine.submitted[-1][1].faces
            assert future
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
            await asyncio.sleep(0)

        def carried() -> str | None:
            tracks = bench.engine.submitted[-1][0].tracks
            return tracks.name if isinstance(tracks, Remembered) else None

        expected: list[tuple[Recognition[RecognisedFace] | Exception, str | None]] = [
            (Recognition((), 0.0, 0.0, tracks=Remembered("one")), None),
            (Recognition((), 0.0, 0.0, tracks=Remembered("two")), "one"),
            (FrameRejectedError(ErrorCode.FRAME_DAMAGED, "cut short"), "two"),
            (RuntimeError("a bug"), "two"),
            (RuntimeError("a bug"), "two renewed"),
            (Recognition((), 0.0, 0.0, tracks=Remembered("three")), "two renewed renewed"),
        ]
        for outcome, before in expected:
            await answer(outcome)
            assert carried() == before
        bench.offer(other)
        assert carried() is None, "another session's"

    run(scenario)


def test_a_frame_s_time_is_since_its_session_began() -> None:
    async def scenario(bench: Bench) -> None:
        bench.now = 1000.0
        session = bench.session(1)
        bench.now = 1002.5
        bench.offer(session)
        assert bench.engine.submitted[-1][0].at == 2.5

    run(scenario)


def test_waiting_frames_go_on_when_the_engine_takes_more_again() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        bench.engine.capacity = Capacity(frames=0, workers=4, per_session=2)
        bench.offer(session)
        assert bench.engine.submitted == []
        bench.engine.capacity = Capacity(frames=4, workers=4, per_session=2)
        bench.engine.grown()
        assert len(bench.engine.submitted) == 1

    run(scenario)
