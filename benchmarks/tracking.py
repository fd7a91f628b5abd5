"""What tracking faces costs and saves, compared with full scans of the same frames in the same run.

`python -m benchmarks.tracking` prints a table over scenes of real people who walk in, cross, stand
and leave (benchmarks/walking_people.py), in two sizes: every frame is scanned in full, with a
descriptor for each face, and tracked. What the whole server gains by it is in
benchmarks/throughput.py.
"""

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.walking_people import FPS, SCENES, Stage, Truth, render, stage
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import NATIVE_FACE_SIZE
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.precision import choose_precision
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.tracking.regions.search_regions import face_region
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Way
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits
from iot_facerecognition_server.vision.scaling import luma
from lab.cast import people
from lab.photos import fetch_photos

SIZES = ((640, 480), (1280, 720))
SAME_FACE = 0.5
"""IoU from which on two boxes are of the same face."""
ON_A_FACE = 0.3
"""IoU with the truth from which on a box is on that person's face."""
CLOSE = 2
"""The scene of somebody who comes nearer."""
REGION_REACH = 0.3
REGION_RUNS = 100


@dataclass(frozen=True, slots=True)
class Named:
    """A box and the name that it was given."""

    box: Box
    tag: str


@dataclass(slots=True)
class Score:
    """What was counted over the frames of one or more scenes."""

    count: Counter[str] = field(default_factory=Counter)
    full_seconds: float = 0.0
    tracked_seconds: float = 0.0

    def add(self, other: "Score") -> None:
        """Add what `other` has counted."""
        self.count.update(other.count)
        self.full_seconds += other.full_seconds
        self.tracked_seconds += other.tracked_seconds

    def row(self, name: str) -> str:
        """Return one line of the table."""
        count, frames = self.count, self.count["frames"]
        ways = "/".join(f"{count[way] / frames:.0%}" for way in Way)
        full, tracked = self.full_seconds / frames * 1e3, self.tracked_seconds / frames * 1e3
        wrong = f"{count['full wrong']}>{count['tracked wrong']}"
        unnamed = f"{count['full unnamed']}>{count['tracked unnamed']}"
        return (
            f"{name:<26} {count['full boxes']:>6} {count['hits'] / count['full boxes']:>7.2%}"
            f" {1 - count['extra'] / count['tracked boxes']:>7.2%} {count['nowhere']:>7}"
            f" {count['flickers']:>8} {wrong:>6} {unnamed:>8} {ways:>12}"
            f" {count['descriptors'] / frames:>6.2f} {full:>8.1f} {tracked:>8.1f}"
            f" {full / tracked:>5.1f}x"
        )


HEADER = (
    "scene                       boxes  recall   prec. nowhere flickers  wrong  unnamed"
    "    h/w/full desc/f  full ms  trck ms   gain\n" + "-" * 127
)
LEGEND = """
boxes: of full scans on every frame; recall: of these, also tracked (IoU >= 0.5); prec.: tracked
boxes that full scans have too; nowhere: tracked boxes on nobody's face; flickers: faces that full
scans miss for one frame between two; wrong, unnamed: names given to the wrong person, known people
without a name, full > tracked; h/w/full: frames held, searched in regions, scanned in full;
desc/f: descriptors a frame when tracked; ms: CPU time of one thread for one frame, descriptors
included"""


class Bench:
    """The networks and tools that both ways share."""

    def __init__(self) -> None:
        store = ModelStore(Path.home() / ".cache" / "iot-facerecognition" / "models")
        aligner = FaceAligner(store.resolve(LANDMARKS))
        precision = choose_precision("auto", "cpu")
        self.network = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR), "cpu", precision)
        detector = HogDetector()
        limits = JpegLimits(SIZES[-1][0] * SIZES[-1][1] * 16)
        self.scanner = FaceScanner(JpegDecoder(), detector, aligner, limits)
        self.searcher = FrameSearcher(
            JpegDecoder(),
            detector.copy(),
            aligner,
            limits,
            regions=RegionSearcher.like(detector),
        )
        self.gallery = self._gallery(detector, aligner)

    def scan(self, jpeg: bytes) -> list[Named]:
        """Scan a frame in full and name every face."""
        faces, chips = self.scanner.scan(jpeg)
        if not faces:
            return []
        matches = self.gallery.match(self.network.describe(np.stack(chips)))
        return [Named(face.box, match.tag) for face, match in zip(faces, matches, strict=True)]

    def track(
        self, tracker: RegionTracker, jpeg: bytes, at: float, count: Counter[str]
    ) -> list[Named]:
        """Track the faces of a frame at `at` seconds."""
        opened = self.searcher.open(jpeg)
        settled = tracker.find(opened, at)
        chips = opened.chips(settled.describe)
        rows = list(self.network.describe(np.stack(chips))) if chips else []
        voices = tracker.tracks.described(rows)
        matches = self.gallery.match(np.stack(voices)) if voices else []
        count[settled.way] += 1
        count["descriptors"] += len(chips)
        return [Named(face.box, face.match.tag) for face in tracker.tracks.matched(matches)]

    def _gallery(self, detector: HogDetector, aligner: FaceAligner) -> Gallery:
        tags, chips = [], []
        for tag, photos in people(fetch_photos()).items():
            for photo in photos:
                picture = np.asarray(Image.open(photo).convert("RGB"))
                chips.append(aligner.chip(picture, detector.detect(luma(picture))[0]))
                tags.append(tag)
        return Gallery(tags, self.network.describe(np.stack(chips)))


