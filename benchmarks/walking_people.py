"""Scenes of real people who walk in, cross each other, stand and leave, with the truth about them.

People are cut out of photos and moved over a background, with a sensor's noise over everything.
What a frame shows is a function of scene, size and frame number alone.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.vision.faces import HogDetector
from iot_facerecognition_server.vision.scaling import luma
from lab.photos import fetch_photos

FPS: Final = 15.0
NOISE: Final = 2.0
"""Standard deviation of the sensor's noise in grey levels, as of a webcam in a lit room."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person with soft edges, in RGBA, and the face in it; `tag` is empty for a stranger."""

    tag: str
    picture: Image.Image
    face: Box


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is: its centre as a part of width and height, its side as a part of height."""

    across: float
    down: float
    side: float


Walk = Callable[[float], Pose | None]
"""Seconds to pose; None when out of the scene."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of `CAST` and the way they go."""

    person: str
    walk: Walk


@dataclass(frozen=True, slots=True)
class Truth:
    """A person in a frame: the name to be given, and where the face is, which can be seen."""

    tag: str
    face: Box


@dataclass(frozen=True, slots=True)
class Scene:
    """Actors, the farthest first, before a background; `pan` moves the camera across."""

    name: str
    seconds: float
    background: str
    actors: Sequence[Actor]
    pan: Callable[[float], float] = lambda _: 0.0

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return round(self.seconds * FPS)


CAST: Final = {
    "obama": ("Barack Obama", "obama2.jpg", 0),
    "obama again": ("Barack Obama", "obama3.jpg", 0),
    "biden": ("Joe Biden", "biden.jpg", 0),
    "collins": ("Eileen Collins", "astronaut.png", 0),
    "stranger": ("", "group.jpg", 0),
    "second stranger": ("", "group.jpg", 1),
    "third stranger": ("", "group.jpg", 2),
}
"""Name on the wire, photo, and which of its faces from the left."""


def crossing(
    begin: float, end: float, side: float, down: float, *, leftwards: bool = False
) -> Walk:
    """Walk from one side of the picture to the other between `begin` and `end` (seconds)."""

    def walk(at: float) -> Pose | None:
        if not begin <= at <= end:
            return None
        way = (at - begin) / (end - begin)
        across = -0.25 + 1.5 * (1 - way if leftwards else way)
        bob = 0.012 * math.sin(2 * math.pi * 1.8 * at)
        return Pose(across, down + bob, side)

    return walk


def visiting(come: float, leave: float, side: float, down: float, place: float) -> Walk:
    """Walk in from the left, stand still at `place`, walk out to the right."""
    way = 2.0

    def walk(at: float) -> Pose | None:
        if not come <= at <= leave:
            return None
        inwards, outwards = min(1.0, (at - come) / way), max(0.0, (at - leave + way) / way)
        across = -0.25 + (place + 0.25) * inwards + (1.25 - place) * outwards
        moving = (at - come) < way or (leave - at) < way
        bob = 0.012 * math.sin(2 * math.pi * 1.8 * at) if moving else 0.0
        return Pose(across, down + bob, side)

    return walk


def approaching(begin: float, end: float, near: float, far: float, place: float) -> Walk:
    """Come nearer and go away again, a little to the left and right."""

    def walk(at: float) -> Pose | None:
        if not begin <= at <= end:
            return None
        way = math.sin(math.pi * (at - begin) / (end - begin)) ** 2
        return Pose(place + 0.1 * math.sin(0.9 * at), 0.42, far + (near - far) * way)

    return walk


def standing(side: float, down: float, place: float) -> Walk:
    """Stand still all the time."""
    return lambda _: Pose(place, down, side)


SCENES: Final = (
    Scene(
        "people crossing",
        18.0,
        "rocket.jpg",
        (
            Actor("stranger", crossing(0.5, 8.0, 0.22, 0.35)),
            Actor("collins", crossing(1.5, 8.0, 0.24, 0.40, leftwards=True)),
            Actor("obama", crossing(5.0, 12.5, 0.28, 0.42)),
            Actor("biden", crossing(6.0, 13.0, 0.30, 0.38, leftwards=True)),
            Actor("second stranger", crossing(10.0, 17.0, 0.22, 0.40)),
            Actor("obama again", crossing(10.5, 17.5, 0.30, 0.42, leftwards=True)),
        ),
    ),
    Scene(
        "visitors",
        16.0,
        "coffee.png",
        (
            Actor("biden", visiting(1.0, 10.0, 0.30, 0.40, 0.35)),
            Actor("collins", visiting(5.0, 15.0, 0.24, 0.45, 0.70)),
        ),
    ),
    Scene(
        "coming nearer",
        10.0,
        "rocket.jpg",
        (
            Actor("stranger", standing(0.24, 0.30, 0.80)),
            Actor("obama", approaching(0.0, 5.0, 0.45, 0.20, 0.35)),
            Actor("biden", approaching(5.0, 10.0, 0.40, 0.24, 0.45)),
        ),
    ),
    Scene(
        "camera panning",
        8.0,
        "rocket.jpg",
        (
            Actor("stranger", standing(0.24, 0.40, -0.10)),
            Actor("obama", standing(0.30, 0.40, 0.40)),
            Actor("collins", standing(0.24, 0.45, 0.95)),
            Actor("second stranger", standing(0.22, 0.38, 1.30)),
        ),
        pan=lambda at: 0.55 * (1 - math.cos(2 * math.pi * at / 8)) - 0.2,
    ),
)


