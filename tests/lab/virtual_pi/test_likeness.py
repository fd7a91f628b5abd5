import pytest
from PIL import Image, ImageDraw

from lab.virtual_pi.likeness import likeness, part, share_of_frame

DARK_RED = (139, 0, 0)


def plate(text: str) -> Image.Image:
    picture = Image.new("RGB", (160, 24), DARK_RED)
    ImageDraw.Draw(picture).text((4, 4), text, fill=(255, 255, 255))
    return picture


def as_16_bits(picture: Image.Image) -> Image.Image:
    return picture.point(lambda level: level & 0xF8)


def test_a_name_is_like_itself_in_rounded_colours_and_unlike_another():
    ours = plate("Barack Obama")
    assert likeness(as_16_bits(ours), ours) > 0.99
    assert likeness(as_16_bits(plate("Eileen Collins")), ours) < 0.6


def test_a_single_colour_is_like_nothing():
    assert likeness(Image.new("RGB", (160, 24)), plate("Barack Obama")) == 0


def test_pictures_of_two_sizes_are_not_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        likeness(Image.new("RGB", (10, 10)), Image.new("RGB", (10, 12)))


def test_a_frame_is_found_where_it_is_and_nowhere_else():
    picture = Image.new("RGB", (200, 150), (90, 120, 60))
    box = (40, 30, 80, 70)
    ImageDraw.Draw(picture).rectangle((40, 30, 119, 99), outline=DARK_RED, width=4)
    shown = as_16_bits(picture)
    assert share_of_frame(shown, box, 4, DARK_RED) == 1
    assert share_of_frame(shown, (44, 34, 80, 70), 4, DARK_RED) < 0.5
    assert share_of_frame(Image.new("RGB", (200, 150), DARK_RED), box, 4, (0, 139, 0)) == 0


def test_a_part_of_a_picture():
    picture = plate("Barack Obama")
    assert part(picture, (10, 5, 20, 12)).size == (20, 12)