def nearest(box: Box, truths: Sequence[Truth]) -> int | None:
    """Return which of the people `box` is on, None for nobody."""
    best = max(range(len(truths)), key=lambda i: box.iou(truths[i].face), default=None)
    if best is None or box.iou(truths[best].face) < ON_A_FACE:
        return None
    return best


def judge(way: str, faces: Sequence[Named], truths: Sequence[Truth], count: Counter[str]) -> None:
    """Count the names of `faces` that are wrong, and those that should be there."""
    for face in faces:
        person = nearest(face.box, truths)
        tag = "" if person is None else truths[person].tag
        count[f"{way} boxes"] += 1
        count[f"{way} wrong"] += bool(face.tag) and face.tag != tag
        count[f"{way} unnamed"] += bool(tag) and not face.tag


def compare(
    full: Sequence[Named], tracked: Sequence[Named], truths: Sequence[Truth], count: Counter[str]
) -> None:
    """Count how well `tracked` agrees with `full`, each box with one other at most."""
    left = list(tracked)
    for face in full:
        partner = max(left, key=lambda other: face.box.iou(other.box), default=None)
        if partner is not None and face.box.iou(partner.box) >= SAME_FACE:
            left.remove(partner)
            count["hits"] += 1
    count["extra"] += len(left)
    count["nowhere"] += sum(nearest(face.box, truths) is None for face in left)


def flickers(found: Sequence[set[int]]) -> int:
    """Return how often a person is missed in one frame and found in those before and after."""
    triples = zip(found, found[1:], found[2:], strict=False)
    return sum(len((before & after) - now) for before, now, after in triples)


def run_scene(bench: Bench, stage: Stage, jpegs: Sequence[bytes]) -> Score:
    """Go through one scene both ways, frame by frame."""
    score = Score()
    count = score.count
    tracker = RegionTracker(TrackingSettings())
    found: list[set[int]] = []
    for index, jpeg in enumerate(jpegs):
        truths = stage.truth(index)
        began = time.thread_time()
        full = bench.scan(jpeg)
        scanned = time.thread_time()
        tracked = bench.track(tracker, jpeg, index / FPS, count)
        score.full_seconds += scanned - began
        score.tracked_seconds += time.thread_time() - scanned
        count["frames"] += 1
        judge("full", full, truths, count)
        judge("tracked", tracked, truths, count)
        compare(full, tracked, truths, count)
        found.append({p for face in full if (p := nearest(face.box, truths)) is not None})
    count["flickers"] = flickers(found)
    return score


def print_regions(bench: Bench, jpeg: bytes) -> None:
    """Print what it costs to search for the clearest face of `jpeg` around where it is."""
    opened = bench.searcher.open(jpeg)
    face = max(opened.scan(), key=lambda found: found.score)
    box = face.box
    for name, pose in (("in every pose", None), ("in its own pose", face.pose)):
        region = face_region(box, REGION_REACH * box.width, opened.size, NATIVE_FACE_SIZE, pose)
        assert region is not None, "a face that was found fits into the frame"
        opened.search([region])  # decoded once
        began = time.thread_time()
        for _ in range(REGION_RUNS):
            opened.search([region])
        cost = (time.thread_time() - began) / REGION_RUNS * 1e3
        print(f"a region around a face of {box.width} pixels, {name}: {cost:.2f} ms")


def print_scenes() -> None:
    """Print the table of all scenes in all sizes."""
    bench = Bench()
    print(HEADER)
    everything = Score()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for size in SIZES:
            for number, scene in enumerate(SCENES):
                frames = pool.map(partial(render, number, size), range(scene.frames), chunksize=8)
                score = run_scene(bench, stage(number, size), list(frames))
                print(score.row(f"{scene.name} {size[0]}x{size[1]}"), flush=True)
                everything.add(score)
    print(everything.row("together"))
    print(LEGEND + "\n")
    print_regions(bench, render(CLOSE, SIZES[0], SCENES[CLOSE].frames // 2))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print_scenes()


if __name__ == "__main__":
    main()
