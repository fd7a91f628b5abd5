"""Names in every script are drawn with their own letters, joined and in their order."""

import numpy as np
import pytest

from iot_facerecognition_client.lettering.drawing import Lettering
from iot_facerecognition_client.lettering.fonts import Fonts
from iot_facerecognition_client.lettering.scripts import Script

WHITE = (255, 255, 255)
NAMES = {
    Script.CJK: ("王小明", "山田", "김민수"),
    Script.DEVANAGARI: ("अर्जुन",),
    Script.THAI: ("สมชาย",),
    Script.ARABIC: ("محمد",),
    Script.HEBREW: ("דוד",),
    Script.EMOJI: ("🎉",),
}


@pytest.fixture(scope="module")
def lettering():
    found = Lettering()
    missing = found.fonts.missing("".join(name for names in NAMES.values() for name in names))
    if missing:
        pytest.skip(f"fonts are missing: apt-get install {' '.join(sorted(missing))}")
    return found


def ink(lettering, text, size=32):
    return np.asarray(lettering.draw(text, size, WHITE))[:, :, 3]


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_a_name_is_not_drawn_as_boxes(lettering, name):
    bare = Lettering(Fonts(folders=()))
    assert bare.fonts.missing(name)
    assert ink(lettering, name).any()
    drawn, boxes = ink(lettering, name), ink(bare, name)
    assert drawn.shape != boxes.shape or (drawn != boxes).any()


def test_different_letters_look_different(lettering):
    assert (ink(lettering, "王") != ink(lettering, "小")).any()


def test_arabic_letters_are_joined(lettering):
    if not lettering.shapes:
        pytest.skip("this Pillow has no Raqm")
    joined, apart = ink(lettering, "محمد"), ink(lettering, "\u200c".join("محمد"))
    assert joined.shape != apart.shape or (joined != apart).any()


def test_hebrew_begins_at_the_right(lettering):
    """The last letter of a right-to-left name stands first."""
    name, last = ink(lettering, "דוד כהן"), ink(lettering, "\u05df")
    columns = np.flatnonzero(name.any(axis=0))
    glyph = last[:, np.flatnonzero(last.any(axis=0))]
    first = name[:, columns[0] : columns[0] + glyph.shape[1]]
    assert np.abs(first.astype(int) - glyph).mean() < 12


def test_emoji_are_in_colour(lettering):
    drawn = np.asarray(lettering.draw("🎉", 32, WHITE))
    opaque = drawn[drawn[:, :, 3] > 200][:, :3].astype(int)
    assert np.ptp(opaque, axis=1).max() > 80


def test_a_line_is_as_high_whatever_stands_in_it(lettering):
    heights = {ink(lettering, name).shape[0] for name in ("Bob", "王", "محمد", "🎉")}
    assert heights == {lettering.height(32)}


def test_a_picture_is_as_wide_as_it_was_measured(lettering):
    for name in ("Bob", "Li 王小明", "Dr. محمد علي (3)", "Anna 👩‍🚀"):
        assert lettering.draw(name, 24, WHITE).width == lettering.width(name, 24)


def test_a_name_that_is_too_wide_is_cut_with_an_ellipsis(lettering):
    name = "王小明" * 20
    fitting = lettering.fit(name, 24, 200)
    assert fitting.endswith("…")
    assert len(fitting) > 4
    assert lettering.width(fitting, 24) <= 200
    assert lettering.fit("王", 24, 200) == "王"


def test_missing_fonts_are_told_as_packages():
    bare = Fonts(folders=())
    assert bare.missing("Zoë Иван") == set()
    assert bare.missing("王 م 🎉") == {
        "fonts-noto-cjk",
        "fonts-noto-color-emoji",
        "fonts-noto-core",
    }


def test_without_any_font_names_are_still_drawn():
    bare = Lettering(Fonts(folders=()))
    assert bare.width("Bob", 20) > 10
    assert np.asarray(bare.draw("Bob 王", 20, WHITE))[:, :, 3].any()


@pytest.mark.parametrize("name", ["王\n小", "Ann\nBo", "محمد\rعلي"])
def test_a_name_with_a_line_break_is_drawn_in_one_line(name):
    lettering = Lettering()
    drawn = lettering.draw(lettering.fit(name, 20, 300), 20, WHITE)
    assert drawn.height == lettering.height(20)
    assert drawn.width == max(1, lettering.width(name.replace("\n", " ").replace("\r", " "), 20))
