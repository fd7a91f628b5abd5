"""A client's settings stay within bounds, and its name can forge nothing."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iot_facerecognition_protocol import (
    LABEL_COUNT_MAX,
    LABEL_COUNT_MIN,
    NAME_LENGTH,
    Command,
    SessionSettings,
    Setting,
    clean_text,
    decode,
    encode,
)

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs"]))
LENGTHS = st.integers(min_value=0, max_value=200)


@given(ANY_TEXT, LENGTHS)
@example("\n" * 1_000_000, 64)
@example("a\u2028b\u202ec\x1b[31md\x00\x85", 64)
def test_clean_text_is_one_short_line_that_can_be_encoded(text: str, length: int) -> None:
    cleaned = clean_text(text, length)
    assert len(cleaned) <= length
    assert len(cleaned.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert cleaned == cleaned.strip()
    cleaned.encode()


@given(ANY_TEXT, LENGTHS)
def test_cleaning_twice_changes_nothing(text: str, length: int) -> None:
    once = clean_text(text, length)
    assert clean_text(once, length) == once


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=64))
def test_text_without_faults_stays_as_it_is(text: str) -> None:
    assert clean_text(text, 64) == text


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("kitchen", "kitchen"),
        ("  kitchen ", "kitchen"),
        ("Küche 廚房 📷", "Küche 廚房 📷"),
        ("", "noname"),
        (" \r\n\t", "noname"),
        ("two\nlines", "two lines"),
        ("\x1b[2Jgone", "[2Jgone"),
        ("abc\u202egnp.exe", "abc gnp.exe"),
        ("half \ud83d", "half \N{REPLACEMENT CHARACTER}"),
        ("n" * 1_000_000, "n" * NAME_LENGTH),
        ("n" * 63 + " n", "n" * 63),
    ],
)
def test_name_that_holds(asked: str, held: str) -> None:
    assert SessionSettings().renamed(asked).name == held


@given(ANY_TEXT)
def test_name_is_bounded_never_empty_and_asked_again_the_same(asked: str) -> None:
    settings = SessionSettings().renamed(asked)
    assert 1 <= len(settings.name) <= NAME_LENGTH
    assert settings.renamed(settings.name) == settings


@given(st.integers(), st.integers(min_value=1, max_value=LABEL_COUNT_MAX))
@example(0, 1000)
@example(-1, 1000)
@example(100_000, 1000)
@example(10**307, 10)
def test_label_count_is_clamped(asked: int, most: int) -> None:
    held = SessionSettings().with_label_count(asked, most)
    assert LABEL_COUNT_MIN <= held.label_count <= most
    if LABEL_COUNT_MIN <= asked <= most:
        assert held.label_count == asked
    assert held.with_label_count(held.label_count, most) == held


@given(st.none() | st.floats() | st.integers())
@example(float("nan"))
@example(float("inf"))
def test_object_threshold_is_clamped_and_can_always_be_sent(asked: float | None) -> None:
    held = SessionSettings().with_object_threshold(asked)
    if asked is None:
        assert held.object_threshold is None
    else:
        assert held.object_threshold is not None
        assert 0 <= held.object_threshold <= 1
        if 0 <= asked <= 1:
            assert held.object_threshold == asked
    setting = Setting(Command.SETTING_OBJECTTHRESHOLD, held.object_threshold)
    assert decode(encode(setting)) == setting
