"""Upright face chips out of pictures on any device, as dlib cuts them out.

After davisking/dlib, `dlib/image_transforms/interpolation.h` (`get_face_chip_details`,
`extract_image_chips`) and `image_pyramid.h` (`pyramid_down<2>`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, floor, sin
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iot_facerecognition_server.networks.lane import queued

MEAN_FACE: Final = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
"""Corners of the eyes and the tip of the nose in a chip without padding, in parts of its side."""
_DOWN: Final = np.array([1.25, 0.75])
"""By how much a half-size picture of dlib's pyramid is moved, in its own pixels."""
_BORDER: Final = 2
"""Pixels around a face that its pyramid is made of as well."""
_BINOMIAL: Final = (1.0, 4.0, 6.0, 4.0, 1.0)
"""The pyramid's filter, 5 x 5, whose weights add up to 256."""

Corners = NDArray[np.float64]
"""(2, 2): upper left and lower right of a rectangle, the latter inside."""


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """Where a chip is cut from: its rotated square in the picture, or in a smaller copy of a part.

    `corner` is where the chip's first pixel is, `across` and `down` the ways to the next ones, in
    pixels. `part` (left, top, right, bottom, the last two outside) is what is halved `halvings`
    times before.
    """

    corner: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    halvings: int
    part: tuple[int, int, int, int]


def plan_chip(
    landmarks: NDArray[np.int64], picture: tuple[int, int], size: int, padding: float
) -> ChipPlan:
    """Return how to cut out the face with these (5, 2) landmarks, x and y.

    `picture` is (width, height); chips have `size` pixels a side and `padding` around the face, as
    a share of it.
    """
    turn, centre = _turn_and_centre(landmarks, size, padding)
    angle, scale = float(np.angle(turn)), abs(turn)
    half = (size * scale - 1) / 2
    square = np.array([centre - half, centre + half])
    halvings = 0
    smaller = _halved(square)
    while _area(smaller) > size * size:
        smaller = _halved(smaller)
        halvings += 1
    part = _part(square, angle, _grown(halvings), picture)
    if halvings:
        square = square - np.array(part[:2])
        for _ in range(halvings):
            square = _halved(square)
    corner, right, lower = _rotated(square, angle)[:3]
    return ChipPlan(
        corner, (right - corner) / (size - 1), (lower - corner) / (size - 1), halvings, part
    )


def cut_chips(
    pictures: Tensor, owners: Sequence[int], plans: Sequence[ChipPlan], size: int
) -> Tensor:
    """Return (M, size, size, 3) uint8 chips out of (N, h, w, 3) uint8 pictures on any device.

    `owners` tells whose picture each of the `plans` is for. What lies outside is black.
    """
    near = [number for number, plan in enumerate(plans) if not plan.halvings]
    chips = torch.empty((len(plans), size, size, 3), dtype=torch.uint8, device=pictures.device)
    if near:
        sampled = _sampled(
            pictures, [owners[number] for number in near], [plans[number] for number in near], size
        )
        chips.index_copy_(0, queued(np.array(near), pictures.device), sampled)
    for number, plan in enumerate(plans):
        if plan.halvings:
            left, top, right, bottom = plan.part
            part = pictures[owners[number], top:bottom, left:right].permute(2, 0, 1).float()
            for _ in range(plan.halvings):
                part = _half_size(part)
            chips[number] = _sampled(part.permute(1, 2, 0)[None], [0], [plan], size)[0]
    return chips


def _turn_and_centre(
    landmarks: NDArray[np.int64], size: int, padding: float
) -> tuple[complex, NDArray[np.float64]]:
    """Return rotation with scale from chip to picture, and the middle of the chip in the picture.

    The least squares of S. Umeyama (IEEE PAMI 13, 1991); in the plane a complex division.
    """
    chip = (MEAN_FACE + padding) / (2 * padding + 1) * size
    points = landmarks.astype(np.float64)
    before, after = chip - chip.mean(axis=0), points - points.mean(axis=0)
    ours, theirs = before @ (1, 1j), after @ (1, 1j)
    turn = complex((ours.conj() * theirs).sum() / (ours.conj() * ours).sum().real)
    middle = (size / 2 - chip.mean(axis=0)) @ (1, 1j)
    centre = turn * middle
    return turn, points.mean(axis=0) + np.array([centre.real, centre.imag])


def _halved(square: Corners) -> Corners:
    halved: Corners = square / 2 - _DOWN
    return halved


def _area(square: Corners) -> float:
    return float(np.prod(square[1] - square[0] + 1))


def _grown(halvings: int) -> float:
    """Return how many pixels around a square its smaller copies are made of."""
    pixels = float(_BORDER)
    for _ in range(halvings):
        pixels = 2 * pixels + _BORDER
    return pixels


def _rotated(square: Corners, angle: float) -> NDArray[np.float64]:
    """Return its upper left, upper right, lower left and lower right corner, turned around it."""
    centre = square.mean(axis=0)
    (left, top), (right, bottom) = square - centre
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
    turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
    turned: NDArray[np.float64] = corners @ turn + centre
    return turned


def _part(
    square: Corners, angle: float, grown: float, picture: tuple[int, int]
) -> tuple[int, int, int, int]:
    corners = _rotated(square, angle)
    low = np.maximum(corners.min(axis=0) - grown, 0)
    high = np.minimum(corners.max(axis=0) + grown, np.array(picture) - 1)
    left, top = (floor(value + 0.5) for value in low)
    right, bottom = (floor(value + 0.5) + 1 for value in high)
    return left, top, max(left, right), max(top, bottom)


def _half_size(part: Tensor) -> Tensor:
    """Return (3, h, w) whole numbers as float32, smoothed and every other one of them."""
    weights = queued(np.array(_BINOMIAL, np.float32), part.device)
    channels = part[:, None]
    across = torch.nn.functional.conv2d(channels, weights.reshape(1, 1, 1, 5), stride=(1, 2))
    both = torch.nn.functional.conv2d(across, weights.reshape(1, 1, 5, 1), stride=(2, 1))
    return torch.floor(both[:, 0] / 256)


def _sampled(
    pictures: Tensor, owners: Sequence[int], plans: Sequence[ChipPlan], size: int
) -> Tensor:
    """Return (M, size, size, 3) uint8, bilinear between the pixels of (N, h, w, 3) pictures."""
    ways = np.stack([(plan.corner, plan.across, plan.down) for plan in plans])
    corner, across, down = queued(ways, pictures.device)[:, :, None, None].unbind(1)
    steps = torch.arange(size, dtype=torch.float64, device=pictures.device)
    places = corner + across * steps[:, None] + down * steps[:, None, None]
    x, y = places.unbind(dim=3)
    height, width = pictures.shape[1:3]
    left, top = torch.floor(x), torch.floor(y)
    inside = (left >= 0) & (top >= 0) & (left + 1 < width) & (top + 1 < height)
    columns = [(left + more).clamp(0, width - 1).long() for more in (0, 1)]
    rows = [(top + more).clamp(0, height - 1).long() for more in (0, 1)]
    whose = queued(np.array(owners), pictures.device)[:, None, None]
    right, below = (x - left)[..., None], (y - top)[..., None]
    upper, lower = (
        pictures[whose, row, columns[0]] * (1 - right) + pictures[whose, row, columns[1]] * right
        for row in rows
    )
    values = upper * (1 - below) + lower * below
    return torch.where(inside[..., None], values, 0).to(torch.uint8)
