"""Tracking by scans alone, simulated with invented people."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import Match, RecognisedFace
from iot_facerecognition_server.tracking.changes import Thumbnail
from iot_facerecognition_server.tracking.scan_tracker import ScanTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Sides, Way
from tests.server.tracking.conftest import FPS, FRAME, Bench, Person, World, owner

NEWCOMERS = 0.8
AT_HALF = 0.7
SETTINGS = TrackingSettings(0.5, 30, newcomer_score=NEWCOMERS, halved_score=AT_HALF)
LEAST_FOUND = 25
"""Side in pixels from which on this camera's detector finds faces in what it scans."""


@dataclass
class Watched:
    """One frame of a world, as a worker opens it."""

    world: World
    at: float
    detects: Callable[[Person, float], float | None]
    scans: list[Sides] = field(default_factory=list)
    size: tuple[int, int] = FRAME

    def thumbnail(self, searched: Sides | None) -> Thumbnail:
        return self.world.thumbnail(self.at)

    def scan(self, sides: Sides = Sides.FULL) -> list[Detection]:
        self.scans.append(sides)
        scored = [(face, self.detects(one, self.at)) for one, face in self.world.faces(self.at)]
        return [
            replace(face, score=score)
            for face, score in scored
            if score is not None and face.box.width * sides.value >= LEAST_FOUND
        ]


@dataclass
class Room:
    """A tracker in a world; `detects` gives the score of a person's face at a time."""

    world: World
    settings: TrackingSettings = SETTINGS
    detects: Callable[[Person, float], float | None] = lambda _person, _at: 0.9
    size: tuple[int, int] = FRAME
    ways: list[Way] = field(default_factory=list)
    described: int = 0
    scans: list[Sides] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracker = ScanTracker(self.settings)
        self.match = Bench(self.world).match

    def frame(self, at: float) -> dict[int, RecognisedFace]:
        """Take the tracker through one frame; return its faces by the seed of who is there."""
        self.tracker = self.tracker.copy()
        settled = self.tracker.find(
            Watched(self.world, at, self.detects, self.scans, self.size), at
        )
        self.ways.append(settled.way)
        self.described += len(settled.describe)
        people = self.world.faces(at)
        rows = [owner(face, people).descriptor for face in settled.describe]
        voices = self.tracker.tracks.described(rows)
        faces = self.tracker.tracks.matched([self.match(voice) for voice in voices])
        return {owner(face, people).seed: face for face in faces}

    def run(self, seconds: float, begin: float = 0.0) -> list[dict[int, RecognisedFace]]:
        return [self.frame(begin + index / FPS) for index in range(round(seconds * FPS))]


@pytest.fixture
def room() -> Callable[..., Room]:
    def make(*people: Person, **options: object) -> Room:
        return Room(World(people), **options)  # type: ignore[arg-type]

    return make


def test_a_still_scene_costs_one_scan_and_one_descriptor(room, standing):
    still = room(standing(1, 200, tag="ann"))
    results = still.run(10)
    assert still.ways == [Way.FULL] + [Way.HELD] * (len(results) - 1)
    assert (still.scans, still.described) == ([Sides.FULL], 1)
    assert {faces[1].match.tag for faces in results} == {"ann"}
    assert {faces[1].track for faces in results} == {1}


def test_what_moves_is_scanned_at_half_sides_and_in_full_at_intervals(room, walking):
    walk = room(walking(1, 50, 90, tag="ann"))
    results = walk.run(4)
    assert all(faces[1].track == 1 for faces in results)
    assert walk.ways.count(Way.FULL) == 4 / 0.5
    assert walk.ways.count(Way.HALF) == len(results) - 4 / 0.5
    assert walk.described <= 4 + 2, "about one a second"


def test_every_box_is_of_this_frame_or_of_an_unchanged_one(room, walking):
    walk = room(walking(1, 50, 90))
    for index, faces in enumerate(walk.run(3)):
        ((_, there),) = walk.world.faces(index / FPS)
        assert faces[1].box == there.box


def test_every_changed_frame_is_scanned_in_full_when_the_interval_is_nothing(room, walking):
    walk = room(walking(1, 50, 90), settings=replace(SETTINGS, full_scan_interval=0))
    walk.run(2)
    assert set(walk.ways) == {Way.FULL}


def test_large_faces_alone_are_scanned_at_a_quarter_of_the_sides_between_halves(room, walking):
    near = room(walking(1, 50, 60, side=210, top=120))
    results = near.run(2)
    assert all(faces[1].track == 1 for faces in results)
    assert near.ways.count(Way.FULL) == 2 / 0.5
    assert near.ways.count(Way.QUARTER) > 0.4 * len(results)
    assert near.ways.count(Way.HALF) >= 2 / 0.1 / 2


def test_a_newcomer_too_small_for_a_quarter_of_the_sides_is_found_soon(room, walking, standing):
    near = room(walking(1, 50, 60, side=210, top=120))
    near.run(1)
    near.world = replace(near.world, people=[*near.world.people, standing(2, 480, side=70)])
    found = [2 in faces for faces in near.run(0.4, begin=1.0)]
    assert found.index(True) <= 2


