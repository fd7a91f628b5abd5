import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image, ImageOps

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.alignment import FaceAligner, LandmarkFileError
from iot_facerecognition_server.vision.face_scanner import FaceScanner
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.jpeg_header import JpegLimits, read_header
from iot_facerecognition_server.vision.orientation import upright
from iot_facerecognition_server.vision.scaling import block_means, luma, resized


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


@pytest.fixture
def scanner(aligner, detector) -> FaceScanner:
    return FaceScanner(JpegDecoder(), detector, aligner, JpegLimits(pixels=2_000_000))


def test_a_face_is_found_where_dlib_finds_it(portrait, detector):
    grey = luma(portrait)
    (found,) = detector.detect(grey)
    (expected,), (score,), (pose,) = dlib.get_frontal_face_detector().run(grey, 0, 0.0)
    box = Box(expected.left(), expected.top(), expected.right() + 1, expected.bottom() + 1)
    assert (found.box, found.score, found.pose) == (box, score, pose)
    assert (found.box.width, found.box.height) == (expected.width(), expected.height())


@pytest.mark.parametrize("min_face_size", [40, 60, 100])
def test_boxes_are_of_the_picture_whatever_size_was_scanned(portrait, detector, min_face_size):
    grey = luma(portrait)
    (native,) = detector.detect(grey)
    found = HogDetector(min_face_size).detect(grey)
    assert max(face.box.iou(native.box) for face in found) > 0.7


def test_a_smaller_min_face_size_finds_smaller_faces(portrait, detector):
    small = resized(luma(portrait), 0.45)
    assert not detector.detect(small)
    (found,) = HogDetector(min_face_size=40).detect(small)
    assert 30 < found.box.width < 80
    assert found.box.right <= small.shape[1]


def test_a_larger_min_face_size_leaves_small_faces_out(portrait):
    assert not HogDetector(min_face_size=200).detect(luma(portrait))


def test_faces_come_most_certain_first(photos: Path, decoder, detector):
    grey = decoder.grey((photos / "group.jpg").read_bytes())
    scores = [face.score for face in detector.detect(grey)]
    assert len(scores) > 1
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (79, 79)])
@pytest.mark.parametrize("min_face_size", [20, 80, 300])
def test_pictures_smaller_than_a_face_have_none(shape, min_face_size):
    assert HogDetector(min_face_size).detect(np.zeros(shape, np.uint8)) == []


def test_a_face_of_no_size_is_the_callers_mistake():
    with pytest.raises(ValueError, match="at least one pixel"):
        HogDetector(0)


def test_other_threads_run_python_while_the_detector_scans(portrait, detector):
    """The GIL is free: a thread counts on during scans about as it does without them."""
    grey = np.tile(luma(portrait), (3, 3))
    scanning, done = threading.Event(), threading.Event()
    seen = [0]

    def count() -> None:
        scanning.wait()
        while not done.is_set():
            seen[0] += 1

    counter = threading.Thread(target=count)
    counter.start()
    scanning.set()
    before = seen[0]
    detector.detect(grey)
    counted = seen[0] - before
    done.set()
    counter.join()
    # Held, the GIL would let the counter run for one switch interval at most before the scan.
    assert counted > 100_000


def test_detectors_of_two_threads_agree_with_one(portrait, detector):
    grey = luma(portrait)
    expected = detector.detect(grey)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(
            lambda detector: [detector.detect(grey) for _ in range(4)],
            [detector, detector.copy()],
        )
    assert all(result == expected for results in found for result in results)


def test_a_chip_is_upright_however_the_head_is_tilted(portrait, aligner, detector):
    (face,) = detector.detect(luma(portrait))
    chip = aligner.chip(portrait, face)
    assert (chip.shape, chip.dtype) == ((150, 150, 3), np.uint8)
    # Aligned: eyes at a third of the height, the same whichever way the picture is turned a little.
    turned = np.asarray(Image.fromarray(portrait).rotate(10, Image.Resampling.BICUBIC))
    (tilted,) = detector.detect(luma(turned))
    difference = aligner.chip(turned, tilted).astype(int) - chip
    assert np.abs(difference[30:120, 30:120]).mean() < 15


