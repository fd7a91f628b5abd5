"""A line of mixed scripts is split and ordered as Unicode says."""

import pytest

from iot_facerecognition_client.lettering.runs import clusters, runs
from iot_facerecognition_client.lettering.scripts import Script, script_of, scripts_of

ALEF, BET, GIMEL = "\u05d0", "\u05d1", "\u05d2"


def visual(text):
    """Return the characters as they stand on the screen, from left to right."""
    return "".join(run.text[::-1] if run.right_to_left else run.text for run in runs(text))


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("Zoë", Script.DEFAULT),
        ("Ελένη", Script.DEFAULT),
        ("Иван", Script.DEFAULT),
        ("王", Script.CJK),
        ("たろう", Script.CJK),
        ("김", Script.CJK),
        ("𠮷", Script.CJK),
        ("अ", Script.DEVANAGARI),
        ("ส", Script.THAI),
        ("م", Script.ARABIC),
        ("ד", Script.HEBREW),
        ("🎉", Script.EMOJI),
    ],
)
def test_every_script_has_a_font_of_its_own(name, script):
    assert {script_of(character) for character in name} == {script}


def test_only_other_scripts_are_reported():
    assert scripts_of("Zoë (12) - Иван") == set()
    assert scripts_of("Li 王 م") == {Script.CJK, Script.ARABIC}


@pytest.mark.parametrize(
    ("text", "screen"),
    [
        ("Bob", "Bob"),
        (ALEF + BET + GIMEL, GIMEL + BET + ALEF),
        # The word, a blank and a number after Hebrew, all of it from right to left.
        (f"{ALEF}{BET} 12", f"12 {BET}{ALEF}"),
        # A Latin name in a Hebrew line keeps its own direction.
        (f"{ALEF}{BET} Bob", f"Bob {BET}{ALEF}"),
        (f"Dr. {ALEF}{BET}", f"Dr. {BET}{ALEF}"),
        (f"Dr. {ALEF}{BET} {GIMEL}!", f"Dr. {GIMEL} {BET}{ALEF}!"),
        # A number next to Latin letters stays with them.
        (f"Cam 3 {ALEF}{BET}", f"Cam 3 {BET}{ALEF}"),
        # Brackets around a number after Hebrew belong to the Hebrew.
        (f"Dr. {ALEF} (3)", f"Dr. )3( {ALEF}"),
    ],
)
def test_right_to_left_text_stands_in_its_order(text, screen):
    assert visual(text) == screen


def test_a_run_has_one_font_and_marks_stay_with_their_letter():
    found = runs("Li 王小明 ok")
    assert [(run.text, run.script) for run in found] == [
        ("Li ", Script.DEFAULT),
        ("王小明", Script.CJK),
        (" ok", Script.DEFAULT),
    ]
    assert len(runs("สมชาย ผู้")) == 3
    assert len(runs("👩‍🚀👍🏽")) == 1


def test_nothing_is_no_run():
    assert runs("") == []


def test_a_name_is_cut_between_what_a_reader_takes_for_letters():
    assert clusters("e\u0301a") == ["e\u0301", "a"]
    assert clusters("👩‍🚀x") == ["👩‍🚀", "x"]
    assert clusters("👍🏽") == ["👍🏽"]
    assert clusters("ผู้ก") == ["ผู้", "ก"]


@pytest.mark.parametrize("control", ["\n", "\r", "\x1c", "\x85", "\u2028", "\u2029", "\0"])
def test_a_line_break_in_a_name_is_a_space(control):
    """Names come from a server, and a shaper refuses text of several lines."""
    assert visual(f"Li{control}王") == "Li 王"
