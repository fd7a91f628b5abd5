"""Tracking compared with full scans on real photos, and through the engine."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.walking_people import FPS, stage
from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.engine.batched_network import BatchedNetwork
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import Frame, FrameRejectedError, Tracks, Wants
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.models.catalogue import FACE_DESCRIPTOR, LANDMARKS
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.frame_search import FrameSearcher
from iot_facerecognition_server.pipeline.region_search import RegionSearcher
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.third_parties.dlib_detector import DetectorFormatError
from iot_facerecognition_server.tracking.regions.search_regions import face_region
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Sides, Way
from iot_facerecognition_server.vision.alignment import FaceAligner
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits
from iot_facerecognition_server.vision.scaling import luma

PEOPLE_CROSSING = 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    return ModelStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


@pytest.fixture(scope="module")
def aligner(store) -> FaceAligner:
    return FaceAligner(store.resolve(LANDMARKS))


@pytest.fixture(scope="module")
def network(store) -> FaceDescriptorNetwork:
    return FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))


@pytest.fixture
def searcher(detector, aligner) -> FrameSearcher:
    regions = RegionSearcher.like(detector)
    return FrameSearcher(JpegDecoder(), detector.copy(), aligner, JpegLimits(), regions=regions)


@pytest.fixture(scope="module")
def crossing() -> list[bytes]:
    """Two people who cross."""
    scene = stage(PEOPLE_CROSSING, (640, 480))
    return [scene.jpeg(index) for index in range(60, 90)]


@pytest.mark.parametrize("side", [80, 95, 130, 200, 330])
def test_a_region_finds_what_a_scan_of_the_whole_frame_finds(photos, detector, side):
    picture = np.asarray(Image.open(photos / "biden.jpg").convert("RGB"))
    (face,) = detector.detect(luma(picture))
    scale = side / face.box.width
    shrunk = Image.fromarray(picture).resize(
        (round(picture.shape[1] * scale), round(picture.shape[0] * scale)), Image.Resampling.LANCZOS
    )
    grey = np.asarray(shrunk.convert("L"))
    (whole,) = detector.detect(grey)
    size = (grey.shape[1], grey.shape[0])
    off = whole.box.grown(0.05 * whole.box.width)
    region = face_region(off, 0.3 * side, size, 80)
    assert region is not None
    assert region.cost < 190**2
    searcher = RegionSearcher.like(detector)
    (found,) = searcher.search(grey, region, size)
    assert found.box.iou(whole.box) > 0.65
    assert found.quality > 0
    in_pose = face_region(off, 0.3 * side, size, 80, whole.pose)
    assert in_pose is not None
    assert in_pose.cost <= region.cost
    (known,) = searcher.search(grey, in_pose, size)
    assert known.pose == whole.pose
    assert known.box.iou(whole.box) > 0.65


def test_with_a_detector_that_cannot_be_taken_apart_every_pose_is_searched_for(
    photos, detector, monkeypatch, caplog
):
    def unknown(_detector: object) -> list[object]:
        raise DetectorFormatError("it ends after 9 bytes")

    monkeypatch.setattr("iot_facerecognition_server.vision.faces.by_pose", unknown)
    grey = luma(np.asarray(Image.open(photos / "biden.jpg").convert("RGB")))
    (whole,) = detector.detect(grey)
    size = (grey.shape[1], grey.shape[0])
    region = face_region(whole.box, 30, size, 80, pose=4)
    assert region is not None
    (found,) = RegionSearcher.like(detector).search(grey, region, size)
    assert found.pose != region.pose
    assert found.box.iou(whole.box) > 0.65
    assert "it ends after 9 bytes" in caplog.text


def test_a_thumbnail_is_the_same_whether_the_frame_is_searched_or_not(searcher, crossing, photos):
    for jpeg in (crossing[0], (photos / "biden.jpg").read_bytes()):  # 640 x 480, 970 x 2204
        small = searcher.open(jpeg).thumbnail(None)
        searched = searcher.open(jpeg).thumbnail(Sides.FULL)
        assert small.shape == searched.shape
        difference = np.abs(small.astype(int) - searched)
        assert difference.mean() < 0.5
        # At the cut edge the encoder filled up with pixels that only it knows.
        assert difference[:-1, :-1].max() <= 2


def test_people_who_cross_are_tracked_as_full_scans_find_them(searcher, network, crossing):
    tracker = RegionTracker(TrackingSettings())
    hits = expected = 0
    ways = []
    for index, jpeg in enumerate(crossing):
        opened = searcher.open(jpeg)
        settled = tracker.find(opened, index / FPS)
        ways.append(settled.way)
        chips = opened.chips(settled.describe)
        rows = list(network.describe(np.stack(chips))) if chips else []
        voices = tracker.tracks.described(rows)
        faces = tracker.tracks.matched(Gallery.empty().match(np.stack(voices)) if voices else [])
        for full in opened.scan():
            expected += 1
            hits += any(full.box.iou(face.box) >= 0.5 for face in faces)
    assert expected > 40
    assert hits >= 0.95 * expected
    assert ways.count(Way.FULL) <= 6


def face_engine(
    searcher: FrameSearcher, network: FaceDescriptorNetwork, gallery: Gallery
) -> LocalEngine[Tools]:
    scanner = FaceScanner(
        searcher.decoder, searcher.detectors[Sides.FULL], searcher.aligner, JpegLimits()
    )
    return LocalEngine(
        workers=1,
        make_tools=lambda: Tools(scanner, searcher=searcher),
        networks={Network.DESCRIPTOR: BatchedNetwork(network.describe, 4)},
        jobs=FrameJobs(gallery, tracker=RegionTracker(TrackingSettings())),
    )


def test_tracks_go_from_frame_to_frame_and_the_engine_keeps_none(
    photos: Path, searcher, network, detector, aligner
):
    picture = np.asarray(Image.open(photos / "obama.jpg").convert("RGB"))
    known = network.describe(aligner.chip(picture, detector.detect(luma(picture))[0])[None])
    jpeg = (photos / "obama2.jpg").read_bytes()

    async def scenario() -> None:
        engine = face_engine(searcher, network, Gallery(["Obama"], known))
        try:
            assert engine.capacity.per_session == 1
            found = []
            tracks: Tracks | None = None
            for number in range(1, 4):
                faces = engine.submit(Frame(7, number, jpeg, number / 15, tracks), Wants()).faces
                assert faces is not None
                recognition = await faces
                found.append(recognition.found)
                tracks = recognition.tracks
            assert [(face.match.tag, face.track) for (face,) in found] == [("Obama", 1)] * 3
            assert all(face.quality > 0 for (face,) in found)
            distance = np.linalg.norm(found[-1][0].descriptor - known[0])
            assert distance == pytest.approx(found[-1][0].match.distance, abs=0.1)
            damaged = engine.submit(Frame(7, 4, jpeg[:5000], 0.3, tracks), Wants()).faces
            assert damaged is not None
            with pytest.raises(FrameRejectedError) as caught:
                await damaged
            assert caught.value.code is ErrorCode.FRAME_DAMAGED
            again = engine.submit(Frame(7, 5, jpeg, 0.4, tracks), Wants()).faces
            assert again is not None
            assert (await again).found[0].track == 1
            assert tracks is not None
            after = engine.submit(Frame(7, 6, jpeg, 0.5, tracks.renewed()), Wants()).faces
            assert after is not None
            assert (await after).found[0].track == 2, "numbers go on after a failure"
            other = engine.submit(Frame(8, 1, jpeg, 0.0), Wants()).faces
            assert other is not None
            assert (await other).found[0].track == 1
        finally:
            await engine.close()

    asyncio.run(scenario())
