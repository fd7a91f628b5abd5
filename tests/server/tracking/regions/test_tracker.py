"""Where the faces of a stream are and who they are, simulated with invented people."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import Match
from iot_facerecognition_server.pipeline.region_search import HELD_SCORE
from iot_facerecognition_server.tracking.naming import MOST_REMEMBERED
from iot_facerecognition_server.tracking.regions.steps import ScanFrame, SearchRegions
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Settled, Way
from tests.server.tracking.conftest import Person, face_at


def test_a_still_scene_costs_one_scan_and_one_descriptor(bench, standing):
    still = bench(standing(1, 200, tag="ann"))
    results = still.run(10)
    assert still.ways == [Way.FULL] + [Way.HELD] * (len(results) - 1)
    assert (still.scans, still.described) == (1, 1)
    assert {faces[1].match.tag for faces in results} == {"ann"}
    assert {faces[1].track for faces in results} == {1}


def test_an_empty_room_costs_one_scan(bench):
    empty = bench()
    assert not any(empty.run(10))
    assert empty.scans == 1


def test_a_walking_face_is_found_in_windows_between_scans(bench, walking):
    walk = bench(walking(1, 50, 90, tag="ann"))
    results = walk.run(4)
    assert all(faces[1].track == 1 for faces in results)
    assert walk.scans <= 4 / 0.5 + 1
    assert walk.ways.count(Way.REGIONS) > 0.8 * len(results)
    assert walk.described <= 4 + 2, "about one a second"


def test_every_frame_is_scanned_when_the_interval_is_nothing(bench, walking):
    walk = bench(walking(1, 50, 90), settings=TrackingSettings(full_scan_interval=0))
    walk.run(2)
    assert set(walk.ways) == {Way.FULL}


def test_slow_drift_is_noticed(bench, walking):
    drift = bench(walking(1, 200, 3))  # a fifth of a pixel from frame to frame
    results = drift.run(10)
    last = results[-1][1].box.left
    assert abs(last - (200 + 3 * 10)) <= 3


def test_small_movement_far_from_the_faces_leaves_them_as_they_are(bench, standing):
    people = bench(standing(1, 100), standing(2, 450))
    people.run(1)
    asked = people.described
    people.world = replace(
        people.world, people=[people.world.people[0], replace(people.world.people[1], seed=2)]
    )
    assert people.run(1, begin=1.0)[-1].keys() == {1, 2}
    assert people.described == asked


def test_a_newcomer_is_found_before_the_next_full_scan(bench, walking):
    room = bench(walking(1, -150, 150, tag="ann"), settings=TrackingSettings(full_scan_interval=60))
    results = room.run(4)
    visible = [bool(room.world.faces(index / 15)) for index in range(len(results))]
    missed = sum(seen and not faces for seen, faces in zip(visible, results, strict=True))
    assert missed <= 1
    assert room.scans == 1, "by regions alone"


def test_people_who_cross_keep_their_numbers_and_names(bench, walking):
    crossing = bench(walking(1, 60, 120, tag="ann"), walking(2, 480, -120, side=110, tag="ben"))
    results = crossing.run(4)
    for seed, tag in ((1, "ann"), (2, "ben")):
        seen = [faces[seed] for faces in results if seed in faces]
        assert len({face.track for face in seen}) == 1
        assert {face.match.tag for face in seen} == {tag}
    assert results[-1].keys() == {1, 2}


def test_who_comes_out_from_behind_somebody_gets_the_old_number_back(bench, standing, walking):
    hidden = bench(walking(1, 100, 100, tag="ann"), standing(2, 300, side=160, top=120))
    results = hidden.run(4.5)
    seen = [1 in faces for faces in results]
    gone, back = seen.index(False), len(seen) - 1 - seen[::-1].index(False) + 1
    assert 5 < back - gone < 45, "hidden for a while"
    numbers = {faces[1].track for faces in results if 1 in faces}
    assert len(numbers) == 1


def test_another_person_in_the_place_of_one_gets_a_number_and_name_of_their_own(bench, standing):
    swap = bench(standing(1, 200, tag="ann"))
    before = swap.run(1)[-1][1]
    swap.world = replace(swap.world, people=[standing(2, 200, tag="ben")])
    after = swap.run(1, begin=1.0)
    assert all(faces[2].match.tag != "ann" for faces in after), "from the first frame on"
    assert after[-1][2].match.tag == "ben"
    assert after[-1][2].track != before.track


def test_a_cut_to_another_scene_is_scanned_at_once(bench, standing):
    film = bench(standing(1, 100))
    film.run(0.2)
    film.world = replace(film.world, people=[standing(2, 400)], background=7)
    faces = film.frame(0.2)
    assert film.ways[-1] is Way.FULL
    assert faces.keys() == {2}
    assert faces[2].track == 2


def test_a_lost_face_is_looked_for_in_the_whole_frame_at_once(bench, walking):
    blinks = {5, 6}
    walk = bench(walking(1, 100, 90), detects=lambda _person, at: round(at * 15) not in blinks)
    results = walk.run(1)
    assert walk.ways[5] is Way.FULL
    assert [index for index, faces in enumerate(results) if not faces] == [5, 6]
    assert {faces[1].track for faces in results if faces} == {1}


def test_a_face_that_flickers_does_not_cost_a_scan_a_frame(bench, walking):
    walk = bench(walking(1, 60, 60), detects=lambda _person, at: round(at * 15) % 2 == 0)
    walk.run(4)
    assert walk.scans <= 4 / 0.5 + 1
    assert walk.described <= 8


def test_who_left_is_forgotten(bench, walking):
    gone = bench(walking(1, 500, 200))
    gone.run(2)
    still = gone.run(8, begin=2.0)
    assert not any(still)
    assert gone.tracker.tracks.remembered <= 1


def test_a_look_alike_who_comes_in_later_does_not_inherit_the_name(bench, standing):
    ann = standing(1, 200, tag="ann")

    class LookAlike(Person):
        @property
        def descriptor(self) -> np.ndarray:
            return ann.descriptor + 0.45 * np.eye(128, dtype=np.float32)[0]

    scene = bench(ann)
    scene.match = lambda descriptor: (
        Match("ann", 0.0) if np.allclose(descriptor, ann.descriptor) else Match("", 0.7)
    )
    assert scene.run(2)[-1][1].match.tag == "ann"
    scene.world = replace(scene.world, people=[])
    scene.run(1.5, begin=2.0)
    scene.world = replace(scene.world, people=[LookAlike(2, lambda _at: (400, 150, 100))])
    later = [faces[2] for faces in scene.run(2, begin=3.5) if faces]
    assert later
    assert {face.match.tag for face in later} == {""}


def test_a_face_that_is_expected_needs_less_of_a_score_than_a_newcomer(bench, standing):
    scene = bench(standing(1, 200))
    scene.run(0.2)
    moved = replace(scene.world, people=[standing(1, 208), standing(2, 450)])
    step = scene.tracker.begin(0.2, moved.thumbnail(0.2), (640, 480))
    assert isinstance(step, SearchRegions)
    faint = [face_at(Box(left, 150, left + 100, 250), HELD_SCORE / 2) for left in (208, 450)]
    step = scene.tracker.searched([faint for _ in step.regions])
    voices = scene.tracker.tracks.described([standing(1, 208).descriptor for _ in step.describe])
    (face,) = scene.tracker.tracks.matched([scene.match(voice) for voice in voices])
    assert face.box.left == 208


def in_pose(left: int, pose: int | None, score: float = 1.0) -> Detection:
    return face_at(Box(left, 150, left + 100, 250), score, pose)


@pytest.fixture
def looking_ahead(bench, standing):
    """A tracker that has seen one face, in pose 0, and what it asks of the next frame."""
    scene = bench(standing(1, 200, tag="ann"))
    scene.tracker.begin(0.0, scene.world.thumbnail(0.0), (640, 480))
    scene.tracker.scanned([in_pose(200, 0)])
    scene.tracker.tracks.described([standing(1, 200).descriptor])
    scene.tracker.tracks.matched([Match("ann", 0.3)])
    scene.world = replace(scene.world, people=[standing(1, 208)])
    step = scene.tracker.begin(0.2, scene.world.thumbnail(0.2), (640, 480))
    assert isinstance(step, SearchRegions)
    return scene.tracker, step


def test_a_face_is_first_sought_in_the_pose_that_it_was_seen_in(looking_ahead):
    tracker, step = looking_ahead
    assert step.regions[0].pose == 0
    step = tracker.searched([[in_pose(208, 0)], *([] for _ in step.regions[1:])])
    assert isinstance(step, Settled)
    assert step.way is Way.REGIONS


@pytest.mark.parametrize("faint", [[], [in_pose(208, 0, score=0.1)]])
def test_a_head_that_may_have_turned_is_sought_in_every_pose(looking_ahead, faint):
    tracker, step = looking_ahead
    step = tracker.searched([faint, *([] for _ in step.regions[1:])])
    assert isinstance(step, SearchRegions)
    (region,) = step.regions
    assert region.pose is None
    step = tracker.searched([[in_pose(210, 2, score=0.9)]])
    assert isinstance(step, Settled)
    voices = tracker.tracks.described([np.zeros(128, np.float32) for _ in step.describe])
    (face,) = tracker.tracks.matched([Match("ann", 0.3) for _ in voices])
    assert (face.track, face.pose, face.box.left) == (1, 2, 210)


def test_a_head_that_is_hard_to_see_is_not_sought_twice(bench, standing):
    scene = bench(standing(1, 200))
    scene.tracker.begin(0.0, scene.world.thumbnail(0.0), (640, 480))
    scene.tracker.scanned([in_pose(200, 1, score=0.1)])
    scene.tracker.tracks.described([standing(1, 200).descriptor])
    scene.tracker.tracks.matched([Match("", None)])
    moved = replace(scene.world, people=[standing(1, 208)])
    step = scene.tracker.begin(0.2, moved.thumbnail(0.2), (640, 480))
    assert isinstance(step, SearchRegions)
    assert all(region.pose is None for region in step.regions)


def test_where_one_pose_was_sought_the_next_full_scan_still_looks(looking_ahead, standing, bench):
    tracker, step = looking_ahead
    step = tracker.searched([[in_pose(208, 0)], *([] for _ in step.regions[1:])])
    voices = tracker.tracks.described([standing(1, 208).descriptor for _ in step.describe])
    tracker.tracks.matched([Match("ann", 0.3) for _ in voices])
    same = bench(standing(1, 208)).world.thumbnail(0.6)
    assert isinstance(tracker.begin(0.6, same, (640, 480)), ScanFrame)


def test_what_a_full_scan_was_better_for_is_searched_once_more_and_not_twice(bench, standing):
    lefts = (0, 215, 430)
    people = [standing(seed, left, side=210) for seed, left in enumerate(lefts, 1)]
    scene = bench(*people, settings=TrackingSettings(full_scan_interval=60, min_face_size=200))
    seen = [face_at(Box(x, 150, x + 210, 360), pose=0) for x in lefts]
    scene.tracker.begin(0.0, scene.world.thumbnail(0.0), (640, 480))
    scene.tracker.scanned(seen)
    scene.tracker.tracks.described([person.descriptor for person in people])
    scene.tracker.tracks.matched([Match("", None)] * 3)
    moved = [standing(seed, left + 8, side=210) for seed, left in enumerate(lefts, 1)]
    thumbnail = replace(scene.world, people=moved).thumbnail(0.1)
    step = scene.tracker.begin(0.1, thumbnail, (640, 480))
    assert isinstance(step, ScanFrame), "three regions cost more"
    step = scene.tracker.scanned(seen[:2])
    assert isinstance(step, SearchRegions)
    assert [region.pose for region in step.regions] == [None]
    assert isinstance(scene.tracker.searched([[]]), Settled)


def test_it_tells_whether_something_moves(bench, standing):
    scene = bench(standing(1, 100))
    assert scene.tracker.moving, "nothing is known before the first frame"
    scene.run(0.2)
    assert not scene.tracker.moving
    scene.world = replace(scene.world, people=[standing(1, 140)])
    scene.frame(0.2)
    assert scene.tracker.moving


def test_a_frame_of_another_size_is_scanned_anew(bench, standing):
    scene = bench(standing(1, 100))
    scene.run(0.2)
    assert isinstance(
        scene.tracker.begin(0.3, np.zeros((90, 160), np.uint8), (1280, 720)), ScanFrame
    )


def test_a_frame_that_failed_on_its_way_leaves_nothing_behind(bench, standing):
    scene = bench(standing(1, 100))
    scene.run(0.2)
    scene.world = replace(scene.world, people=[standing(1, 140)])
    scene.tracker.begin(0.2, scene.world.thumbnail(0.2), (640, 480))  # and no more of it
    assert scene.frame(0.3)[1].box.left == 140


def test_a_name_follows_the_gallery_while_nothing_moves(bench, standing):
    scene = bench(standing(1, 200))
    assert scene.run(1)[-1][1].match.tag == ""
    scene.match = lambda _descriptor: Match("ann", 0.3)
    assert scene.run(2, begin=1.0)[-1][1].match.tag == "ann"
    assert scene.described == 1


def test_telling_what_was_found_before_a_frame_has_begun_is_the_callers_mistake():
    with pytest.raises(RuntimeError, match="begin a frame"):
        RegionTracker(TrackingSettings()).scanned([])


@st.composite
def frames(draw):
    """Frames with any faces anywhere, at any pace, of pictures that change or not."""
    count = draw(st.integers(1, 12))
    made, now = [], 0.0
    for _ in range(count):
        now += draw(st.floats(0, 2))
        boxes = draw(
            st.lists(
                st.tuples(st.integers(-40, 600), st.integers(-40, 440), st.integers(80, 300)),
                max_size=5,
            )
        )
        faces = [face_at(Box.at(x, y, side, side), draw(st.floats(0, 3))) for x, y, side in boxes]
        made.append((now, draw(st.integers(0, 3)), faces))
    return made


@settings(max_examples=60, deadline=None)
@given(frames(), st.randoms(use_true_random=False))
def test_numbers_are_never_reused_and_the_memory_is_bounded(sequence, random):
    tracker = RegionTracker(TrackingSettings())
    largest = 0
    present: set[int] = set()
    for now, picture, faces in sequence:
        thumbnail = np.random.default_rng(picture).integers(0, 255, (60, 80)).astype(np.uint8)
        step = tracker.begin(now, thumbnail, (640, 480))
        while not isinstance(step, Settled):
            if isinstance(step, SearchRegions):
                step = tracker.searched([faces for _ in step.regions])
            else:
                step = tracker.scanned(faces)
        rows = [np.eye(128, dtype=np.float32)[random.randrange(6)] for _ in step.describe]
        voices = tracker.tracks.described(rows)
        found = tracker.tracks.matched([Match("", None) for _ in voices])
        numbers = [face.track for face in found]
        assert len(set(numbers)) == len(numbers), "no number twice in one frame"
        new = {number for number in numbers if number > largest}
        assert all(number >= 1 for number in numbers)
        largest = max([largest, *numbers])
        present |= new
        assert set(numbers) <= present
        assert tracker.tracks.remembered <= len(found) + 2 * MOST_REMEMBERED


def test_two_tracks_near_one_reference_never_carry_the_same_name(bench, standing):
    scene = bench(standing(1, 100), standing(2, 400))
    nearness = {1: 0.5, 2: 0.3}
    people = scene.world.people
    scene.match = lambda descriptor: next(
        Match("ann", nearness[one.seed])
        for one in people
        if np.allclose(one.descriptor, descriptor)
    )
    for faces in scene.run(2):
        assert (faces[1].match.tag, faces[2].match.tag) == ("", "ann")
