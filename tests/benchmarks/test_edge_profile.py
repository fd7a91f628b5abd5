"""Where the edge's instructions go: blocks of code are counted to the library that they lie in."""

import ctypes
import shutil
from pathlib import Path

import pytest

from benchmarks import edge_profile

MAPS = """\
40000000-40010000 r--p 00000000 08:01 11 /lib/liba.so.1
40010000-40020000 r-xp 00010000 08:01 11 /lib/liba.so.1
50000000-50010000 r-xp 00000000 08:01 12 /usr/lib/b.so
60000000-60001000 rw-p 00000000 00:00 0
"""


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(edge_profile, "_function", lambda file, offset: f"at {offset:x}")
    return edge_profile.mappings(MAPS)


def test_a_block_counts_its_instructions_as_often_as_it_was_executed(two):
    blocks = ["40010010 3 100", "40010010 3 1", "50000020 5 2", "70000000 7 1"]
    assert edge_profile.by_function(blocks, two) == {
        ("liba.so.1", "at 10010"): 303,
        ("b.so", "at 20"): 10,
        ("elsewhere", ""): 7,
    }


def test_libraries_stand_before_their_functions_the_dearest_first(two):
    spent = edge_profile.by_function(["40010010 9 1000000", "50000020 1 1000000"], two)
    lines = list(edge_profile.rows(spent, 2))
    assert [line.split() for line in lines] == [
        ["4.500", "90.0%", "liba.so.1"],
        ["4.500", "90.0%", "at", "10010"],
        ["0.500", "10.0%", "b.so"],
        ["0.500", "10.0%", "at", "20"],
    ]


@pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils are not installed")
def test_a_function_is_found_by_its_place_in_a_real_library():
    libc = ctypes.CDLL(None)
    place = ctypes.cast(libc.qsort, ctypes.c_void_p).value
    maps = edge_profile.mappings(Path("/proc/self/maps").read_text())
    (count,) = edge_profile.by_function([f"{place:x} 4 10"], maps).items()
    (library, function), instructions = count
    assert library.startswith("libc")
    assert "qsort" in function
    assert instructions == 40
