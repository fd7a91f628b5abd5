"""Frames for the benchmarks: moving photos with a known number of faces in each."""

import io
import math
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder
from iot_facerecognition_server.vision.scaling import luma
from lab.cast import people
from lab.photos import fetch_photos

ONE_FACE = ("obama.jpg", "biden.jpg", "astronaut.png")
HEAD = 1.9
"""Height of a head's crop in faces."""


def references() -> dict[str, list[Path]]:
    """Return the reference photos of everyone on the scenes."""
    return people(fetch_photos())


@cache
def scene_frames(width: int, height: int, count: int, quality: int = 80) -> tuple[bytes, ...]:
    """Return `count` JPEGs of moving photos in which dlib's detector finds exactly one face."""
    folder = fetch_photos()
    source = MovingPhoto(
        [folder / name for name in ONE_FACE],
        size=(width, height),
        quality=quality,
        seconds_per_photo=2.0,
        closest=0.5,
    )
    decoder, detector = JpegDecoder(), HogDetector()
    frames: list[bytes] = []
    index = 0
    while len(frames) < count:
        jpeg = source.jpeg(index)
        index += 7  # half a second apart: every frame another picture
        if len(detector.detect(decoder.grey(jpeg))) == 1:
            frames.append(jpeg)
    return tuple(frames)


@cache
def _heads() -> tuple[Image.Image, ...]:
    """Return every known person's head, as a square with the face in the middle."""
    detector = HogDetector()
    heads = []
    for name in ONE_FACE:
        picture = Image.open(fetch_photos() / name).convert("RGB")
        face = detector.detect(luma(np.asarray(picture)))[0].box
        head = face.grown((HEAD - 1) / 2 * face.width)
        heads.append(picture.crop((head.left, head.top, head.right, head.bottom)))
    return tuple(heads)


@cache
def group_frames(
    width: int, height: int, faces: int, count: int, quality: int = 80
) -> tuple[bytes, ...]:
    """Return `count` JPEGs of heads side by side, in which the detector finds just `faces`."""
    decoder, detector = JpegDecoder(), HogDetector()
    across = math.ceil(math.sqrt(faces * width / height))
    down = math.ceil(faces / across)
    side = min(width // across, height // down)
    chance = np.random.default_rng((width, height, faces))
    frames: list[bytes] = []
    while len(frames) < count:
        frame = Image.new("RGB", (width, height), (90, 100, 110))
        for place in range(faces):
            head = _heads()[chance.integers(len(_heads()))]
            size = round(side * chance.uniform(0.92, 1.0))
            left, top = place % across * (width // across), place // across * (height // down)
            frame.paste(head.resize((size, size), Image.Resampling.LANCZOS), (left, top))
        content = io.BytesIO()
        frame.save(content, "JPEG", quality=quality)
        if len(detector.detect(decoder.grey(content.getvalue()))) == faces:
            frames.append(content.getvalue())
    return tuple(frames)


def write_scene(folder: Path, size: tuple[int, int], count: int, faces: int = 1) -> Path:
    """Write frames with that many faces to a new `folder`, for another process; return it."""
    frames = scene_frames(*size, count) if faces == 1 else group_frames(*size, faces, count)
    folder.mkdir(parents=True)
    for number, jpeg in enumerate(frames):
        (folder / f"{number:03}.jpg").write_bytes(jpeg)
    return folder
