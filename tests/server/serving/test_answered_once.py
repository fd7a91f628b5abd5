"""Whatever raises on a frame's way, it is answered once, its turn ends, and its session goes on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from iot_facerecognition_protocol import ObjectLabel, Version
from iot_facerecognition_server.engine.interface import Submission
from iot_facerecognition_server.engine.pending import JobFuture
from iot_facerecognition_server.frames import Frame, Recognition, Wants
from iot_facerecognition_server.sessions.session import Session

from .test_dispatcher import Bench, faces, run

Break = Callable[[pytest.MonkeyPatch, Bench, Session], None]


class BrokenError(Exception):
    """What is raised where nothing should be."""


def broken(*_: Any, **__: Any) -> Any:
    raise BrokenError


def submit(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(bench.engine, "submit", broken)


def wants(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "wants", broken)


def faces_result(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "faces_found", broken)


def objects_result(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "objects_found", broken)


def end(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "processed", broken)


def face_count(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(bench.metrics.faces, "labels", broken)


def processed_count(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(bench.metrics.processed, "inc", broken)


def rejected_count(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "faces_found", broken)
    patch.setattr(bench.metrics.rejected, "labels", broken)


def error_report(patch: pytest.MonkeyPatch, bench: Bench, session: Session) -> None:
    patch.setattr(session, "faces_found", broken)
    patch.setattr(session, "_refuse", broken)


PLACES: list[tuple[Break, str]] = [
    (submit, "rejected"),
    (wants, "rejected"),
    (faces_result, "rejected"),
    (objects_result, "rejected"),
    (end, "rejected"),
    (face_count, "processed"),
    (processed_count, "processed"),
    (rejected_count, "rejected"),
    (error_report, "rejected"),
]


def settle(bench: Bench, submission: Submission) -> None:
    if submission.faces is not None and not submission.faces.done():
        submission.faces.set_result(faces("ann"))
    if submission.objects is not None and not submission.objects.done():
        submission.objects.set_result(Recognition((ObjectLabel("cat", 0.9),), 0.1, 0.3))


@pytest.mark.parametrize(("broken_place", "status"), PLACES)
def test_frame_is_answered_once_and_the_session_goes_on(broken_place: Break, status: str) -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        other = bench.session(2)
        with pytest.MonkeyPatch.context() as patch:
            broken_place(patch, bench, session)
            bench.offer(session)
            for _, submission in bench.engine.submitted:
                settle(bench, submission)
            await asyncio.sleep(0)
        ends = [message["context"] for message in bench.told(1, 10)]
        assert [(done["frame"], done["status"]) for done in ends] == [(1, status)]
        if status == "rejected":
            assert ends[0]["reason"] == "engine-failed"
        await asyncio.wait_for(bench.dispatcher.drained(), 1)
        for _ in range(6):  # more than there are turns at once: none was lost
            for good in (session, other):
                bench.offer(good)
                settle(bench, bench.engine.submitted[-1][1])
                await asyncio.sleep(0)
        assert [m["context"]["frame"] for m in bench.told(1, 10)] == list(range(1, 8))
        assert all(m["context"]["status"] == "processed" for m in bench.told(1, 10)[1:])
        assert all(m["context"]["status"] == "processed" for m in bench.told(2, 10))
        assert len(bench.told(2, 10)) == 6

    run(scenario)


def test_result_that_cannot_be_sent_does_not_keep_back_the_next_frame_s() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":5,"context":false}')
        bench.offer(session)
        bench.offer(session)
        first, second = (submission for _, submission in bench.engine.submitted)
        assert first.faces
        assert second.faces
        second.faces.set_result(faces("second"))
        await asyncio.sleep(0)
        true, calls = session.faces_found, []

        def first_fails(frame: int, found: Any) -> None:
            calls.append(frame)
            if frame == 1:
                raise BrokenError
            true(frame, found)

        session.faces_found = first_fails  # type: ignore[method-assign]
        first.faces.set_result(faces("first"))
        await asyncio.sleep(0)
        assert calls == [1, 2]
        ends = [(m["context"]["frame"], m["context"]["status"]) for m in bench.told(1, 10)]
        assert ends == [(1, "rejected"), (2, "processed")]
        assert [m["context"][0]["tag"] for m in bench.told(1, 3)] == ["second"]

    run(scenario)


def test_engine_with_nothing_to_say_ends_the_turn() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)

        def nothing(frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
            return Submission(None, None)

        bench.engine.submit = nothing  # type: ignore[method-assign]
        for _ in range(10):
            bench.offer(session)
        assert [m["context"]["frame"] for m in bench.told(1, 10)] == list(range(1, 11))
        await asyncio.wait_for(bench.dispatcher.drained(), 1)

    run(scenario)


def test_client_whose_faces_are_off_hears_that_objects_are_not_due_yet() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        session.receive_text('{"command":8,"context":false}')
        bench.offer(session)
        bench.offer(session)
        assert len(bench.engine.submitted) == 1
        assert [m["context"]["reason"] for m in bench.told(1, 10)] == ["not-due"]
        assert bench.count("frames_dropped_total", reason="not-due") == 1
        assert bench.count("frames_dropped_total", reason="switched-off") == 0
        settle(bench, bench.engine.submitted[0][1])
        await asyncio.sleep(0)
        bench.offer(session)
        assert len(bench.engine.submitted) == 2

    run(scenario)


def test_cost_of_a_frame_is_charged_to_the_account_of_its_session() -> None:
    async def scenario(bench: Bench) -> None:
        session = bench.session(1)
        charged: list[tuple[str, int, float | None]] = []
        scheduler = bench.dispatcher._scheduler
        done, charge = scheduler.done, scheduler.charge

        def record_done(key: int, cost: float | None = None, *, more: bool = False) -> None:
            charged.append(("done", key, cost, more))
            done(key, cost, more=more)

        def record_charge(
            key: int, cost: float | None, piece: float = 0.0, account: str | None = None
        ) -> None:
            charged.append(("charge", key, cost, piece))
            charge(key, cost, piece, account)

        scheduler.done, scheduler.charge = record_done, record_charge  # type: ignore[method-assign]
        bench.offer(session)
        submission = bench.engine.submitted[0][1]
        assert submission.faces
        assert submission.objects
        submission.faces.set_result(Recognition((), 0.1, 0.1, cost=0.03))
        await asyncio.sleep(0)
        submission.objects.set_result(Recognition((), 0.1, 0.3, cost=0.2, piece=0.05))
        await asyncio.sleep(0)
        assert charged == [("done", 1, 0.03, True), ("charge", 1, 0.2, 0.05)]

    run(scenario)


def test_who_leaves_before_the_end_of_a_frame_pays_for_it_all_the_same() -> None:
    """Else frames of ever new connections, each of which ends at once, cost nobody anything."""

    async def scenario(bench: Bench) -> None:
        dispatcher, sent = bench.dispatcher, []
        leaving, back, other = (bench.session(key) for key in (1, 2, 3))
        for session, account in ((leaving, "greedy"), (back, "greedy"), (other, "modest")):
            dispatcher.leave(session)
            dispatcher.join(session, lambda call: call(), account=account)

        def begin(frame: Frame, wants: Wants, rank: float = 0.0) -> Submission:
            loop = asyncio.get_running_loop()
            begun: Submission = Submission(JobFuture(loop=loop), JobFuture(loop=loop))
            for part in (begun.faces, begun.objects):
                assert isinstance(part, JobFuture)
                part.begun = True
            sent.append((frame.session, begun))
            return begun

        bench.engine.submit = begin  # type: ignore[method-assign]
        bench.offer(leaving)
        dispatcher.leave(leaving)
        ((_, begun),) = sent
        begun.faces.set_result(Recognition((), 0.0, 1.0, cost=1.0))
        begun.objects.set_result(Recognition((), 0.0, 9.0, cost=8.0))
        await asyncio.sleep(0)
        assert bench.count("frames_dropped_total", reason="gone") == 1
        assert bench.sent[1] == []
        bench.offer(back)
        bench.offer(other)
        accounts = dispatcher._scheduler._accounts
        debts = [accounts.find(("account", name)).start for name in ("greedy", "modest")]
        assert debts[0] - debts[1] > 7.9

    run(scenario)


def test_a_version_1_client_without_faces_keeps_nothing_waiting() -> None:
    """It is sent nothing then, so nothing that it does not read bounds what waits for it."""

    async def scenario(bench: Bench) -> None:
        session = bench.session(1, Version.V1)
        session.receive_text('{"command":5,"context":false}')
        dispatcher, waiting = bench.dispatcher, []
        dispatcher.leave(session)
        dispatcher.join(session, waiting.append)
        for found in ((), faces("ann").found):
            bench.offer(session)
            submission = bench.engine.submitted[-1][1]
            assert submission.faces
            submission.faces.set_result(Recognition(found, 0.1, 0.1))
            if submission.objects:
                submission.objects.set_result(Recognition((), 0.1, 0.1))
            await asyncio.sleep(0)
            if not found:
                assert waiting == []
                assert bench.count("results_total", kind="faces") == 1
        assert len(waiting) == 1

    run(scenario)
