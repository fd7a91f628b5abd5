"""What tracking faces costs and saves, compared with scans of the same frames in the same run.

`python -m benchmarks.tracking` prints a table over scenes of real people who walk in, cross, stand
and leave (benchmarks/walking_people.py), in several sizes and for each detector that can be
tracked: every frame is scanned in full, with a descriptor for each face, and tracked, one after the
other. What the whole server gains by it is in benchmarks/throughput.py.
"""

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.command import run
from benchmarks.detector_choice import add_detectors, make_detector
from benchmarks.walking_people import FPS, SCENES, Stage, Truth, render, stage
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.assembly.tracking import make_searcher, make_tracker
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE
from iot_facerecognition_server.frames import Frame, RecognisedFace
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.networks.yunet.detector import NATIVE_SIZE
from iot_facerecognition_server.pipeline.faces import FaceJob
from iot_facerecognition_server.pipeline.tools import Tools
from iot_facerecognition_server.pipeline.tracked_faces import FaceTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Way
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import CopyableDetector, HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits
from iot_facerecognition_server.vision.scaling import luma
from lab.cast import people
from lab.photos import fetch_photos

SIZES = ((320, 240), (640, 480), (1280, 720))
ON_A_FACE = 0.3
"""IoU with the truth from which on a box is on that person's face."""
INTERVAL = TrackingSettings().full_scan_interval


@dataclass(slots=True)
class Score:
    """What was counted over the frames of one or more scenes."""

    count: Counter[str] = field(default_factory=Counter)
    scanned_seconds: float = 0.0
    tracked_seconds: float = 0.0

    def add(self, other: "Score") -> None:
        """Add what `other` has counted."""
        self.count.update(other.count)
        self.scanned_seconds += other.scanned_seconds
        self.tracked_seconds += other.tracked_seconds

    def row(self, name: str) -> str:
        """Return one line of the table."""
        count, frames = self.count, self.count["frames"]
        ways = "/".join(f"{count[way] / frames:.0%}" for way in Way)
        scanned, tracked = (
            f"{count[f'{way} hits'] / count['true']:.2%}" for way in ("scanned", "tracked")
        )
        pairs = [
            f"{count[f'scanned {what}']}>{count[f'tracked {what}']}"
            for what in ("nowhere", "wrong", "unnamed")
        ]
        full, less = self.scanned_seconds / frames * 1e3, self.tracked_seconds / frames * 1e3
        return (
            f"{name:<30} {count['true']:>5} {scanned:>8} {tracked:>8} {pairs[0]:>8} {pairs[1]:>6}"
            f" {pairs[2]:>8} {ways:>18} {count['descriptors'] / frames:>6.2f} {full:>8.1f}"
            f" {less:>8.1f} {full / less:>5.1f}x"
        )


HEADER = (
    "scene                           true  scanned  tracked  nowhere  wrong  unnamed"
    "    h/r/q/half/full desc/f  scan ms  trck ms   gain\n" + "-" * 130
)
LEGEND = """
true: faces wholly in the frame, not behind another; scanned, tracked: of these, found (IoU >= 0.3)
when every frame is scanned in full, and when faces are tracked; nowhere: boxes on no face that can
be seen; wrong: names of somebody who is not there; unnamed: known people without a name, scanned >
tracked; h/r/q/half/full: frames held, searched in regions, scanned at a quarter of the sides, at
half of them, in full; desc/f: descriptors a frame when tracked; ms: CPU time of one thread for one
frame, descriptors included
"""


class Bench:
    """The networks that every way shares, and the gallery that HOG makes."""

    def __init__(self) -> None:
        self.store = ModelStore(Path.home() / ".cache" / "iot-facerecognition" / "models")
        precision = choose_precision("auto", "cpu")
        self.network = FaceDescriptorNetwork.load(
            self.store.resolve(FACE_DESCRIPTOR), "cpu", precision
        )
        self.aligner = FaceAligner(self.store.resolve(LANDMARKS))
        self.gallery = self._gallery()

    def ways(self, name: str) -> "Ways":
        """Return how frames are scanned and tracked with the detector `name`."""
        native = NATIVE_FACE_SIZE if name == "hog" else NATIVE_SIZE
        return Ways(self, make_detector(name, self.store), native)

    def _gallery(self) -> Gallery:
        detector, tags, chips = HogDetector(), [], []
        for tag, photos in people(fetch_photos()).items():
            for photo in photos:
                picture = np.asarray(Image.open(photo).convert("RGB"))
                chips.append(self.aligner.chip(picture, detector.detect(luma(picture))[0]))
                tags.append(tag)
        return Gallery(tags, self.network.describe(np.stack(chips)))


