"""The headless edge on an emulated ARM1176 streams to the real server and gets a name back.

`python -m tests.labs.armv6` starts `iot-facerecognition-server`, then the edge by QEMU's user mode
in the Debian armel root of `benchmarks.edge_cost`, and waits for the name of the one who is in the
photo. The same needs as there. Exit status 0 when the name came.
"""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.edge_cost import REPOSITORY, armel_packages, armel_root
from demo.cast import people
from demo.photos import fetch_photos
from demo.server_process import ServerProcess
from iot_facerecognition_client.sources.jpeg_header import read_jpeg_header

SECONDS = 120
PHOTO, EXPECTED = "obama2.jpg", "Barack Obama"


def run() -> int:
    """Run both, and print what the edge said."""
    photos = fetch_photos()
    jpeg = (photos / PHOTO).read_bytes()
    header = read_jpeg_header(jpeg)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "server").mkdir()
        (folder / "photo").mkdir()
        (folder / "photo" / PHOTO).write_bytes(jpeg)
        with ServerProcess(folder / "server", people(photos)) as server:
            settings = {
                "connection.address": "127.0.0.1",
                "connection.port": server.access.port,
                "connection.token": server.access.token,
                "connection.fingerprint": server.access.fingerprint,
                "camera.source": f"folder:{folder / 'photo'}",
                "camera.width": header.width,
                "camera.height": header.height,
                "camera.fps": 5,
            }
            return watch(folder, settings)


def watch(folder: Path, settings: dict[str, object]) -> int:
    """Run the edge until it names the right person, or time is over."""
    root = armel_root()
    command = ["qemu-arm", "-cpu", "arm1176", "-L", root, root / "usr/bin/python3"]
    command += ["-m", "iot_facerecognition_edge.cli", "--headless", "--state-dir", folder / "edge"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    path = [REPOSITORY / "protocol", REPOSITORY / "edge", armel_packages()]
    edge = subprocess.Popen(
        command,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "PYTHONUNBUFFERED": "1",
            "OPENSSL_CONF": str(REPOSITORY / "edge" / "openssl.cnf"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    late = threading.Timer(SECONDS, edge.kill)
    late.start()
    named = False
    assert edge.stderr is not None
    for line in edge.stderr:
        print("edge:", line.rstrip())
        if re.search(rf"face: {EXPECTED}", line):
            named = True
            edge.terminate()
    status = edge.wait()
    late.cancel()
    print(f"{'named' if named else 'NOT named'}; the edge ended with exit status {status}")
    return 0 if named and status == 0 else 1


if __name__ == "__main__":
    sys.exit(run())
