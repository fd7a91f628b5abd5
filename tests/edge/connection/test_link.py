"""The connection that the settings name: made, ended, made again, over real TLS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import Client, FacesResult, State, Status
from iot_facerecognition_client.outbox import TEXTS_KEPT
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.connection.link import Link
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_protocol import Command, Health, Setting
from tests.edge.recogniser import Recogniser
from tests.virtual_time import in_virtual_time

SCENE = Scene(1, (640, 480))
COUNT = "recognition.label_count"


class Bench:
    """A link and everything it tells."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.settings = Settings(settings)
        self.connections: list[Status] = []
        self.results: list[FacesResult] = []
        self.faults: list[BaseException] = []
        self._news = asyncio.Event()
        self.link = Link(
            self.settings,
            Timekeeper(folder),
            changed=self._noting(self.connections),
            event=self._noting(self.results),
            events=(FacesResult,),
            failed=self._noting(self.faults),
            clock=asyncio.get_running_loop().time,
        )

    def _noting(self, told: list[Any]) -> Callable[[Any], None]:
        def note(news: Any) -> None:
            told.append(news)
            self._news.set()

        return note

    @property
    def states(self) -> list[State]:
        return [connection.state for connection in self.connections]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for news until `condition` holds."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def in_state(self, state: State) -> None:
        await self.until(lambda: self.link.status.state is state)


@asynccontextmanager
async def bench(folder: Path, settings: dict[str, Any]) -> AsyncIterator[Bench]:
    made = Bench(folder, settings)
    try:
        yield made
    finally:
        await made.link.disconnect()


async def test_without_a_server_in_the_settings_nothing_is_tried(tmp_path: Path) -> None:
    async with bench(tmp_path, {}) as edge:
        edge.link.connect()
        assert not edge.link.wanted
        (connection,) = edge.connections
        assert connection.state is State.NOT_SET_UP
        assert "choose a server" in connection.text


async def test_a_server_that_is_taken_out_of_the_settings_is_left(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        edge.link.connect()
        await edge.in_state(State.CONNECTED)
        edge.settings.reset("connection.fingerprint")
        edge.link.connect()
        assert edge.states[-1] is State.NOT_SET_UP
        assert not edge.link.wanted


async def test_every_state_is_told_from_the_first_try_to_the_end(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        assert edge.link.status.state is State.DISCONNECTED
        edge.link.connect()
        await edge.in_state(State.CONNECTED)
        assert edge.link.connected
        assert edge.link.silence is not None
        await edge.link.disconnect()
        assert not edge.link.wanted
        assert edge.link.silence is None
    assert edge.states == [
        State.CONNECTING,
        State.CONNECTED,
        State.DISCONNECTED,
    ]
    servers = {connection.server for connection in edge.connections}
    assert servers == {f"127.0.0.1:{recogniser.access['connection.port']}"}


async def test_frames_and_health_go_out_and_without_a_connection_nowhere(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        edge.link.send(b"before", 0.0, SCENE)
        edge.link.health(Health(version="before"))
        edge.link.connect()
        await edge.in_state(State.CONNECTED)
        edge.link.health(Health(version="1.2.3"))
        await recogniser.until(lambda: recogniser.health and len(recogniser.settings) == 5)
        edge.link.send(b"jpeg", 1.5, SCENE)
        await edge.until(lambda: edge.results)
    assert recogniser.frames == [b"jpeg"]
    assert [health.version for health in recogniser.health] == ["1.2.3"]
    (result,) = edge.results
    assert (result.captured, result.scene) == (1.5, SCENE)


async def test_counts_add_up_over_connections(recogniser: Recogniser, tmp_path: Path) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        for number in (1, 2):
            edge.link.connect()
            await recogniser.until(lambda number=number: len(recogniser.settings) == 5 * number)
            edge.link.send(b"jpeg", 0.0, SCENE)
            await edge.until(lambda number=number: len(edge.results) == number)
            assert edge.link.statistics().connections == number
        await edge.link.disconnect()
        counts = edge.link.statistics()
    assert (counts.sent, counts.connections) == (2, 2)
    assert recogniser.connections == 2


async def test_texts_wait_in_order_for_a_connection_and_are_bounded(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        texts = [f"message {number}" for number in range(TEXTS_KEPT)]
        for text in texts:
            edge.link.message(text)
        with pytest.raises(EdgeError, match=f"{TEXTS_KEPT} messages wait for a connection already"):
            edge.link.message("one too many")
        edge.link.connect()
        await recogniser.until(lambda: len(recogniser.texts) == TEXTS_KEPT)
        assert recogniser.texts == texts
        edge.link.message("there is room again")
        await recogniser.until(lambda: len(recogniser.texts) > TEXTS_KEPT)


async def test_a_setting_is_pending_until_the_server_has_answered(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        assert not edge.link.pending(COUNT)
        edge.link.connect()
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        recogniser.echoes = False
        edge.link.set(COUNT, 7)
        assert edge.link.pending(COUNT)
        await recogniser.until(lambda: len(recogniser.settings) == 6)
        assert recogniser.settings[-1] == Setting(Command.SETTING_LABELCOUNT, 7)
        assert edge.link.pending(COUNT)


def test_an_authority_that_cannot_be_read_is_reported_and_tried_again(
    recogniser: Recogniser, certificate: tuple[Path, Path, str], tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    own = {"connection.tls_mode": "authority", "connection.ca_file": str(authority)}
    (tmp_path / "sys/class/rtc/rtc0").mkdir(parents=True)  # the clock is right

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with recogniser, bench(tmp_path, recogniser.access | own) as edge:
            edge.link.connect()
            await edge.in_state(State.REFUSED)
            refused = edge.link.status
            assert "ca.pem" in refused.text
            assert refused.retry_in is not None
            begun = loop.time()
            await asyncio.to_thread(authority.write_bytes, certificate[0].read_bytes())
            await edge.in_state(State.CONNECTED)
            assert loop.time() >= begun + refused.retry_in > begun

    in_virtual_time(scenario)
    assert recogniser.connections == 1


async def test_a_missing_authority_names_its_setting(tmp_path: Path) -> None:
    async with bench(tmp_path, {"connection.tls_mode": "authority"}) as edge:
        edge.link.connect()
        await edge.in_state(State.REFUSED)
        assert "connection.ca_file is not set" in edge.link.status.text


@pytest.mark.parametrize("mode", ["authority", "system"])
def test_a_certificate_with_a_date_waits_for_the_time_of_day_but_not_for_ever(
    mode: str, certificate: tuple[Path, Path, str], tmp_path: Path, unused_tcp_port: int
) -> None:
    settings = {
        "connection.address": "127.0.0.1",
        "connection.port": unused_tcp_port,
        "connection.tls_mode": mode,
        "connection.ca_file": str(certificate[0]),
    }

    async def scenario() -> None:
        async with bench(tmp_path, settings) as edge:
            edge.link.connect()
            await edge.in_state(State.RETRYING)
            assert edge.states[:2] == [
                State.WAITING_FOR_TIME,
                State.CONNECTING,
            ]

    in_virtual_time(scenario)


async def test_a_fault_of_the_program_is_reported_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Client) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(Client, "_run", broken)
    async with bench(tmp_path, {"connection.fingerprint": "00" * 32}) as edge:
        edge.link.connect()
        await edge.until(lambda: edge.faults)
    (fault,) = edge.faults
    assert "a fault of ours" in str(fault)
