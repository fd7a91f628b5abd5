"""Pictures that say how they are to be turned, and where faces are in them."""

import io

import numpy as np
import pytest

from iot_facerecognition_client.jpeg import read_jpeg_header, tagged
from iot_facerecognition_edge.cameras.turning import turned_face, turned_size
from iot_facerecognition_protocol import Face

TURNS = pytest.mark.parametrize("turn", [0, 90, 180, 270])

ORIENTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}


def jpeg_of(pixels: np.ndarray) -> bytes:
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@TURNS
def test_a_picture_says_how_it_is_to_be_turned_and_is_else_the_same(turn):
    jpeg = jpeg_of(np.zeros((16, 24, 3), np.uint8))
    sent = tagged(jpeg, turn)
    assert sent.startswith(b"\xff\xd8")
    assert sent.endswith(jpeg[2:])
    header = read_jpeg_header(sent)
    assert (header.width, header.height, header.orientation) == (24, 16, ORIENTATIONS[turn])


@TURNS
def test_other_readers_understand_the_tag(turn):
    image, ops = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageOps")
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32, :32] = 255
    upright = np.asarray(ops.exif_transpose(image.open(io.BytesIO(tagged(jpeg_of(pixels), turn)))))
    expected = np.rot90(pixels, -turn // 90)
    assert upright.shape == expected.shape
    assert np.abs(upright.astype(int) - expected).mean() < 3


@TURNS
def test_faces_turn_with_the_picture(turn):
    stored = np.zeros((48, 64), np.uint8)
    face = Face("Ada", 5, 10, 20, 12, 0.3, 1.5, 4)
    stored[face.y : face.y + face.height, face.x : face.x + face.width] = 1
    upright = np.rot90(stored, -turn // 90)
    size = turned_size((64, 48), turn)
    assert size == upright.shape[::-1]
    rows, columns = np.nonzero(upright)
    found = turned_face(face, size, turn)
    assert (found.x, found.y) == (columns.min(), rows.min())
    assert (found.width, found.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert (found.tag, found.distance, found.score, found.track) == ("Ada", 0.3, 1.5, 4)
