"""Frames for the benchmarks: moving photos with a known number of faces in each."""

from functools import cache
from pathlib import Path

from demo.cast import people
from demo.photos import fetch_photos
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.jpeg import JpegDecoder

ONE_FACE = ("obama.jpg", "biden.jpg", "astronaut.png")
REFERENCES = {
    "Barack Obama": ("obama.jpg",),
    "Joe Biden": ("biden.jpg",),
    "Eileen": ("astronaut.png",),
}


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