class Stage:
    """Renders the frames of one scene in one size."""

    def __init__(self, scene: Scene, size: tuple[int, int]) -> None:
        """Make frames of `size` (width, height) as JPEGs."""
        self.scene = scene
        self.size = size
        self._backdrop = _backdrop(scene.background, size)

    def truth(self, index: int) -> list[Truth]:
        """Return who has the centre of their face inside frame `index` and nobody before it."""
        width, height = self.size
        seen: list[Truth] = []
        for actor in reversed(self.scene.actors):  # the nearest first
            face = self._placed(actor, index)
            if face is None:
                continue
            across, down = face.centre
            hidden = any(
                truth.face.left <= across < truth.face.right
                and truth.face.top <= down < truth.face.bottom
                for truth in seen
            )
            if 0 <= across < width and 0 <= down < height and not hidden:
                seen.append(Truth(CAST[actor.person][0], face))
        return seen

    def present(self, index: int) -> list[Truth]:
        """Return everyone in frame `index`, also who is hidden or cut off; the farthest first."""
        placed = ((actor, self._placed(actor, index)) for actor in self.scene.actors)
        return [Truth(CAST[actor.person][0], face) for actor, face in placed if face is not None]

    def jpeg(self, index: int) -> bytes:
        """Return frame `index` as a JPEG."""
        buffer = io.BytesIO()
        Image.fromarray(self.picture(index)).save(buffer, "JPEG", quality=80)
        return buffer.getvalue()

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return frame `index`, (h, w, 3) uint8 RGB."""
        width, height = self.size
        shift = self._shift(index)
        extra = (self._backdrop.width - width) // 2
        frame = self._backdrop.crop((extra + shift, 0, extra + shift + width, height))
        for actor in self.scene.actors:
            face = self._placed(actor, index)
            if face is None:
                continue
            cutout = load_cutout(actor.person)
            scale = face.width / cutout.face.width
            left, top = face.left - cutout.face.left * scale, face.top - cutout.face.top * scale
            whole_left, whole_top = math.floor(left), math.floor(top)
            size = [math.ceil(side * scale) + 1 for side in cutout.picture.size]
            # Placed to a fraction of a pixel: rounding would make slow people tremble.
            person = cutout.picture.transform(
                (size[0], size[1]),
                Image.Transform.AFFINE,
                (
                    1 / scale,
                    0,
                    (whole_left - left) / scale,
                    0,
                    1 / scale,
                    (whole_top - top) / scale,
                ),
                Image.Resampling.BILINEAR,
            )
            frame.paste(person, (whole_left, whole_top), person)
        random = np.random.default_rng((index, width))
        noise = random.normal(0.0, NOISE, (height, width, 1))
        return np.clip(np.asarray(frame) + noise, 0, 255).astype(np.uint8)

    def _shift(self, index: int) -> int:
        return round(self.scene.pan(index / FPS) * self.size[0])

    def _placed(self, actor: Actor, index: int) -> Box | None:
        pose = actor.walk(index / FPS)
        if pose is None:
            return None
        width, height = self.size
        side = pose.side * height
        left = pose.across * width - self._shift(index) - side / 2
        top = pose.down * height - side / 2
        return Box.at(round(left), round(top), round(side), round(side))


@cache
def stage(scene: int, size: tuple[int, int]) -> Stage:
    """Return the stage for a scene of `SCENES`, always the same one."""
    return Stage(SCENES[scene], size)


def render(scene: int, size: tuple[int, int], index: int) -> bytes:
    """Return frame `index` of a scene of `SCENES`; a process of its own can be asked for it."""
    return stage(scene, size).jpeg(index)


@cache
def load_cutout(person: str) -> Cutout:
    """Return a person of `CAST`: head and shoulders, cut along soft ellipses."""
    tag, photo, place = CAST[person]
    picture = Image.open(fetch_photos() / photo).convert("RGB")
    faces = HogDetector().detect(luma(np.asarray(picture)))
    face = sorted((found.box for found in faces), key=lambda box: box.left)[place]
    side = face.width
    box = (
        max(0, face.left - round(0.8 * side)),
        max(0, face.top - round(0.7 * side)),
        min(picture.width, face.right + round(0.8 * side)),
        min(picture.height, face.bottom + round(1.4 * side)),
    )
    mask = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(mask)
    middle, _ = face.centre
    pen.ellipse(
        (
            middle - 0.7 * side,
            face.top - 0.55 * side,
            middle + 0.7 * side,
            face.bottom + 0.25 * side,
        ),
        fill=255,
    )
    pen.ellipse(
        (middle - 1.25 * side, face.bottom, middle + 1.25 * side, face.bottom + 3 * side), fill=255
    )
    # Nothing of the person before the photo's own edge may look cut by a knife.
    mask = mask.filter(ImageFilter.GaussianBlur(0.05 * side))
    picture.putalpha(mask)
    cut = picture.crop(box)
    # No larger than any frame needs, or every frame pays for it.
    scale = min(1.0, 340 / side)
    small = cut.resize(
        (round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS
    )
    left, top = (face.left - box[0]) * scale, (face.top - box[1]) * scale
    return Cutout(tag, small, Box.at(left, top, side * scale, side * scale).rounded())


def _backdrop(photo: str, size: tuple[int, int]) -> Image.Image:
    """Return the photo, out of focus, three times as wide as a frame so that a camera can pan."""
    width, height = size
    picture = (
        Image.open(fetch_photos() / photo).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    )
    blurred = picture.filter(ImageFilter.GaussianBlur(height / 120))
    mirrored = blurred.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    wide = Image.new("RGB", (3 * width, height))
    for place, part in enumerate((mirrored, blurred, mirrored)):
        wide.paste(part, (place * width, 0))
    return wide