def test_a_small_frame_is_scanned_in_full_always(room, walking):
    small = room(walking(1, 50, 90), size=(320, 240))
    small.run(1)
    assert set(small.ways) == {Way.FULL}


def test_a_small_face_is_looked_for_at_full_sides(room, walking):
    walk = room(walking(1, 50, 90, side=40))
    assert all(walk.run(2))
    assert set(walk.ways) == {Way.FULL}


def test_a_small_face_that_comes_in_at_half_sides_is_found_though_nothing_moves_after(
    room, standing
):
    scene = room(standing(1, 100))
    scene.run(0.2)
    scene.world = replace(scene.world, people=[standing(1, 110), standing(2, 400, side=40)])
    scene.run(1.0, begin=0.2)
    assert scene.ways[3] is Way.HALF
    assert scene.frame(1.3).keys() == {1, 2}
    assert scene.ways[-1] is Way.HELD
    assert scene.ways.count(Way.FULL) == 2


def test_a_faint_face_keeps_its_track_and_begins_none(room, walking):
    score = {"now": 0.9}
    walk = room(walking(1, 50, 90), detects=lambda _person, _at: score["now"])
    walk.run(1)
    score["now"] = AT_HALF - 0.1
    held = walk.run(1, begin=1.0)
    assert {faces[1].track for faces in held} == {1}
    faint = room(walking(1, 50, 90), detects=lambda _person, _at: AT_HALF - 0.1)
    assert not any(faint.run(1))


def test_a_newcomer_needs_less_of_a_score_at_half_sides(room, standing):
    scene = room(standing(1, 100), detects=lambda _person, _at: (NEWCOMERS + AT_HALF) / 2)
    assert not scene.frame(0.0)
    scene.world = replace(scene.world, people=[standing(1, 110)])
    assert scene.frame(0.1)
    assert scene.ways == [Way.FULL, Way.HALF]


def test_a_lost_face_is_looked_for_at_full_sides_at_once(room, walking):
    blinks = {12, 13}
    walk = room(
        walking(1, 50, 90), detects=lambda _p, at: None if round(at * FPS) in blinks else 0.9
    )
    results = walk.run(2)
    assert walk.ways[12] is Way.FULL
    assert [index for index, faces in enumerate(results) if not faces] == [12, 13]
    assert {faces[1].track for faces in results if faces} == {1}


def test_a_face_that_flickers_does_not_cost_a_full_scan_a_frame(room, walking):
    walk = room(
        walking(1, 60, 60), detects=lambda _p, at: 0.9 if round(at * FPS) % 2 == 0 else None
    )
    walk.run(4)
    assert walk.ways.count(Way.FULL) <= 4 / 0.5 + 1
    assert walk.described <= 8


def test_people_who_cross_keep_their_numbers_and_names(room, walking):
    crossing = room(walking(1, 60, 120, tag="ann"), walking(2, 480, -120, side=110, tag="ben"))
    results = crossing.run(4)
    for seed, tag in ((1, "ann"), (2, "ben")):
        seen = [faces[seed] for faces in results if seed in faces]
        assert len({face.track for face in seen}) == 1
        assert {face.match.tag for face in seen} == {tag}
    assert results[-1].keys() == {1, 2}


def test_another_person_in_the_place_of_one_gets_a_number_and_name_of_their_own(room, standing):
    swap = room(standing(1, 200, tag="ann"))
    before = swap.run(1)[-1][1]
    swap.world = replace(swap.world, people=[standing(2, 200, tag="ben")])
    swap.match = Bench(swap.world).match
    after = swap.run(1, begin=1.0)
    assert all(faces[2].match.tag != "ann" for faces in after), "from the first frame on"
    assert after[-1][2].match.tag == "ben"
    assert after[-1][2].track != before.track


def test_a_cut_to_another_scene_is_scanned_in_full_at_once(room, standing):
    film = room(standing(1, 100))
    film.run(0.2)
    film.world = replace(film.world, people=[standing(2, 400)], background=7)
    faces = film.frame(0.2)
    assert film.ways[-1] is Way.FULL
    assert {seed: face.track for seed, face in faces.items()} == {2: 2}


def test_who_comes_in_cut_by_the_edge_is_named_as_soon_as_can_be_told(room, walking):
    entrance = room(walking(1, -45, 120, tag="ann"))
    results = [faces[1] for faces in entrance.run(1) if faces]
    assert results[0].match.tag == ""
    told = [face.quality for face in results if face.match.tag]
    assert len(told) >= len(results) - 6
    assert entrance.described <= 5


def test_after_a_failure_numbers_go_on(room, standing):
    scene = room(standing(1, 100))
    scene.run(0.2)
    scene.tracker = scene.tracker.renewed()
    assert scene.frame(0.3)[1].track == 2


def test_two_tracks_near_one_reference_never_carry_the_same_name(room, standing):
    scene = room(standing(1, 100), standing(2, 400))
    one = scene.world.people[0].descriptor
    scene.match = lambda descriptor: Match("ann", 0.5 if (descriptor == one).all() else 0.3)
    for faces in scene.run(2):
        assert (faces[1].match.tag, faces[2].match.tag) == ("", "ann")
