"""A console that nobody reads."""

import io
import os
from contextlib import suppress

import pytest

from iot_facerecognition_edge.log.console import Console, console


def read_all(descriptor: int) -> bytes:
    os.set_blocking(descriptor, False)
    read = b""
    with suppress(BlockingIOError):
        while part := os.read(descriptor, 65536):
            read += part
    return read


@pytest.mark.timeout(20)
def test_lines_that_nobody_reads_are_lost_and_counted_and_nothing_waits() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        target = Console(stream)
        written = 0
        while not target.lost:
            target.write(f"line {written}\n")
            written += 1
        for _ in range(9):
            target.write("never seen\n")
        assert target.lost == 10
        read_all(reader)
        target.write("read again\n")
        assert target.lost == 0
        assert read_all(reader) == b"10 log lines were lost: nobody read them\nread again\n"
    os.close(reader)


def test_a_reader_that_has_gone_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        target = Console(stream)
        target.write("nobody\n")
        assert target.lost == 1


def test_a_stream_in_memory_stays_as_it_is() -> None:
    stream = io.StringIO()
    assert console(stream) is stream
