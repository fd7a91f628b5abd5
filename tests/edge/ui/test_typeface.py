"""Names in scripts that DejaVu Sans lacks are measured, cut and drawn as any other text."""

import builtins

import pygame
import pytest

from iot_facerecognition_client.lettering.fonts import Fonts
from iot_facerecognition_edge.screens.headless import prepare_drawing
from iot_facerecognition_edge.ui.metrics import make_metrics
from iot_facerecognition_edge.ui.typeface import Style, Typeface

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
NAME = "山田 太郎"


@pytest.fixture
def typeface():
    prepare_drawing()
    if missing := Fonts().missing(NAME):
        pytest.skip(f"fonts are missing: apt-get install {' '.join(missing)}")
    return Typeface(pygame.Surface((480, 320)), make_metrics((480, 320)))


def pixels(surface):
    return pygame.image.tobytes(surface, "RGB")


def test_a_name_has_letters_instead_of_boxes(typeface):
    font = typeface.font(Style.BOLD)
    drawn = typeface.draw(NAME, font, WHITE, BLACK)
    boxes = font.render(NAME, True, WHITE, BLACK)
    assert pixels(drawn) != pixels(boxes.convert(drawn))
    assert drawn.get_width() == typeface.size(NAME, font)[0]
    assert drawn.get_height() == typeface.draw("Bob", font, WHITE, BLACK).get_height()


def test_different_names_look_different(typeface):
    font = typeface.font(Style.BODY)
    one, other = (typeface.draw(name, font, WHITE, BLACK) for name in ("山", "田"))
    assert pixels(one) != pixels(other)


def test_a_name_is_cut_and_broken_to_a_width(typeface):
    font = typeface.font(Style.BODY)
    fitting = typeface.fit(NAME * 8, font, 100)
    assert fitting.endswith("…")
    assert 60 < typeface.size(fitting, font)[0] <= 100
    lines = typeface.wrap(NAME * 8, font, 100)
    assert len(lines) > 3
    assert all(typeface.size(line, font)[0] <= 100 for line in lines)


def test_without_pillow_names_are_drawn_as_before_and_the_cure_is_logged(
    typeface, monkeypatch, caplog
):
    imported = builtins.__import__

    def without_pillow(name, *arguments, **options):
        if name.endswith("lettering.drawing"):
            raise ImportError(name)
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_pillow)
    font = typeface.font(Style.BODY)
    boxes = font.render(NAME, True, WHITE, BLACK)
    for _ in range(2):
        drawn = typeface.draw(NAME, font, WHITE, BLACK)
    assert drawn.get_width() == boxes.get_width()
    assert [record.message for record in caplog.records] == [
        "some names cannot be drawn: apt-get install python3-pil"
    ]
