"""The command line, in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iot_facerecognition_server.cli import main


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A working directory without a configuration; no setting comes from outside."""
    monkeypatch.chdir(tmp_path)
    for variable in list(os.environ):
        if variable.startswith("IOT_FACERECOGNITION_"):
            monkeypatch.delenv(variable)
    return tmp_path


class Result:
    def __init__(self, code: int, out: str, err: str):
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys) -> Callable[..., Result]:
    """Run a command and return exit code, output and errors."""

    def run_command(*arguments: str | Path) -> Result:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse's own way for --help and bad command lines
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def start(home):
    """Start the command in a process of its own; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start_command(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "iot_facerecognition_server", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=home,
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
