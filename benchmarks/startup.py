"""How long the server takes from its start to the moment it is ready, and where the time goes.

`python -m benchmarks.startup` starts the real server with 20 reference photos, first with nothing
in its state directory but key and token, then with the descriptors of the photos cached, a few
times each. The photos are real ones out of public packages, cropped, resized and mirrored. The
reference, in the same run, is an interpreter that only imports what the server imports, and torch
whole, of which the server postpones a part.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from benchmarks import command
from benchmarks.machine import machine
from benchmarks.process_cost import ProcessCost
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.scaling import luma
from lab.cast import ON_PHOTO
from lab.photos import fetch_photos
from lab.server_process import ServerProcess

PHOTOS: Final = 20
SOURCES: Final = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "astronaut.png")
TARGETS: Final = {"cold": 5.0, "cached": 2.0}
LAST: Final = "port"
STEPS: Final = {
    "interpreter, configuration, key and token": "the certificate's fingerprint",
    "torch, and the face networks": "face descriptors on",
    "the classifier": "objects on",
    "self-test and gallery": " reference photos",
    LAST: "listening on",
}
"""What has been done when the log says this."""
IMPORTS: Final = ("numpy", "torch", "dlib", "iot_facerecognition_server.assembly.server")


def reference_photos(folder: Path) -> dict[str, list[Path]]:
    """Write `PHOTOS` pictures of the known people to `folder`: crops, sizes, mirrored or not."""
    detector, originals = HogDetector(), fetch_photos()
    chance = np.random.default_rng(1)
    folder.mkdir()
    photos: dict[str, list[Path]] = {}
    for number in range(PHOTOS):
        name = SOURCES[number % len(SOURCES)]
        picture = Image.open(originals / name).convert("RGB")
        face = detector.detect(luma(np.asarray(picture)))[0].box
        margin = chance.uniform(0.6, 2.0) * face.width
        box = (
            max(0, face.left - margin),
            max(0, face.top - margin),
            min(picture.width, face.right + margin),
            min(picture.height, face.bottom + margin),
        )
        side = int(chance.integers(480, 1600))
        cut = ImageOps.contain(picture.crop(box), (side, side))
        if number % 2:
            cut = ImageOps.mirror(cut)
        path = folder / f"{number:02}.jpg"
        cut.save(path, quality=90)
        photos.setdefault(ON_PHOTO[name], []).append(path)
    return photos


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds from its begin to each of `STEPS`, and processor seconds of it all."""

    reached: Mapping[str, float]
    cpu: float

    @property
    def ready(self) -> float:
        """Seconds until the server listened."""
        return self.reached[LAST]


def start(folder: Path, people: Mapping[str, Sequence[Path]]) -> Start:
    """Start the server once, and end it again."""
    began = time.time()
    with ServerProcess(folder, people, {"Log": {"LogFormat": "json"}}) as server:
        cpu = ProcessCost.of(server.pid).cpu
        told = server.output()
    reached = {}
    for line in told.splitlines():
        if not line.startswith("{"):
            continue  # the token, which is in no log
        record = json.loads(line)
        for step, begin in STEPS.items():
            if begin in record["message"]:
                reached[step] = datetime.fromisoformat(record["ts"]).timestamp() - began
    return Start(reached, cpu)


def imports() -> dict[str, float]:
    """Return the seconds that importing takes, in an interpreter of its own; the last is all."""
    code = "import sys, time, importlib\nfor name in sys.argv[1:]:\n"
    code += "    began = time.perf_counter()\n    importlib.import_module(name)\n"
    code += "    print(name, time.perf_counter() - began)\n"
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *IMPORTS], check=True, capture_output=True, text=True
    )
    taken = {name: float(seconds) for name, seconds in map(str.split, done.stdout.splitlines())}
    return {**taken, "interpreter and all imports": time.perf_counter() - began}


def print_starts(name: str, starts: Sequence[Start]) -> None:
    """Print the median of some starts, step by step."""
    before = 0.0
    for step in STEPS:
        at = median(one.reached[step] for one in starts)
        print(f"  {step:<44} {at - before:6.2f} {at:6.2f}")
        before = at
    ready, cpu = before, median(one.cpu for one in starts)
    verdict = "met" if ready < TARGETS[name] else "missed"
    print(f"  {name}: ready after {ready:.2f} s, of {len(starts)} starts; {cpu:.2f} s of processor")
    print(f"  target below {TARGETS[name]:g} s: {verdict}\n", flush=True)


def print_imports() -> None:
    """Print the reference."""
    print("an interpreter that only imports, the modules one after the other, in seconds")
    for name, seconds in imports().items():
        print(f"  {name:<44} {seconds:6.2f}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="starts of each kind")
    options = parser.parse_args()
    print(f"{machine()}\n{PHOTOS} reference photos; seconds of each step, and from the start\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = reference_photos(folder / "photos")
        server = folder / "server"
        start(server, people)  # makes key and token; what is read from disk is in memory afterwards
        starts: dict[str, list[Start]] = {"cold": [], "cached": []}
        for _ in range(options.times):
            shutil.rmtree(server / "state" / "descriptors")
            for measured in starts.values():
                measured.append(start(server, people))
        for kind, measured in starts.items():
            print_starts(kind, measured)
    print_imports()


if __name__ == "__main__":
    command.run(main)
