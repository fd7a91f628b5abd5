"""Files that are read up to a bound, and never waited for."""

import errno
import os
from pathlib import Path

import pytest

from iot_facerecognition_protocol.system.regular_file import open_regular, read_regular


def test_a_file_is_read_up_to_the_bound(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read_regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes") as caught:
        read_regular(tmp_path / "file", 4)
    assert caught.value.errno == errno.EFBIG


def test_a_file_that_grows_while_it_is_read_is_too_large(tmp_path: Path, monkeypatch):
    (tmp_path / "file").write_bytes(b"12345")
    real = os.fstat

    def before_it_grew(descriptor: int) -> os.stat_result:
        status = list(real(descriptor))
        status[6] = 0
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", before_it_grew)
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "file", 4)


@pytest.mark.timeout(10)
def test_a_pipe_a_folder_and_a_device_are_errors_and_nothing_waits(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(OSError, match=r"regular file|directory"):
            open_regular(path)
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_not_there_is_told_apart(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 1)
