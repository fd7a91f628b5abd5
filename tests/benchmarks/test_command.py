import os
import signal
import subprocess
import sys

import pytest

from benchmarks import command

PROGRAM = """
import sys, time
from benchmarks import command
def main():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)
command.run(main)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_benchmark_cleans_up_and_says_so(number):
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    running.send_signal(number)
    printed, said = running.communicate(timeout=30)
    assert (printed, said) == ("cleaned up\n", "\ninterrupted\n")
    assert running.returncode == 130


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_the_exit_code_is_that_of_the_benchmark(result, code):
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            command.run(lambda: result)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == code
