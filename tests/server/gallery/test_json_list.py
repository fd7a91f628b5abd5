"""A JSON list that is read entry by entry."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.gallery.json_list import LONGEST_ENTRY, JsonListError, entries

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
"""A few of each kind in each other: making more takes seconds, and finds no more."""


@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 0, 2]))
def test_it_reads_what_json_reads(values, indent):
    assert list(entries(json.dumps(values, indent=indent))) == values


def test_an_entry_longer_than_a_first_look_is_whole():
    values = ["x" * length for length in (4093, 4094, 4095, 4096, 50_000)] + [10**4090 + 1, 7]
    assert list(entries(json.dumps(values))) == values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1: Expecting value"),
        ('{"a": 1}', "line 1, column 1: it is a dict"),
        ("[1, 2", "line 1, column 6: expecting , or ]"),
        ("[1,\n2,]", "line 2, column 3: Expecting value"),
        ('[\n {"tag" "x"}]', "line 2, column 9: Expecting ':' delimiter"),
        ("[1]\n]", "line 2, column 1: something follows"),
        ("[" * 100_000, "line 1, column "),
        ("[" + "1" * 5000 + "]", "line 1, column 2: Exceeds the limit"),
        (f'["{"x" * LONGEST_ENTRY}"]', f"(an entry has up to {LONGEST_ENTRY} characters)"),
    ],
)
def test_what_is_wrong_is_reported_with_line_and_column(text, told):
    with pytest.raises(JsonListError) as caught:
        list(entries(text))
    assert told in str(caught.value)
