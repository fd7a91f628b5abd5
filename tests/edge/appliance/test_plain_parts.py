"""Overlay, presence, sightings, progress, health and timekeeping."""

from pathlib import Path

import pytest

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.events import FacesSeen, ObjectsSeen
from iot_facerecognition_edge.health import HealthReader, Reading
from iot_facerecognition_edge.overlay import Overlay
from iot_facerecognition_edge.presence import Kind, Presence, PresenceTracker
from iot_facerecognition_edge.progress import Progress
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.sightings import Sightings
from iot_facerecognition_edge.timekeeping import Timekeeper
from iot_facerecognition_protocol import Face, ObjectLabel


def face(tag: str = "", track: int | None = None, distance: float | None = None) -> Face:
    return Face(tag, 1, 2, 3, 4, distance=distance, track=track)


def seen(*faces: Face, time: float) -> FacesSeen:
    return FacesSeen(faces, 1, (640, 480), time)


class TestOverlay:
    def test_results_vanish_after_their_duration(self) -> None:
        overlay = Overlay(Settings({"display.object_duration": 1000}))
        overlay.take(seen(face("Ada"), time=10))
        overlay.take(ObjectsSeen((ObjectLabel("cup", 0.9),), 1, 10))
        assert overlay.next_change(10) == 11
        assert [f.tag for f in overlay.faces(12.9)] == ["Ada"]
        assert overlay.objects(10.9)
        assert overlay.objects(11) == ()
        assert overlay.next_change(11.5) == 13
        assert overlay.faces(13) == ()
        assert overlay.next_change(13) is None
        assert overlay.size == (640, 480)

    def test_negative_duration_means_for_ever(self) -> None:
        overlay = Overlay(Settings({"display.face_duration": -1}))
        overlay.take(seen(face("Ada"), time=0))
        assert overlay.faces(1e9)
        assert overlay.next_change(1e9) is None

    def test_a_frame_without_faces_clears_those_before(self) -> None:
        overlay = Overlay(Settings())
        overlay.take(seen(face("Ada"), time=0))
        overlay.take(seen(time=0.1))
        assert overlay.faces(0.1) == ()

    def test_what_was_found_in_one_scene_is_not_drawn_over_another(self) -> None:
        overlay = Overlay(Settings())
        first, second = Scene(1, (640, 480)), Scene(2, (640, 480))
        overlay.take(FacesSeen((face("Ada"),), 1, first.size, 0, first))
        overlay.take(ObjectsSeen((ObjectLabel("cup", 0.9),), 1, 0, first))
        assert overlay.faces(0, first)
        assert overlay.objects(0, first)
        assert overlay.faces(0, second) == ()
        assert overlay.objects(0, second) == ()
        assert overlay.faces(0), "a camera that tells of no scenes has one"

    def test_clear_takes_everything_away(self) -> None:
        overlay = Overlay(Settings())
        overlay.take(seen(face("Ada"), time=0))
        overlay.clear()
        assert overlay.faces(0) == ()


class TestPresence:
    def test_a_face_missed_for_a_moment_has_not_left(self) -> None:
        tracker = PresenceTracker(hold=2)
        tracker.take([face("Ada")], 0)
        tracker.take([], 0.5)
        assert tracker.at(1.9) == Presence(Kind.KNOWN, ("Ada",))
        assert tracker.at(2.0) == Presence(Kind.NOBODY)

    def test_a_known_face_outranks_an_unknown_one(self) -> None:
        tracker = PresenceTracker(hold=2)
        tracker.take([face(), face("Grace"), face("Ada")], 0)
        assert tracker.at(0) == Presence(Kind.KNOWN, ("Ada", "Grace"))
        tracker.take([face()], 1)
        assert tracker.at(2.5) == Presence(Kind.UNKNOWN)


class TestSightings:
    def test_somebody_who_stays_is_logged_once_and_again_after_an_absence(self) -> None:
        sightings = Sightings(absence=5)
        assert sightings.faces([face("Ada", distance=0.4321)], 0) == ["face: Ada (distance 0.43)"]
        assert sightings.faces([face("Ada")], 4) == []
        assert sightings.faces([face("Ada")], 8) == []
        assert sightings.faces([face("Ada")], 13) == ["face: Ada"]

    def test_unknown_faces_are_told_apart_by_their_track(self) -> None:
        sightings = Sightings()
        two = sightings.faces([face(track=1), face(track=2)], 0)
        assert two == ["face: unknown face", "face: unknown face"]
        assert sightings.faces([face(track=2)], 1) == []

    def test_only_the_best_object_is_logged(self) -> None:
        sightings = Sightings()
        labels = [ObjectLabel("cup", 0.931), ObjectLabel("cat", 0.05)]
        assert sightings.objects(labels, 0) == ["object: cup (93 %)"]
        assert sightings.objects(labels, 1) == []
        assert sightings.objects([], 1) == []
        assert sightings.objects([ObjectLabel("bobsled", 0.05)], 1) == []

    def test_memory_is_bounded(self) -> None:
        sightings = Sightings(absence=5)
        for number in range(10_000):
            sightings.faces([face(track=number)], number)
        assert len(sightings._seen) <= 1001


