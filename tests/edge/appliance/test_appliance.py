"""The appliance behind its door: a real TLS connection, a camera that the test exposes."""

import asyncio
import csv
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import ServerAddress, State
from iot_facerecognition_client.jpeg import tagged
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.appliance import facade as appliance_module
from iot_facerecognition_edge.cameras import Capabilities
from iot_facerecognition_edge.cameras.turned_camera import TurnedCamera
from iot_facerecognition_edge.connection.introduction import Declined, Shown
from iot_facerecognition_edge.connection.timekeeping import Timekeeper
from iot_facerecognition_edge.errors import EdgeError, SettingError
from iot_facerecognition_edge.events import (
    FacesSeen,
    FirstPicture,
    Noticed,
    ObjectsSeen,
    OperatorMessage,
    SettingChanged,
)
from iot_facerecognition_edge.log.eventlog import EntryKind, EventLog
from iot_facerecognition_edge.machine.health import HealthReader
from iot_facerecognition_edge.settings import CATALOGUE, Settings
from iot_facerecognition_edge.statistics import ChartId, PieChart, Statistics
from iot_facerecognition_protocol import (
    CameraState,
    Command,
    ErrorReport,
    Face,
    ObjectLabel,
    Setting,
    Text,
)
from tests.edge.exposed_camera import ExposedCamera

