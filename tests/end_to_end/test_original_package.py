"""PyPI's iot-facerecognition-client 1.2.0, unmodified, against our server.

It runs in a process of its own, since its module has the name of ours. Only `cv2.VideoCapture` is
replaced, by photos. It calls back only with `guienabled=True`, so it draws on an Xvfb screen.
"""

import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.photos import CACHE
from lab.server_process import ServerProcess

PROGRAM = """
import sys
import cv2
import iot_facerecognition_client as original

class PhotoCapture:
    def __init__(self, device):
        self.photo = cv2.resize(cv2.imread(sys.argv[2]), (626, 1200))
    def set(self, key, value):
        pass
    def read(self):
        return True, self.photo.copy()
    def release(self):
        pass

cv2.VideoCapture = PhotoCapture
assert original.__file__.startswith(sys.argv[3]), original.__file__
client = original.FaceRecognition(
    "kitchen", "127.0.0.1", sys.argv[1], 626, 1200,
    callbackfunc=lambda tag: print("found", repr(tag), flush=True), guienabled=True,
)
client.connect()
client.sendmessage("hello from 2020")
client.start()
"""


@pytest.fixture(scope="module")
def package() -> Path:
    """The package's folder, unpacked from its source archive and not installed."""
    folder = CACHE / "original-client"
    unpacked = folder / "iot-facerecognition-client-1.2.0"
    if not unpacked.is_dir():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary=:all:", "--no-build-isolation", "--dest", str(folder)]
        subprocess.run([*command, "iot-facerecognition-client==1.2.0"], check=True)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return unpacked


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server's display."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("needs Xvfb: apt-get install xvfb")
    process = subprocess.Popen(
        [xvfb, "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    yield ":" + process.stdout.readline().decode().strip()
    process.terminate()
    process.wait()
    process.stdout.close()


def test_unmodified_package_is_named_and_calls_back_with_the_right_tag(
    open_server: ServerProcess, photos: Path, package: Path, display: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    port = str(open_server.access.port)
    client = subprocess.Popen(
        [sys.executable, program, port, photos / "obama2.jpg", package],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PYTHONPATH": str(package), "DISPLAY": display, "PATH": "/usr/bin:/bin"},
    )
    try:
        assert client.stdout
        heard = ""
        deadline = time.monotonic() + 60
        while "found" not in heard and time.monotonic() < deadline:
            line = client.stdout.readline()
            if not line:
                break
            heard += line
        assert "found 'Barack Obama'" in heard
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
    assert "kitchen" in open_server.output()
    assert "hello from 2020" in open_server.output()
