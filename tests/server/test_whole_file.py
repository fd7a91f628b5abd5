"""Files that come into being whole or not at all."""

from pathlib import Path

import pytest

from iot_facerecognition_server.whole_file import in_place_of


def test_what_was_written_takes_the_files_place(tmp_path: Path):
    path = tmp_path / "new folder" / "file.txt"
    with in_place_of(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), in_place_of(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), in_place_of(tmp_path / "file" / "below"):
        pass