def test_a_file_without_landmarks_is_refused_by_name(tmp_path):
    with pytest.raises(LandmarkFileError, match=r"none\.dat"):
        FaceAligner(tmp_path / "none.dat")
    (tmp_path / "text.dat").write_text("no predictor")
    with pytest.raises(LandmarkFileError, match=r"text\.dat"):
        FaceAligner(tmp_path / "text.dat")


def test_a_scan_gives_each_face_with_its_chip(photos: Path, scanner):
    (face,), (chip,) = scanner.scan((photos / "obama.jpg").read_bytes())
    assert chip.shape == (150, 150, 3)
    assert 200 < face.box.width < 350
    assert face.quality > 0
    assert scanner.scan((photos / "rocket.jpg").read_bytes()) == ((), ())


def test_a_scan_of_grey_and_cmyk_frames_works(encode, portrait, scanner):
    for mode in ("L", "CMYK"):
        faces, chips = scanner.scan(encode(portrait, mode))
        assert faces[0].score > 1
        assert chips[0].shape == (150, 150, 3)


def test_a_scan_of_a_damaged_frame_is_refused(photos: Path, scanner):
    with pytest.raises(FrameRejectedError):
        scanner.scan((photos / "obama.jpg").read_bytes()[:20_000])


def test_a_scan_of_too_many_pixels_is_refused_before_decoding(photos: Path, scanner):
    with pytest.raises(FrameRejectedError) as caught:
        scanner.scan((photos / "obama3.jpg").read_bytes())
    assert caught.value.code is ErrorCode.FRAME_TOO_MANY_PIXELS


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("byte_order", ["II", "MM"])
def test_photos_are_turned_as_their_exif_says(portrait, value, byte_order):
    picture = portrait[:200, :300]
    exif = Image.Exif()
    exif.endian = "<" if byte_order == "II" else ">"
    exif[0x0112] = value
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=95, exif=exif)
    data = buffer.getvalue()
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert read_header(data).orientation == value
    turned = upright(JpegDecoder().rgb(data), value)
    assert turned.shape == expected.shape
    assert np.abs(turned.astype(int) - expected).mean() < 1


def test_exif_that_points_nowhere_means_upright(encode, portrait):
    data = encode(portrait[:16, :16])
    for tiff in (b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\xff\xff", b"XX", b""):
        body = b"Exif\0\0" + tiff
        segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
        assert read_header(data[:2] + segment + data[2:]).orientation == 1


def test_luma_is_what_the_decoder_makes_of_colours(encode, portrait, decoder):
    data = encode(portrait)
    difference = luma(decoder.rgb(data)).astype(int) - decoder.grey(data)
    assert np.abs(difference).mean() < 1


@pytest.mark.parametrize("scale", [0.1, 0.3, 0.5, 0.9, 1.7])
def test_resizing_keeps_the_mean_and_rounds_the_sides(portrait, scale):
    grey = luma(portrait)[:301, :403]
    result = resized(grey, scale)
    assert result.shape == (round(301 * scale), round(403 * scale))
    assert result.mean() == pytest.approx(grey.mean(), abs=2)


def test_block_means_are_means_and_fill_up_cut_blocks():
    grey = np.random.default_rng(0).integers(0, 256, (20, 35)).astype(np.uint8)
    means = block_means(grey)
    assert (means.shape, means.dtype) == ((3, 5), np.uint8)
    assert means[1, 2] == np.rint(grey[8:16, 16:24].mean() + 1e-9)
    filled = np.pad(grey, ((0, 4), (0, 5)), "edge")
    assert means[2, 4] == np.floor(filled[16:, 32:].mean() + 0.5)
    assert (block_means(np.full((8, 8), 255, np.uint8)) == 255).all()
