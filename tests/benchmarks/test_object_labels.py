"""What a threshold does to labels is counted right."""

from pathlib import Path

import pytest

from benchmarks.object_labels import Answer, ThresholdRow, labelled_photos

ANSWERS = [
    Answer(frozenset({7}), ((7, 0.5), (8, 0.25), (9, 0.125))),
    Answer(frozenset({3, 4}), ((4, 0.25), (5, 0.25), (3, 0.125))),
    Answer(frozenset(), ((1, 0.25), (2, 0.125), (3, 0.0625))),
]


@pytest.mark.parametrize(
    ("threshold", "recognised", "right", "wrong", "silent"),
    [
        (0.0, 2, 3, 6, 0),
        (0.125, 2, 3, 5, 0),
        (0.25, 2, 2, 3, 0),
        (0.3, 1, 1, 0, 2),
        (1, 0, 0, 0, 3),
    ],
)
def test_labels_at_or_above_the_threshold_are_counted(
    threshold: float, recognised: int, right: int, wrong: int, silent: int
) -> None:
    assert ThresholdRow.of(threshold, ANSWERS) == ThresholdRow(
        threshold, 2, recognised, right, wrong, silent
    )


def test_a_row_without_labels_names_no_share() -> None:
    assert str(ThresholdRow.of(1, ANSWERS)).split()[-2:] == ["-", "3"]


def test_photos_are_labelled_by_their_index(tmp_path: Path) -> None:
    for name in ("b.JPEG", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "index.tsv").write_text("index\tfile\n7\tb.JPEG\n8\tb.JPEG\n")
    found = {photo.path.name: photo.shown for photo in labelled_photos(tmp_path)}
    assert found == {"a.jpg": frozenset(), "b.JPEG": {7, 8}}


@pytest.mark.parametrize("line", ["seven\ta.jpg", "7 a.jpg", "7\tgone.jpg"])
def test_a_line_that_labels_no_photo_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "index.tsv").write_text(f"index\tfile\n{line}\n")
    with pytest.raises(ValueError, match=r"line 2 of .*index\.tsv"):
        labelled_photos(tmp_path)