ADA = Face("Ada", 10, 20, 30, 40, distance=0.31, score=1.5, track=1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Bench:
    """An appliance and everything it tells."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.camera: Any = ExposedCamera()
        self.powered_off = False
        self.later = 0.0
        """Seconds that the appliance's clock is ahead of the loop's."""
        loop = asyncio.get_running_loop()
        self.appliance = Appliance(
            settings=Settings(settings),
            log=EventLog(lambda: NOON),
            statistics=Statistics(),
            timekeeper=Timekeeper(folder / "root"),
            health=HealthReader(folder / "root"),
            open_camera=lambda: self.camera,
            clock=lambda: loop.time() + self.later,
            wall=lambda: NOON,
            state_directory=folder,
            version="1.2.3",
            power_off=self._power_off,
        )
        self.events: list[Any] = []
        self._news = asyncio.Event()
        self.appliance.subscribe(self._take)

    def _power_off(self) -> None:
        self.powered_off = True

    def _take(self, event: Any) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for events until `condition` holds."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def in_state(self, state: State) -> None:
        await self.until(lambda: self.appliance.connection.state is state)

    async def filming(self) -> None:
        self.appliance.open_camera(None)
        await self.until(lambda: self.appliance.camera.state is CameraState.RUNNING)


@asynccontextmanager
async def bench(folder: Path, settings: dict[str, Any]) -> AsyncIterator[Bench]:
    made = Bench(folder, settings)
    made.appliance.start()
    try:
        yield made
    finally:
        await made.appliance.stop()


async def test_settings_are_sent_when_the_server_asks(recogniser: Any, tmp_path: Path) -> None:
    own = {"connection.name": "kitchen", "recognition.label_count": 3, "recognition.faces": False}
    async with recogniser, bench(tmp_path, recogniser.access | own):
        await recogniser.until(lambda: len(recogniser.settings) == 5)
    assert set(recogniser.settings) == {
        Setting(Command.SETTING_NAME, "kitchen"),
        Setting(Command.SETTING_LABELCOUNT, 3),
        Setting(Command.SETTING_FACERECOGNITIONENABLED, False),
        Setting(Command.SETTING_OBJDETECTIONENABLED, True),
        Setting(Command.SETTING_DETERMINISTICOBJECTDETECTION, False),
    }


async def test_a_picture_goes_out_and_its_result_comes_back(
    recogniser: Any, tmp_path: Path
) -> None:
    recogniser.faces = (ADA,)
    recogniser.objects = (ObjectLabel("cup", 0.9),)
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.filming()
        await edge.in_state(State.CONNECTED)
        taken = edge.appliance.clock() - 1.25
        edge.camera.expose(b"jpeg", taken)
        await edge.until(lambda: edge.of(FacesSeen) and edge.of(ObjectsSeen))
        soon = 0.2  # a rate leaves out the tenth of a second that has only begun
        statistics, clock = edge.appliance.statistics, edge.appliance.clock
        await edge.until(lambda: statistics.fps(clock() + soon) > 0)
        edge.later = soon
        assert edge.appliance.fps > 0
        seen, objects = edge.of(FacesSeen)[0], edge.of(ObjectsSeen)[0]
        texts = {entry.text: entry for entry in edge.appliance.log.entries()}
        age = timedelta(seconds=edge.appliance.clock() - taken)
    assert recogniser.frames == [b"jpeg"]
    assert (seen.faces, seen.frame, seen.size) == ((ADA,), 1, (640, 480))
    assert objects.objects == (ObjectLabel("cup", 0.9),)
    entry = texts["face: Ada (distance 0.31)"]
    assert timedelta(seconds=1.25) <= NOON - entry.time <= age
    pie = edge.appliance.statistics.chart(ChartId.FACES, 0)
    assert isinstance(pie, PieChart)
    assert pie.slices[0].label == "Ada"


async def test_faces_have_the_size_of_the_frame_they_were_found_in(
    recogniser: Any, tmp_path: Path
) -> None:
    recogniser.faces = (ADA,)
    scenes = [Scene(1, (640, 480)), Scene(2, (300, 600))]
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.filming()
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        for number, scene in enumerate(scenes, start=1):
            edge.camera.expose(b"jpeg", edge.appliance.clock(), scene)
            await edge.until(lambda number=number: len(edge.of(FacesSeen)) == number)
        seen = edge.of(FacesSeen)
    assert [event.scene for event in seen] == scenes
    assert [event.size for event in seen] == [scene.size for scene in scenes]


async def test_what_the_camera_obeys_is_known_when_it_is_off_and_after_a_restart(
    tmp_path: Path,
) -> None:
    settings = {"connection.automatic": False}
    async with bench(tmp_path, settings) as edge:
        assert edge.appliance.camera_controls is None
        edge.camera.capabilities = Capabilities("test", (640, 480), 15.0, frozenset({"fps"}))
        await edge.filming()
        tasks = edge.appliance._background._tasks
        await asyncio.gather(*(task for task in tasks if "keep" in repr(task.get_coro())))
        edge.appliance.close_camera()
        await edge.until(lambda: edge.appliance.camera.state is CameraState.OFF)
        assert edge.appliance.camera_controls == {"fps"}
    async with bench(tmp_path, settings) as edge:
        assert edge.appliance.camera_controls == {"fps"}


async def test_faces_of_a_camera_on_its_side_are_told_in_the_upright_picture(
    recogniser: Any, tmp_path: Path
) -> None:
    recogniser.faces = (Face("Ada", 10, 20, 100, 120),)
    sideways = {"camera.rotation": "90"}
    async with recogniser, bench(tmp_path, recogniser.access | sideways) as edge:
        edge.camera = TurnedCamera(edge.camera, edge.appliance.settings)
        await edge.filming()
        await edge.in_state(State.CONNECTED)
        edge.camera._camera.expose(b"\xff\xd8rest", edge.appliance.clock())
        await edge.until(lambda: edge.of(FacesSeen))
        seen = edge.of(FacesSeen)[0]
    assert recogniser.frames == [tagged(b"\xff\xd8rest", 90)]
    assert seen.size == (480, 640)
    (face,) = seen.faces
    assert (face.x, face.y, face.width, face.height) == (340, 10, 120, 100)


async def test_a_changed_setting_holds_when_the_server_says_so(
    recogniser: Any, tmp_path: Path
) -> None:
    key = "recognition.label_count"
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        await edge.until(lambda: not edge.appliance.synchronisation.pending(key))
        recogniser.echoes = False
        edge.appliance.settings.set(key, 9)
        assert edge.appliance.settings.value(key) == 9
        assert edge.appliance.synchronisation.effective(key) == 5
        assert edge.appliance.synchronisation.pending(key)
        await recogniser.until(lambda: len(recogniser.settings) == 6)
        await recogniser.say(Setting(Command.SETTING_LABELCOUNT, 9))
        await edge.until(lambda: not edge.appliance.synchronisation.pending(key))
        assert edge.appliance.synchronisation.effective(key) == 9


async def test_the_servers_word_is_taken_where_it_differs(recogniser: Any, tmp_path: Path) -> None:
    key = "recognition.label_count"
    recogniser.most_labels = 4
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.until(lambda: edge.appliance.synchronisation.effective(key) == 4)
        assert edge.appliance.settings.value(key) == 4
        assert SettingChanged(key, 5, 4) in edge.events


async def test_a_threshold_is_the_servers_again_when_a_person_gives_up_their_own(
    recogniser: Any, tmp_path: Path
) -> None:
    key = "recognition.object_threshold"
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        edge.appliance.settings.set(key, 60)
        own = Setting(Command.SETTING_OBJECTTHRESHOLD, 0.6)
        await recogniser.until(lambda: own in recogniser.settings)
        edge.appliance.settings.set(key, 0)
        await edge.until(lambda: edge.appliance.synchronisation.effective(key) == 25)
        assert edge.appliance.settings.value(key) == 0
        assert not edge.appliance.synchronisation.pending(key)
    asked = [s.value for s in recogniser.settings if s.command is Command.SETTING_OBJECTTHRESHOLD]
    assert asked == [0.6, None]


async def test_without_a_connection_a_change_is_kept_and_sent_later(
    recogniser: Any, tmp_path: Path
) -> None:
    key = "recognition.objects"
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.until(lambda: edge.appliance.synchronisation.effective(key) is True)
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        await edge.until(lambda: not edge.appliance.synchronisation.pending("recognition.faces"))
        edge.appliance.disconnect()
        await edge.in_state(State.DISCONNECTED)
        edge.appliance.settings.set(key, False)
        assert edge.appliance.synchronisation.pending(key)
        assert edge.appliance.settings.value(key) is False
        edge.appliance.connect()
        await edge.until(lambda: edge.appliance.synchronisation.effective(key) is False)
        assert not edge.appliance.synchronisation.pending(key)


async def test_messages_go_both_ways_and_wait_for_a_connection(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser:
        settings = recogniser.access | {"connection.automatic": False}
        async with bench(tmp_path, settings) as edge:
            edge.appliance.send_message(" dinner\nis ready ")
            with pytest.raises(EdgeError, match="nothing to send"):
                edge.appliance.send_message("\n")
            edge.appliance.connect()
            await recogniser.until(lambda: recogniser.texts)
            await recogniser.say(Text("coming\x1b[31m"))
            await edge.until(lambda: edge.of(OperatorMessage))
            notices = [event.text for event in edge.of(Noticed)]
    assert recogniser.texts == ["dinner is ready"]
    assert edge.of(OperatorMessage)[0].text == "coming [31m"
    assert "message: coming [31m" in notices


async def test_a_message_is_logged_as_sent_when_the_server_has_it(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser:
        settings = recogniser.access | {"connection.automatic": False}
        async with bench(tmp_path, settings) as edge:

            def logged() -> list[str]:
                return [entry.text for entry in edge.appliance.log.entries()]

            edge.appliance.send_message("dinner is ready")
            assert not any(text.startswith("message sent") for text in logged())
            assert any("waits for one: dinner is ready" in text for text in logged())
            edge.appliance.connect()
            await edge.until(lambda: "message sent: dinner is ready" in logged())
            assert recogniser.texts == ["dinner is ready"]


async def test_a_message_that_waits_outlives_the_attempts_at_a_connection(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser:
        wrong = {"connection.fingerprint": "00" * 32}
        async with bench(tmp_path, recogniser.access | wrong) as edge:
            await edge.in_state(State.REFUSED)
            edge.appliance.send_message("dinner is ready")
            edge.appliance.settings.set("connection.fingerprint", recogniser.fingerprint)
            edge.appliance.connect()
            await recogniser.until(lambda: recogniser.texts)
    assert recogniser.texts == ["dinner is ready"]


async def test_without_a_server_no_frame_is_recognised_however_many_the_camera_takes(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, {"connection.automatic": False}) as edge:
        await edge.filming()
        for _ in range(5):
            edge.camera.expose(b"jpeg", edge.appliance.clock())
            await asyncio.sleep(0)
        await edge.until(lambda: edge.of(FirstPicture))
        edge.later = 0.2
        assert edge.appliance.health.capture_fps > 0
        assert edge.appliance.fps == 0


async def test_the_connect_pop_up_keeps_what_was_typed(recogniser: Any, tmp_path: Path) -> None:
    async with recogniser:
        access = recogniser.access
        own = {k: v for k, v in access.items() if k == "connection.fingerprint"}
        async with bench(tmp_path, own | {"connection.automatic": False}) as edge:
            with pytest.raises(SettingError):
                edge.appliance.connect("127.0.0.1", 99999)
            assert edge.appliance.settings.connection.address == "localhost"
            edge.appliance.connect("127.0.0.1", access["connection.port"], "secret")
            await edge.in_state(State.CONNECTED)
    assert recogniser.tokens == ["Bearer secret"]
    assert edge.appliance.settings.connection.token == "secret"


async def test_a_restarted_server_is_found_again_and_traffic_adds_up(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.filming()
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        edge.camera.expose(b"x" * 1000, edge.appliance.clock())
        await recogniser.until(lambda: len(recogniser.frames) == 1)
        await edge.until(lambda: edge.of(FacesSeen))
        before = edge.appliance.traffic
        assert before.sent > 1000
        await recogniser.stop()
        await edge.in_state(State.RETRYING)
        retry = edge.appliance.connection
        assert retry.retry_in is not None
        await recogniser.start()
        edge.appliance.connect()
        await recogniser.until(lambda: len(recogniser.settings) == 10)
        assert edge.appliance.traffic.sent > before.sent
    kinds = {event.kind for event in edge.of(Noticed)}
    assert kinds == {EntryKind.INFORMATION, EntryKind.WARNING}


async def test_a_wrong_fingerprint_is_refused_before_the_token_is_sent(
    recogniser: Any, tmp_path: Path
) -> None:
    wrong = {"connection.fingerprint": "00" * 32, "connection.token": "secret"}
    async with recogniser, bench(tmp_path, recogniser.access | wrong) as edge:
        await edge.in_state(State.REFUSED)
        assert edge.appliance.connection.text
    assert recogniser.tokens == []


async def test_a_new_device_is_not_set_up_and_tries_nothing(
    recogniser: Any, tmp_path: Path
) -> None:
    """Though it has an address: without a fingerprint nobody has said which server that is."""
    own = {"connection.fingerprint": "", "connection.token": "secret"}
    async with recogniser, bench(tmp_path, recogniser.access | own) as edge:
        await edge.in_state(State.NOT_SET_UP)
        assert "choose a server" in edge.appliance.connection.text
        assert not edge.appliance.log.entries({EntryKind.ERROR})
        edge.appliance.connect(fingerprint=recogniser.fingerprint)
        await edge.in_state(State.CONNECTED)
        edge.appliance.disconnect()
        await edge.in_state(State.DISCONNECTED)
    assert recogniser.connections == 1


async def test_a_certificate_is_looked_at_without_a_token(recogniser: Any, tmp_path: Path) -> None:
    answers: list[Shown | Declined] = []

    async def looked(edge: Any) -> None:
        answered = asyncio.Event()

        def take(answer: Shown | Declined) -> None:
            answers.append(answer)
            answered.set()

        server = ServerAddress("127.0.0.1", recogniser.access["connection.port"])
        edge.appliance.introduction.look(server, take)
        await answered.wait()

    async with bench(tmp_path, {"connection.token": "secret"}) as edge:
        async with recogniser:
            await looked(edge)
        await looked(edge)
    digits = recogniser.fingerprint.removeprefix("sha256:")
    assert answers[0] == Shown(digits)
    assert isinstance(answers[1], Declined)
    assert "nothing listens" in answers[1].reason
    assert (recogniser.tokens, recogniser.connections) == ([], 0)


async def test_another_certificate_than_the_pinned_one_is_reported_with_its_fingerprint(
    recogniser: Any, tmp_path: Path
) -> None:
    wrong = {"connection.fingerprint": "00" * 32}
    async with recogniser, bench(tmp_path, recogniser.access | wrong) as edge:
        await edge.in_state(State.REFUSED)
        digits = recogniser.fingerprint.removeprefix("sha256:")
        assert edge.appliance.connection.presented == f"sha256:{digits}"
        edge.appliance.connect(fingerprint=digits)
        await edge.in_state(State.CONNECTED)
        assert edge.appliance.settings.connection.fingerprint == digits


async def test_a_device_takes_the_name_that_the_server_gives_unless_it_has_one(
    recogniser: Any, tmp_path: Path
) -> None:
    async with recogniser, bench(tmp_path, {"connection.tls_mode": "ignore"}) as edge:
        port = recogniser.access["connection.port"]
        for name in ("kitchen", "hall"):
            edge.appliance.connect("127.0.0.1", port, "", recogniser.fingerprint, name)
            await edge.in_state(State.CONNECTED)
        settings = edge.appliance.settings
        assert settings.connection.name == "kitchen"
        assert settings.connection.tls_mode == "fingerprint"


async def test_an_authority_waits_for_the_time_of_day(
    recogniser: Any, certificate: Any, tmp_path: Path
) -> None:
    own = {"connection.tls_mode": "authority", "connection.ca_file": str(certificate[0])}
    async with recogniser, bench(tmp_path, recogniser.access | own) as edge:
        await edge.in_state(State.WAITING_FOR_TIME)
        assert recogniser.connections == 0
        synchronised = tmp_path / "root/run/systemd/timesync/synchronized"
        await asyncio.to_thread(synchronised.parent.mkdir, parents=True)
        await asyncio.to_thread(synchronised.touch)
        await edge.in_state(State.CONNECTED)


async def test_an_unverified_server_is_nagged_about(recogniser: Any, tmp_path: Path) -> None:
    own = {"connection.tls_mode": "ignore", "connection.fingerprint": ""}
    async with recogniser, bench(tmp_path, recogniser.access | own) as edge:
        await edge.in_state(State.CONNECTED)
        warnings = [entry.text for entry in edge.appliance.log.entries({EntryKind.WARNING})]
    assert any("NOT checked" in text for text in warnings)


async def test_health_is_reported(recogniser: Any, tmp_path: Path) -> None:
    (tmp_path / "root/proc").mkdir(parents=True)
    (tmp_path / "root/proc/uptime").write_text("77.5 1\n")
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.in_state(State.CONNECTED)
        edge.appliance.report()
        await recogniser.until(lambda: recogniser.health)
    health = recogniser.health[0]
    assert (health.version, health.uptime, health.drops) == ("1.2.3", 77.5, 0)
    assert (health.frame_rate, health.camera) == (15.0, "off")


async def test_health_tells_a_broken_camera_from_one_that_is_off(tmp_path: Path) -> None:
    async with bench(tmp_path, {"connection.automatic": False}) as edge:
        await edge.filming()
        assert edge.appliance.health.camera == "running"
        edge.camera.failed("no cable")
        await edge.until(lambda: edge.appliance.camera.state is CameraState.FAILED)
        assert edge.appliance.health.camera == "failed"
        edge.appliance.close_camera()
        assert edge.appliance.health.camera == "off"


async def test_a_lost_radio_link_is_noticed(recogniser: Any, tmp_path: Path) -> None:
    state = tmp_path / "root/sys/class/net/wlan0/operstate"
    (state.parent / "phy80211").mkdir(parents=True)
    state.write_text("up")
    async with bench(tmp_path, {"connection.automatic": False}) as edge:
        assert edge.appliance.network.wifi is True
        await asyncio.to_thread(state.write_text, "down")
        edge.appliance.report()
        assert edge.of(Noticed)[-1].text == "Wi-Fi has no link"
        await asyncio.to_thread(state.write_text, "up")
        edge.appliance.report()
        assert edge.of(Noticed)[-1].kind is EntryKind.INFORMATION


async def test_a_complaint_of_the_server_is_shown(recogniser: Any, tmp_path: Path) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.in_state(State.CONNECTED)
        await recogniser.say(ErrorReport("frame_too_large", "at most 4 MB", 3))
        await edge.until(lambda: any("at most 4 MB" in e.text for e in edge.of(Noticed)))


async def test_traffic_and_frame_rate_are_sampled(recogniser: Any, tmp_path: Path) -> None:
    async with recogniser, bench(tmp_path, recogniser.access) as edge:
        await edge.filming()
        await recogniser.until(lambda: len(recogniser.settings) == 5)
        for _ in range(3):
            seen = len(edge.of(FacesSeen))
            edge.camera.expose(b"x" * 5000, edge.appliance.clock())
            await edge.until(lambda seen=seen: len(edge.of(FacesSeen)) > seen)
        edge.appliance.tick()
        chart: Any = edge.appliance.statistics.chart(
            ChartId.TRAFFIC_TOTAL, edge.appliance.clock(), whole=True
        )
        assert chart.lines[0].points[-1][1] > 0.015


async def test_export_writes_under_the_state_directory(tmp_path: Path) -> None:
    async with bench(tmp_path, {"connection.automatic": False}) as edge:
        folder = edge.appliance.export_statistics()
    assert folder == tmp_path / "statistics" / "2026-05-01-120000"
    with (folder / "faces.csv").open() as file:
        assert next(csv.reader(file)) == ["name", "count"]


async def test_reset_keeps_how_the_server_is_reached_and_what_is_not_on_the_form(
    tmp_path: Path,
) -> None:
    changed = {
        "connection.address": "server.local",
        "connection.automatic": False,
        "recognition.label_count": 2,
        "camera.fps": 5,
        "hooks.on_known": "true",
    }
    async with bench(tmp_path, changed) as edge:
        edge.appliance.reset_settings()
        settings = edge.appliance.settings
        kept = {entry.key for entry in CATALOGUE if settings.value(entry.key) != entry.default}
    assert kept == {"connection.address", "connection.automatic", "hooks.on_known"}


@pytest.mark.parametrize(("allowed", "asked"), [(True, True), (True, False), (False, True)])
async def test_power_off_only_where_it_is_set_up_and_asked_for(
    tmp_path: Path, allowed: bool, asked: bool
) -> None:
    settings = {"connection.automatic": False, "device.power_off": allowed}
    async with bench(tmp_path, settings) as edge:
        assert edge.appliance.can_power_off is allowed
        edge.appliance.leave(power_off=asked)
        assert edge.appliance.stopping.is_set()
        assert not edge.powered_off
        assert edge.appliance.left
    assert edge.powered_off is (allowed and asked)


async def test_a_fault_of_the_program_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(appliance_module.Capture, "run", broken)
    async with bench(tmp_path, {"connection.automatic": False}) as edge:
        await edge.appliance.stopping.wait()
        assert isinstance(edge.appliance.fault, ZeroDivisionError)
