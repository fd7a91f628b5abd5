"""Pairs of faces are told apart by name, size and distance."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.names import DescribedFace, Pair, named_photos, pairs, table


def face(name: str, side: float, at: float) -> DescribedFace:
    return DescribedFace(name, side, np.array([at], np.float32))


FACES = [face("ann", 80, 0.0), face("ann", 50, 0.5), face("", 30, 1.0), face("", 90, 1.25)]


def test_two_faces_are_one_persons_only_where_a_name_says_so() -> None:
    assert pairs(FACES) == [
        Pair(True, 50, 0.5),
        Pair(False, 30, 1.0),
        Pair(False, 80, 1.25),
        Pair(False, 30, 0.5),
        Pair(False, 50, 0.75),
        Pair(False, 30, 0.25),
    ]


def test_pairs_are_counted_by_threshold_and_size() -> None:
    head, _, *rows = table(pairs(FACES))
    assert "one person: 1;" in head
    cells = {row.split()[0]: " ".join(row.split()[1:]) for row in rows}
    assert cells["0.50"] == "0 of 1 0 of 1 0 of 1 1 of 3"
    assert cells["0.55"] == "1 of 1 0 of 1 0 of 1 2 of 3"


def test_photos_have_the_names_of_their_lines(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.png", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "people.tsv").write_text("b.png\tAnn, -,Bob\n")
    assert named_photos(tmp_path) == {
        tmp_path / "a.jpg": (),
        tmp_path / "b.png": ("Ann", "", "Bob"),
    }


@pytest.mark.parametrize("line", ["a.jpg Ann", "gone.jpg\tAnn"])
def test_a_line_without_a_photo_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "people.tsv").write_text(f"a.jpg\tAnn\n{line}\n")
    with pytest.raises(ValueError, match="line 2 of"):
        named_photos(tmp_path)
