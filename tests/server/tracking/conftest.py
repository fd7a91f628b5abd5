"""A world of invented people for a tracker, which sees no more of it than a painted thumbnail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.frames import UNKNOWN, Match, RecognisedFace
from iot_facerecognition_server.tracking.changes import REDUCTION, Thumbnail
from iot_facerecognition_server.tracking.regions.search_regions import SearchRegion
from iot_facerecognition_server.tracking.regions.steps import ScanFrame, SearchRegions
from iot_facerecognition_server.tracking.regions.tracker import RegionTracker
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.tracking.watched_frame import Settled, Way
from iot_facerecognition_server.vision.face_quality import face_quality

FRAME = (640, 480)
FPS = 15.0


@dataclass(frozen=True)
class Person:
    """Somebody: a look, a descriptor, a name ("" for a stranger), and where their face is when.

    `path` gives left, top and side in pixels, None when out of sight.
    """

    seed: int
    path: Callable[[float], tuple[float, float, float] | None]
    tag: str = UNKNOWN

    @property
    def descriptor(self) -> np.ndarray:
        direction = np.random.default_rng(self.seed).normal(size=128).astype(np.float32)
        return direction / np.linalg.norm(direction)  # about 1.4 from everybody else's

    @property
    def look(self) -> np.ndarray:
        return np.random.default_rng(self.seed).integers(0, 255, (6, 6)).astype(np.float64)


@dataclass
class World:
    """People, the last of them nearest; `background` is what the camera points at."""

    people: Sequence[Person]
    background: int = 0

    def faces(self, at: float) -> list[tuple[Person, Detection]]:
        """Whose faces are in sight: not hidden behind another, more than half inside the frame."""
        placed: list[tuple[Person, Detection]] = []
        for person in reversed(self.people):
            place = person.path(at)
            if place is None:
                continue
            left, top, side = place
            box = Box.at(left, top, side, side).rounded()
            across, down = box.centre
            inside = 0 <= across < FRAME[0] and 0 <= down < FRAME[1]
            if inside and not any(box.shared(o.box) > 0.3 * box.area for _, o in placed):
                placed.append((person, face_at(box)))
        return placed

    def thumbnail(self, at: float) -> Thumbnail:
        """Paint the world, a background with every face as a pattern of its own."""
        height, width = FRAME[1] // REDUCTION, FRAME[0] // REDUCTION
        shades = np.random.default_rng(1000 + self.background).integers(60, 200, (6, 8))
        picture = np.kron(shades, np.ones((height // 6, width // 8)))
        for person in self.people:
            place = person.path(at)
            if place is not None:
                paint(picture, person.look, *(value / REDUCTION for value in place))
        return np.rint(picture).astype(np.uint8)


@dataclass
class Bench:
    """A tracker in a world; `detects` decides whether the detector sees a face at a time."""

    world: World
    settings: TrackingSettings = field(default_factory=TrackingSettings)
    detects: Callable[[Person, float], bool] = lambda _person, _at: True
    ways: list[Way] = field(default_factory=list)
    described: int = 0
    scans: int = 0
    regions: list[SearchRegion] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracker = RegionTracker(self.settings)

    def frame(self, at: float) -> dict[int, RecognisedFace]:
        """Take the tracker through one frame; return its faces by the seed of who is there."""
        visible = [one for one in self.world.faces(at) if self.detects(one[0], at)]
        detections = [face for _, face in visible]
        step = self.tracker.begin(at, self.world.thumbnail(at), FRAME)
        self.regions = []
        while not isinstance(step, Settled):
            match step:
                case ScanFrame():
                    self.scans += 1
                    step = self.tracker.scanned(detections)
                case SearchRegions(regions):
                    self.regions += regions
                    step = self.tracker.searched(
                        [[f for f in detections if within(f.box, r.box)] for r in regions]
                    )
        self.ways.append(step.way)
        self.described += len(step.describe)
        rows = [owner(face, visible).descriptor for face in step.describe]
        voices = self.tracker.tracks.described(rows)
        faces = self.tracker.tracks.matched([self.match(voice) for voice in voices])
        people = visible or self.world.faces(at)
        return {owner(face, people).seed: face for face in faces}

    def match(self, descriptor: np.ndarray) -> Match:
        distances = [
            (float(np.linalg.norm(person.descriptor - descriptor)), person.tag)
            for person in self.world.people
            if person.tag
        ]
        distance, tag = min(distances, default=(None, UNKNOWN))
        return Match(tag if distance is not None and distance < 0.6 else UNKNOWN, distance)

    def run(self, seconds: float, begin: float = 0.0) -> list[dict[int, RecognisedFace]]:
        count = round(seconds * FPS)
        return [self.frame(begin + index / FPS) for index in range(count)]


def face_at(box: Box, score: float = 1.0, pose: int | None = None) -> Detection:
    """Return a face as a search finds it, as sharp as any other."""
    face = Detection(box, score, pose)
    return replace(face, quality=face_quality(face, 1.0, FRAME))


def within(face: Box, region: Box) -> bool:
    """Tell whether a search of `region` sees the whole face, but for what the frame cuts off."""
    return (
        max(0, face.left) >= region.left
        and max(0, face.top) >= region.top
        and min(FRAME[0], face.right) <= region.right
        and min(FRAME[1], face.bottom) <= region.bottom
    )


def owner(face: Detection, people: Sequence[tuple[Person, Detection]]) -> Person:
    return max(people, key=lambda one: face.box.iou(one[1].box))[0]


def paint(picture: np.ndarray, look: np.ndarray, left: float, top: float, side: float) -> None:
    """Put `look` on the square, each pixel as much as the square covers it."""
    height, width = picture.shape
    for row in range(max(0, int(top)), min(height, int(top + side) + 1)):
        for column in range(max(0, int(left)), min(width, int(left + side) + 1)):
            down = min(row + 1, top + side) - max(row, top)
            across = min(column + 1, left + side) - max(column, left)
            cover = max(0.0, down) * max(0.0, across)
            y = min(5, max(0, int((row + 0.5 - top) / side * 6)))
            x = min(5, max(0, int((column + 0.5 - left) / side * 6)))
            picture[row, column] += cover * (look[y, x] - picture[row, column])


@pytest.fixture
def standing() -> Callable[..., Person]:
    """Make somebody who does not move."""

    def make(seed: int, left: float, top: float = 150, side: float = 100, tag: str = "") -> Person:
        return Person(seed, lambda _at: (left, top, side), tag)

    return make


@pytest.fixture
def walking() -> Callable[..., Person]:
    """Make somebody who is at `left` when the clock is at 0 and walks `speed` pixels a second."""

    def make(
        seed: int, left: float, speed: float, *, top: float = 150, side: float = 100, tag: str = ""
    ) -> Person:
        return Person(seed, lambda at: (left + speed * at, top, side), tag)

    return make


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Put people in front of a tracker."""

    def make(*people: Person, **options: object) -> Bench:
        return Bench(World(people), **options)  # type: ignore[arg-type]

    return make
