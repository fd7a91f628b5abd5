"""A large frame does not cost what the system takes for handing its memory out."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import sys
from iot_facerecognition_server.freed_memory import keep_freed_memory

done = keep_freed_memory() if sys.argv[1] == "keep" else False

def frames(count):
    for _ in range(count):
        copies = [bytearray(4_000_000) for _ in range(2)]
        del copies

frames(5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
frames(50)
print(int(done), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(word: str, **environment: str) -> tuple[bool, int]:
    """Return whether it was done, and the page faults of a hundred frames of 4 MB."""
    command = [sys.executable, "-c", PROGRAM, word]
    env = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    printed = subprocess.run(
        command, env=env | environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    done, faults = printed.split()
    return done == "1", int(faults)


def test_memory_of_frames_is_used_again() -> None:
    done, faults = run("keep")
    if not done:
        pytest.skip("this C library is not glibc")
    assert faults < 1000, "a frame of 4 MB has a thousand pages"


def test_settings_of_the_operator_are_left_alone() -> None:
    assert run("keep", MALLOC_TRIM_THRESHOLD_="131072")[0] is False


HOLES = """
from pathlib import Path
from iot_facerecognition_server.freed_memory import give_back_freed_memory, keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

keep_freed_memory()
blocks = [bytearray(b"x") * 100_000 for _ in range(400)]
del blocks[::2], blocks[:-1]
before = resident()
done = give_back_freed_memory()
print(int(done), before - resident())
"""


def test_what_starting_has_freed_in_the_middle_of_the_heap_is_given_back() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", HOLES], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    done, less = map(int, printed.split())
    if not done:
        pytest.skip("this C library is not glibc")
    assert less > 20_000_000
