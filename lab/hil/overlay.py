"""Whether the screen shows the right frame and name: judged on a picture of the screen alone.

Where the face is, the server says about that very picture, as it would about a photo of it. So the
frame is compared with what a camera sees through a lens as well as with a file's picture.
"""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pygame
from numpy.typing import NDArray
from PIL import Image

from iot_facerecognition_client import Client, FacesResult, Fingerprint
from iot_facerecognition_edge.ui.colours import parse_colour
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.views.face_boxes import FaceBox
from iot_facerecognition_edge.views.picture import Faces
from iot_facerecognition_protocol import Face
from lab.virtual_pi.likeness import Rectangle, likeness, part, share_of_frame

ACCENT, LINE, _POINTS = "#8b0000", 4, 12
"""Colour and width in pixels of a known face's frame, and the size of its name."""
_LEAST_SIDE = 24
"""Pixels; what is smaller is a button's edge rather than a face's frame."""
_ROUNDED = 8
"""What 16 bits a pixel may take from a level of 256, or more."""
_DRAWN = 0.9
"""The share of a side's pixels that have its colour; an icon or a name may cover the others."""
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server could be asked: address, and what lets a client in."""

    host: str
    port: int
    fingerprint: str
    token: str


def frames(screen: Image.Image) -> list[Rectangle]:
    """Return the rectangles that are drawn in `ACCENT`, by their outer edges, the largest first."""
    rgb, line = parse_colour(ACCENT), LINE
    pixels = np.asarray(screen.convert("RGB"), dtype=np.int16)
    wanted = np.abs(pixels - np.array(rgb, dtype=np.int16)).max(axis=2) <= _ROUNDED
    found: list[Rectangle] = []
    for top, left, right in _top_edges(wanted):
        height = _height(wanted, top, left, right, line)
        box = (left, top, right - left, height)
        inside = wanted[top + line : top + height - line, left + line : right - line]
        # A name's plate is filled.
        hollow = height >= _LEAST_SIDE and inside.mean() < 1 - _DRAWN
        if hollow and share_of_frame(screen, box, line, rgb) > _DRAWN:
            found.append(box)
    return sorted(found, key=lambda box: -box[2] * box[3])


def _top_edges(wanted: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return row, begin and end of each long run of wanted pixels that nothing lies above."""
    edges = []
    for top, row in enumerate(wanted):
        padded = np.concatenate(([False], row, [False]))
        for left, right in np.flatnonzero(padded[1:] != padded[:-1]).reshape(-1, 2).tolist():
            # A name may stand on a part of the edge, in the same colour.
            above = float(wanted[top - 1, left:right].mean()) if top else 0.0
            if right - left >= _LEAST_SIDE and above < _DRAWN:
                edges.append((top, left, right))
    return edges


def _height(wanted: NDArray[np.bool_], top: int, left: int, right: int, line: int) -> int:
    """Return the height of the frame with this upper edge: down to the next one; 0 without one."""
    full = wanted[top:, left:right].mean(axis=1) > _DRAWN
    for row in range(line + 1, len(full) - line + 1):
        if full[row : row + line].all():
            return row + line
    return 0


def name_under(screen: Image.Image, box: Rectangle, names: Sequence[str]) -> tuple[str, float]:
    """Return which of `names` stands at `box`, and how like its letters are to ours (0 to 1)."""
    canvas = pygame.Surface(screen.size, 0, 32)
    accent = parse_colour(ACCENT)
    faces = Faces(
        Look(canvas, accent, dark=True), accent, LINE, _POINTS, lambda: (0, 0, *screen.size)
    )
    likenesses = {}
    for name in names:
        faces.show([shown := FaceBox(box, name)])
        canvas.fill((0, 0, 0))
        faces.draw_tags(canvas)
        ours = Image.frombytes("RGB", screen.size, pygame.image.tobytes(canvas, "RGB"))
        x, y, width, height = faces.tag(shown)
        place = (x, y, width, height)
        likenesses[name] = likeness(part(screen, place), part(ours, place))
    best = max(likenesses, key=lambda name: likenesses[name])
    return best, likenesses[best]


def recognised(picture: Image.Image, server: Place) -> tuple[Face, ...]:
    """Return the faces that the server finds in `picture`. Raises TimeoutError."""
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, "JPEG", quality=92)
    return asyncio.run(_recognise(encoded.getvalue(), server))


async def _recognise(jpeg: bytes, server: Place) -> tuple[Face, ...]:
    trust = Fingerprint(server.fingerprint)
    answer: asyncio.Future[FacesResult] = asyncio.get_running_loop().create_future()

    def take(result: FacesResult) -> None:
        if not answer.done():
            answer.set_result(result)

    async with (
        asyncio.timeout(_PATIENCE),
        Client(f"{server.host}:{server.port}", trust=trust, token=server.token) as client,
    ):
        client.subscribe(FacesResult, take)
        while not answer.done():
            client.send(jpeg)  # dropped until there is a connection
            await asyncio.wait({answer}, timeout=0.5)
    return answer.result().faces
