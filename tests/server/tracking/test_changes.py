"""What counts as a change: movement does, noise of sensor and JPEG does not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.tracking.changes import REDUCTION, ChangeMap, Thumbnail
from iot_facerecognition_server.tracking.regions.camera_motion import CameraMotion
from iot_facerecognition_server.tracking.regions.new_objects import new_object_regions
from iot_facerecognition_server.vision.jpeg import FULL_SIZE, JpegDecoder

FRAME = (640, 480)


@pytest.fixture(scope="module")
def room(photos: Path) -> Image.Image:
    """A background three frames wide."""
    return Image.open(photos / "rocket.jpg").convert("RGB").resize((1920, 480))


@pytest.fixture(scope="module")
def person(photos: Path) -> Image.Image:
    """A head of which the face has about 80 pixels."""
    picture = Image.open(photos / "astronaut.png").convert("RGB")
    return picture.crop((150, 20, 300, 220)).resize((140, 186))


def thumbnail(
    room: Image.Image, *, across: int = 640, noise: float = 0.0, quality: int = 80, seed: int = 0
) -> Thumbnail:
    """Show `room` from `across` on as the server's decoder gives it."""
    picture = np.asarray(room.crop((across, 0, across + 640, 480))).astype(float)
    picture += np.random.default_rng(seed).normal(0, noise, (480, 640, 1))
    buffer = io.BytesIO()
    shown = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    shown.save(buffer, "JPEG", quality=quality)
    return JpegDecoder().grey(buffer.getvalue(), FULL_SIZE // REDUCTION)


def with_person(room: Image.Image, person: Image.Image, left: int) -> Image.Image:
    shown = room.copy()
    shown.paste(person, (640 + left, 150))
    return shown


@pytest.mark.parametrize(("noise", "quality"), [(2, 95), (2, 80), (8, 80), (8, 40)])
def test_noise_is_no_change(room, noise, quality):
    seen = ChangeMap()
    seen.compare(thumbnail(room, noise=noise, quality=quality))
    seen.searched(thumbnail(room, noise=noise, quality=quality))
    for seed in range(1, 6):
        assert not seen.compare(thumbnail(room, noise=noise, quality=quality, seed=seed)).any


def test_the_smallest_face_is_seen_to_move_by_two_pixels(room, person):
    seen = ChangeMap()
    first = thumbnail(with_person(room, person, 200), noise=2)
    seen.compare(first)
    seen.searched(first)
    changes = seen.compare(thumbnail(with_person(room, person, 202), noise=2, seed=1))
    assert changes.touch(Box(200, 150, 340, 336))
    assert not changes.touch(Box(420, 150, 600, 336))
    assert not changes.cut


def test_a_part_that_was_searched_changes_no_more_and_the_rest_waits(room, person):
    seen = ChangeMap()
    seen.compare(thumbnail(room))
    seen.searched(thumbnail(room))
    both = with_person(with_person(room, person, 100), person, 400)
    shown = thumbnail(both)
    seen.searched(shown, Box(80, 100, 300, 380))
    changes = seen.compare(shown)
    assert not changes.touch(Box(104, 152, 232, 328))
    assert changes.touch(Box(400, 150, 540, 330))


def test_another_scene_is_a_cut_and_a_moving_camera_is_none(room):
    seen = ChangeMap()
    assert seen.compare(thumbnail(room)).cut, "the first frame"
    seen.searched(thumbnail(room))
    assert not seen.compare(thumbnail(room, across=660)).cut
    assert seen.compare(thumbnail(room.transpose(Image.Transpose.FLIP_TOP_BOTTOM))).cut


def test_a_grey_picture_after_a_grey_one_is_no_cut_and_after_another_it_is():
    seen = ChangeMap()
    flat, other = np.full((60, 80), 90, np.uint8), np.full((60, 80), 140, np.uint8)
    seen.compare(flat)
    seen.searched(flat)
    assert not seen.compare(other).cut
    pattern = np.indices((60, 80)).sum(0).astype(np.uint8) * 7
    assert seen.compare(pattern).cut


def test_somebody_new_is_looked_for_where_no_track_explains_the_change(room, person):
    seen = ChangeMap()
    seen.compare(thumbnail(room))
    seen.searched(thumbnail(room))
    changes = seen.compare(thumbnail(with_person(room, person, 200)))
    (region,) = new_object_regions(changes, [], FRAME, 80)
    assert region.box.left <= 200
    assert region.box.right >= 340
    assert region.cost < 640 * 480 / 4
    assert not new_object_regions(changes, [Box(190, 140, 350, 350)], FRAME, 80)


@pytest.mark.parametrize(("moves", "edge"), [(-24, "left"), (24, "right")])
def test_a_turning_camera_brings_new_picture_over_the_edge_it_turns_to(room, moves, edge):
    inflow = CameraMotion(16)
    inflow.searched(thumbnail(room, noise=2))
    regions = inflow.regions(thumbnail(room, across=640 + moves, noise=2, seed=1), FRAME, 80)
    assert regions
    sides = {"left" if region.box.left == 0 else "right" for region in regions}
    assert sides == {edge}
    assert inflow.regions(thumbnail(room, across=640 + moves, noise=2, seed=2), FRAME, 80) in (
        None,
        [],
    )


def test_a_resting_camera_is_told_from_a_moving_one_whoever_walks_by(room, person):
    inflow = CameraMotion(16)
    inflow.searched(thumbnail(with_person(room, person, 20), noise=2))
    shown = thumbnail(with_person(room, person, 50), noise=2, seed=1)
    assert inflow.regions(shown, FRAME, 80) is None