class Ways:
    """Scans frames in full, or tracks the faces in them, with one detector."""

    def __init__(self, bench: Bench, detector: CopyableDetector, min_face_size: int) -> None:
        self._bench = bench
        limits = JpegLimits(SIZES[-1][0] * SIZES[-1][1] * 16)
        self._tools = Tools(FaceScanner(JpegDecoder(), detector.copy(), bench.aligner, limits))
        self._searcher = make_searcher(
            detector, lambda same: same, JpegDecoder(), bench.aligner, limits
        )
        tracker = make_tracker(detector, INTERVAL, min_face_size)
        assert tracker is not None, "the detectors are those that can be tracked"
        self.tracker: FaceTracker = tracker

    def scan(self, jpeg: bytes) -> Sequence[RecognisedFace]:
        """Scan a frame in full and name every face."""
        job = FaceJob(Frame(1, 1, jpeg, 0.0), self._bench.gallery)
        return job.complete(self._described(job.prepare(self._tools)))

    def track(
        self, tracker: FaceTracker, jpeg: bytes, at: float, count: Counter[str]
    ) -> Sequence[RecognisedFace]:
        """Track the faces of a frame at `at` seconds."""
        opened = self._searcher.open(jpeg)
        settled = tracker.find(opened, at)
        chips = opened.chips(settled.describe)
        voices = tracker.tracks.described(self._described(chips))
        matches = self._bench.gallery.match(np.stack(voices)) if voices else []
        count[settled.way] += 1
        count["descriptors"] += len(chips)
        return tracker.tracks.matched(matches)

    def _described(self, chips: Sequence[np.ndarray]) -> list[np.ndarray]:
        return list(self._bench.network.describe(np.stack(chips))) if chips else []


def nearest(box: Box, truths: Sequence[Truth]) -> int | None:
    """Return which of the people `box` is on, None for nobody."""
    best = max(range(len(truths)), key=lambda i: box.iou(truths[i].face), default=None)
    if best is None or box.iou(truths[best].face) < ON_A_FACE:
        return None
    return best


def judge(
    way: str, faces: Iterable[RecognisedFace], scene: Stage, index: int, count: Counter[str]
) -> None:
    """Count the true faces that are found, the boxes on none, and wrong and missing names."""
    truths, present = scene.truth(index), scene.present(index)
    found = set()
    for face in faces:
        person, tag = nearest(face.box, truths), face.match.tag
        found.add(person)
        there = any(one.tag == tag and one.face.shared(face.box) > 0 for one in present)
        count[f"{way} nowhere"] += person is None
        count[f"{way} wrong"] += bool(tag) and not there
        count[f"{way} unnamed"] += not tag and person is not None and bool(truths[person].tag)
    frame = Box(0, 0, *scene.size)
    count[f"{way} hits"] += sum(
        person in found
        for person, truth in enumerate(truths)
        if truth.face.shared(frame) == truth.face.area
    )


def run_scene(ways: Ways, scene: Stage, jpegs: Sequence[bytes]) -> Score:
    """Go through one scene both ways, frame by frame."""
    score = Score()
    count = score.count
    tracker = ways.tracker.copy()
    frame = Box(0, 0, *scene.size)
    for index, jpeg in enumerate(jpegs):
        began = time.thread_time()
        scanned = ways.scan(jpeg)
        half_way = time.thread_time()
        tracked = ways.track(tracker, jpeg, index / FPS, count)
        score.scanned_seconds += half_way - began
        score.tracked_seconds += time.thread_time() - half_way
        count["frames"] += 1
        count["true"] += sum(one.face.shared(frame) == one.face.area for one in scene.truth(index))
        judge("scanned", scanned, scene, index, count)
        judge("tracked", tracked, scene, index, count)
    return score


def print_scenes(sizes: Sequence[tuple[int, int]], detectors: Sequence[str]) -> None:
    """Print the table of all scenes in all sizes, scene by scene each detector."""
    bench = Bench()
    ways = {detector: bench.ways(detector) for detector in detectors}
    print(HEADER)
    together: dict[tuple[str, tuple[int, int]], Score] = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for size in sizes:
            for number, scene in enumerate(SCENES):
                frames = pool.map(partial(render, number, size), range(scene.frames), chunksize=8)
                jpegs = list(frames)
                for detector in detectors:
                    score = run_scene(ways[detector], stage(number, size), jpegs)
                    print(score.row(f"{detector:<6} {scene.name} {size[1]}"), flush=True)
                    together.setdefault((detector, size), Score()).add(score)
    for (detector, size), score in together.items():
        print(score.row(f"{detector:<6} all of {size[0]}x{size[1]}"))
    print(LEGEND)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_detectors(parser)
    parser.add_argument(
        "--heights",
        nargs="+",
        type=int,
        choices=[height for _, height in SIZES],
        default=[height for _, height in SIZES],
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print_scenes([size for size in SIZES if size[1] in options.heights], options.detectors)


if __name__ == "__main__":
    run(main)
