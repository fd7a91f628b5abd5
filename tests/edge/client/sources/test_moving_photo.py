"""A photo over which a camera seems to move."""

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol.box import Box
from tests.edge.client.sources.frames import ManualClock, decoded


def test_a_moving_photo_is_another_scene_with_the_next_photo(moving):
    clock = ManualClock()
    source = MovingPhoto([path for path, _ in moving._photos], seconds_per_photo=4, clock=clock)
    source.start()
    numbers = []
    for _ in range(3):
        numbers.append(source.next_frame().scene.number)
        clock.now += 3.0
    assert numbers == [0, 0, 1]


@pytest.fixture
def moving(photos) -> MovingPhoto:
    return MovingPhoto([photos / "obama.jpg", photos / "astronaut.png"], seconds_per_photo=4)


def test_a_moving_photo_is_the_same_every_time(moving, photos):
    paths = [photos / "obama.jpg", photos / "astronaut.png"]
    again = MovingPhoto(paths, seconds_per_photo=4)
    other = MovingPhoto(paths, seconds_per_photo=4, seed=1)
    assert moving.frames(3, start=20) == again.frames(3, start=20)
    assert moving.frames(3, start=20) != other.frames(3, start=20)


def test_a_moving_photo_stays_within_the_photo_and_moves_smoothly(moving):
    before = None
    photos = set()
    for index in range(400):
        view = moving.view(index)
        photos.add(view.photo.name)
        width, height = Image.open(view.photo).size
        assert view.box.left >= -1e-6
        assert view.box.top >= -1e-6
        assert view.box.right <= width + 1e-6
        assert view.box.bottom <= height + 1e-6
        assert view.box.width / view.box.height == pytest.approx(640 / 480)
        if before is not None and before.photo == view.photo:
            step = max(abs(view.box.left - before.box.left), abs(view.box.width - before.box.width))
            assert step < 0.05 * width
        before = view
    assert photos == {"obama.jpg", "astronaut.png"}
    assert moving.view(60).photo != moving.view(59).photo


def test_every_view_it_rests_at_holds_what_it_has_to_keep(photos):
    path = photos / "biden.jpg"
    width, height = Image.open(path).size
    area = Box.at(0.6 * width, 0.7 * height, 0.3 * width, 0.2 * height)
    source = MovingPhoto([path], keep={path: area}, closest=0.2, fps=10)
    boxes = [source.view(rest).box for rest in range(0, 2000, 20)]
    for box in boxes:
        assert box.left <= area.left + 1e-6
        assert box.top <= area.top + 1e-6
        assert box.right >= area.right - 1e-6
        assert box.bottom >= area.bottom - 1e-6
    assert len({box.left for box in boxes}) > 50


def test_an_area_too_large_to_keep_is_kept_by_its_middle(photos):
    path = photos / "biden.jpg"
    width, height = Image.open(path).size
    source = MovingPhoto([path], keep={path: Box(0, 0, width, height)}, fps=10)
    for rest in range(0, 400, 20):
        _, down = source.view(rest).box.centre
        assert down == pytest.approx(height / 2)


def test_a_frame_shows_its_view(moving):
    for index in (0, 17, 40, 75):
        view = moving.view(index)
        with Image.open(view.photo) as photo:
            box = (view.box.left, view.box.top, view.box.right, view.box.bottom)
            cut = photo.convert("RGB").resize((640, 480), Image.Resampling.BICUBIC, box=box)
        shown = decoded(moving.jpeg(index))[:, :, ::-1]
        assert shown.shape == (480, 640, 3)
        assert np.abs(np.asarray(cut, np.int16) - shown).mean() < 6


def test_a_live_moving_photo_follows_the_clock(photos):
    clock = ManualClock()
    source = MovingPhoto([photos / "biden.jpg"], fps=10, clock=clock)
    source.start()
    assert source.next_frame().index == 0
    clock.now += 2.55
    frame = source.next_frame()
    assert (frame.index, frame.captured) == (25, clock.now)
    assert frame.jpeg == source.jpeg(25)