class TestProgress:
    def test_both_must_move(self) -> None:
        progress = Progress(capture=10, network=20)
        progress.want(0, capture=True, network=True)
        assert progress.alive(10)
        assert progress.stuck(11) == "the camera"
        progress.capture(15)
        assert progress.stuck(21) == "the network"
        progress.network(21)
        assert progress.alive(22)
        assert progress.stuck(100) == "the camera and the network"

    def test_what_is_not_wanted_need_not_move(self) -> None:
        progress = Progress(capture=10, network=20)
        progress.want(0, capture=False, network=False)
        assert progress.alive(1000)

    def test_patience_begins_anew_when_it_is_wanted_again(self) -> None:
        progress = Progress(capture=10, network=20)
        progress.want(1000, capture=True, network=False)
        assert progress.alive(1010)
        assert not progress.alive(1011)


PI = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/net/wlan0/phy80211/index": "0",
    "sys/class/net/wlan0/operstate": "up\n",
    "proc/meminfo": "MemTotal:         439268 kB\nMemAvailable:     301112 kB\n",
    "proc/uptime": "1234.56 1000.00\n",
    "proc/net/wireless": (
        "Inter-| sta-|   Quality        |   Discarded packets\n"
        " face | tus | link level noise |  nwid  crypt   frag\n"
        " wlan0: 0000   54.  -56.  -256        0      0      0\n"
    ),
}


def make_root(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class TestHealth:
    def test_a_raspberry_pi(self, tmp_path: Path) -> None:
        assert HealthReader(make_root(tmp_path, PI)).read() == Reading(
            temperature=pytest.approx(48.312),
            throttled=0x50005,
            wifi=True,
            signal=-56.0,
            memory_free=301112 * 1024,
            uptime=1234.56,
        )

    def test_a_machine_that_tells_nothing(self, tmp_path: Path) -> None:
        assert HealthReader(tmp_path).read() == Reading()

    def test_a_lost_link(self, tmp_path: Path) -> None:
        root = make_root(tmp_path, PI | {"sys/class/net/wlan0/operstate": "down\n"})
        reading = HealthReader(root).read()
        assert (reading.wifi, reading.signal) == (False, None)

    @pytest.mark.parametrize(("level", "signal"), [("200.", -56.0), ("40.", None), ("junk", None)])
    def test_unusual_signal_levels(self, tmp_path: Path, level: str, signal: float | None) -> None:
        text = PI["proc/net/wireless"].replace("-56.", level)
        reading = HealthReader(make_root(tmp_path, PI | {"proc/net/wireless": text})).read()
        assert reading.signal == signal

    @pytest.mark.parametrize("name", [name for name in PI if "phy80211" not in name])
    def test_nonsense_is_none_and_not_an_error(self, tmp_path: Path, name: str) -> None:
        HealthReader(make_root(tmp_path, PI | {name: "\x00nonsense:"})).read()

    def test_this_machine(self) -> None:
        reading = HealthReader().read()
        assert reading.uptime is not None
        assert reading.uptime > 0
        assert reading.memory_free is not None
        assert reading.memory_free > 1 << 20


class TestTimekeeping:
    def test_a_clock_chip_is_trusted(self, tmp_path: Path) -> None:
        make_root(tmp_path, {"sys/class/rtc/rtc0/name": "rtc"})
        assert Timekeeper(tmp_path).is_set()

    async def test_waits_until_the_time_is_synchronised(self, tmp_path: Path) -> None:
        keeper = Timekeeper(tmp_path)
        assert not keeper.is_set()
        ticks = iter(range(100))

        def clock() -> float:
            if next(ticks) == 2:
                make_root(tmp_path, {"run/systemd/timesync/synchronized": ""})
            return 0.0

        assert await keeper.wait(10, clock)

    async def test_the_wait_is_bounded(self, tmp_path: Path) -> None:
        ticks = iter((0.0, 31.0))
        assert not await Timekeeper(tmp_path).wait(30, lambda: next(ticks))
