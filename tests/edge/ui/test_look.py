"""Colours, sizes and text."""

import pygame
import pytest

from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.ui.colours import contrast, make_colours, parse_colour
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.metrics import make_metrics
from iot_facerecognition_edge.ui.popup import SWATCHES
from iot_facerecognition_edge.ui.typeface import Style, Typeface


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("accent", [*SWATCHES, "#000000", "#ffffff", "#808080"])
def test_text_can_be_read_on_what_is_behind_it(accent, dark):
    colours = make_colours(parse_colour(accent), dark=dark)
    pairs = [
        (colours.text, colours.background),
        (colours.text, colours.raised),
        (colours.dim, colours.surface),
        (colours.accent_mark, colours.surface),
        (colours.good, colours.surface),
        (colours.warning, colours.surface),
        (colours.error, colours.surface),
    ]
    for front, back in pairs:
        assert contrast(front, back) >= 4.4, (front, back)
    assert contrast(colours.on_accent, colours.accent) >= 4.4
    for line in colours.series:
        assert contrast(line, colours.surface) >= 2.9


def test_black_on_white_is_the_greatest_contrast():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@pytest.mark.parametrize("text", ["red", "#fff", "#gg0000", "8b0000"])
def test_a_colour_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"#|invalid literal"):
        parse_colour(text)


@pytest.mark.parametrize(
    ("size", "target"), [((480, 320), 46), ((320, 480), 46), ((320, 240), 40), ((800, 480), 69)]
)
def test_targets_are_as_large_as_a_finger(size, target):
    assert make_metrics(size).target == target


def test_sizes_grow_with_the_screen():
    sizes = [(320, 240), (480, 320), (800, 480), (1280, 720), (1920, 1080)]
    bodies = [make_metrics(size).body for size in sizes]
    assert bodies == sorted(set(bodies))
    assert bodies[0] >= 13


@pytest.fixture(params=["DejaVu Sans", "pygame's own"])
def typeface(request):
    canvas = MemoryScreen((480, 320)).canvas
    metrics = make_metrics(canvas.get_size())
    if request.param == "DejaVu Sans":
        return Typeface(canvas, metrics)
    return Typeface(canvas, metrics, folder=None)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_text_that_does_not_fit_is_cut_with_an_ellipsis(typeface, width):
    font = typeface.font(Style.BODY)
    text = typeface.fit("a rather long sentence about nothing that matters here", font, width)
    assert font.size(text)[0] <= width
    assert text.endswith("…")
    assert typeface.fit("ok", font, width) == "ok"


def test_text_is_broken_between_words_and_long_words_within(typeface):
    font = typeface.font(Style.BODY)
    text = "one two three " + "x" * 80 + "\nlast"
    lines = typeface.wrap(text, font, 120)
    assert all(font.size(line)[0] <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert lines[-1] == "last"


def test_text_from_a_server_cannot_break_the_drawing(typeface):
    font = typeface.font(Style.BODY)
    drawn = typeface.draw("a\0b 😀 \ufffd", font, (0, 0, 0), (255, 255, 255))
    assert drawn.get_width() > 0


def test_drawn_text_is_kept_but_not_for_ever(typeface):
    font = typeface.font(Style.TITLE)
    first = typeface.draw("hello", font, (0, 0, 0), (255, 255, 255))
    assert typeface.draw("hello", font, (0, 0, 0), (255, 255, 255)) is first
    for number in range(3000):
        typeface.draw(f"number {number}", font, (0, 0, 0), (255, 255, 255))
    assert typeface.draw("hello", font, (0, 0, 0), (255, 255, 255)) is not first
    assert sum(s.get_width() * s.get_height() for s in typeface._drawn.values()) < 650_000


@pytest.mark.parametrize("icon", list(Icon))
@pytest.mark.parametrize("side", [16, 40])
def test_icons_fill_their_square_without_touching_more(icon, side):
    screen = MemoryScreen((80, 80))
    look = Look(screen.canvas, (139, 0, 0), dark=True)
    area = pygame.Rect(20, 20, side, side)
    look.icons.draw(screen.canvas, icon, area, (255, 255, 255))
    lit = pygame.mask.from_threshold(screen.canvas, (255, 255, 255), (100, 100, 100))
    (drawn, *more) = lit.get_bounding_rects() or [pygame.Rect(0, 0, 0, 0)]
    drawn.unionall_ip(more)
    assert area.contains(drawn)
    assert max(drawn.size) >= side * 0.5
