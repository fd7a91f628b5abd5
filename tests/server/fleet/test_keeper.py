"""The record on the event loop: who is told, what is saved, and that nothing waits for the disk."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from iot_facerecognition_protocol import UpdateState
from iot_facerecognition_server.fleet import keeper as keeper_module
from iot_facerecognition_server.fleet.edge import Edge, UpdateStage
from iot_facerecognition_server.fleet.keeper import FleetKeeper, Member
from iot_facerecognition_server.fleet.probation import ProbationTerms
from iot_facerecognition_server.fleet.record import FleetTerms
from iot_facerecognition_server.fleet.store import FleetStore
from iot_facerecognition_server.fleet.updates import FleetRequestError
from iot_facerecognition_server.supervision import TaskFailedError

from .fleet_of_one import ON_PROBATION, on_event_loop, running


class Bench:
    """A keeper whose clock stands until it is set."""

    def __init__(self, folder: Path, store: FleetStore | None = None) -> None:
        self.now = 1000.0
        self.store = store or FleetStore(folder / "fleet.json")
        terms = FleetTerms(ProbationTerms(seconds=2.0))
        self.keeper = FleetKeeper(self.store, terms, lambda: self.now, lambda: 1.7e9 + self.now)
        self.lines: list[tuple[int, str]] = []
        self.told: list[tuple[str, str]] = []

    def join(self, identity: str = "kitchen") -> Member:
        return self.keeper.join(
            identity,
            "192.0.2.7",
            lambda version, attempt: self.told.append((version, attempt)),
            lambda level, msg, *args: self.lines.append((level, msg % args)),
        )

    def stream(self, member: Member, seconds: float) -> None:
        for _ in range(round(seconds * 15)):
            self.now += 1 / 15
            member.frame_received()
            member.frame_processed()


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)


@on_event_loop
async def test_edge_that_has_earned_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.001)
    bench = Bench(tmp_path)
    member = bench.join()
    member.named("Küche")
    member.health(ON_PROBATION)
    bench.stream(member, 2.1)
    looking = asyncio.create_task(bench.keeper.run())
    await until(lambda: bench.told)
    looking.cancel()
    member.health(ON_PROBATION)
    assert bench.told == [("1.3.0", "a1")] * 2
    assert bench.lines == [
        (logging.INFO, "update to 1.3.0: probation"),
        (logging.INFO, "update to 1.3.0: good"),
    ]
    member.leave()
    edge = bench.keeper.edge("kitchen")
    assert edge is not None
    assert (edge.name, edge.stage, edge.connected) == ("Küche", UpdateStage.GOOD, False)


def test_bad_news_are_warnings(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.join().health(running("1.2.0", UpdateState.ROLLED_BACK))
    assert bench.lines == [(logging.WARNING, "update to 1.3.0: rolled-back")]


@on_event_loop
async def test_what_operators_want_is_saved_when_they_are_answered(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    edges = await bench.keeper.want("1.3.0", ["kitchen", "cellar"])
    assert [edge.identity for edge in edges] == ["kitchen", "cellar"]
    again = Bench(tmp_path)
    again.keeper.load()
    assert [(edge.identity, edge.desired) for edge in again.keeper.edges()] == [
        ("cellar", "1.3.0"),
        ("kitchen", "1.3.0"),
    ]
    told = await again.keeper.report("cellar", "skipped", None, "unhealthy before")
    assert told.stage is UpdateStage.SKIPPED
    await again.keeper.forget("kitchen")
    third = Bench(tmp_path)
    third.keeper.load()
    assert [(edge.identity, edge.stage) for edge in third.keeper.edges()] == [
        ("cellar", UpdateStage.SKIPPED)
    ]


@pytest.mark.parametrize("identity", ["", "a\nb", " kitchen", "k" * 65])
@on_event_loop
async def test_what_is_no_identity_is_refused(tmp_path: Path, identity: str) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(FleetRequestError, match="no identity"):
        await bench.keeper.want("1.3.0", ["kitchen", identity])
    with pytest.raises(FleetRequestError, match="no identity"):
        await bench.keeper.report(identity, "lost", None, None)
    assert bench.keeper.edges() == ()


@on_event_loop
async def test_edge_that_is_not_on_record_cannot_be_forgotten(tmp_path: Path) -> None:
    with pytest.raises(FleetRequestError, match="no edge kitchen is on record; list those"):
        await Bench(tmp_path).keeper.forget("kitchen")


class SlowStore(FleetStore):
    """Takes as long as it is made to, and says which thread it was called by."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.may_go_on = threading.Event()
        self.threads: list[int] = []

    def save(self, edges: Iterable[Edge]) -> None:
        self.threads.append(threading.get_ident())
        assert self.may_go_on.wait(10)
        super().save(edges)


@on_event_loop
async def test_event_loop_goes_on_while_the_record_is_written(tmp_path: Path) -> None:
    store = SlowStore(tmp_path / "fleet.json")
    bench = Bench(tmp_path, store)
    saving = asyncio.create_task(bench.keeper.want("1.3.0", ["kitchen"]))
    await until(lambda: store.threads)
    member = bench.join("cellar")
    member.health(running("1.2.0"))
    assert not saving.done()
    store.may_go_on.set()
    await saving
    await bench.keeper.close()
    assert threading.get_ident() not in store.threads
    again = Bench(tmp_path)
    again.keeper.load()
    assert {edge.identity for edge in again.keeper.edges()} == {"kitchen", "cellar"}


@on_event_loop
async def test_changes_are_saved_by_themselves_and_nothing_is_when_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "SAVE_SECONDS", 0.001)
    bench = Bench(tmp_path)
    saving = asyncio.create_task(bench.keeper.run_saving())
    bench.join()
    await until(bench.store.path.exists)
    bench.store.path.unlink()
    await asyncio.sleep(0)
    await bench.keeper.save()
    assert not bench.store.path.exists()
    bench.now += keeper_module.REFRESH_SECONDS
    await until(bench.store.path.exists)
    saving.cancel()


@on_event_loop
async def test_record_that_cannot_be_saved_says_so_and_how_to_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper_module, "SAVE_SECONDS", 0.001)
    (tmp_path / "fleet.json").mkdir()
    bench = Bench(tmp_path)
    bench.join()
    with pytest.raises(TaskFailedError, match=r"cannot be saved .* make room"):
        await bench.keeper.run_saving()
    with pytest.raises(IsADirectoryError):
        await bench.keeper.want("1.3.0", ["kitchen"])
    await bench.keeper.close()
    assert "could not be saved" in caplog.text
