"""What a frame shows, as far as it matters for whether boxes fit."""

from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """A view that lasts for many frames: boxes found in one of them fit the others.

    A camera has one scene for as long as it runs; with a folder of photos each is its own. `number`
    tells scenes apart, `size` is the width and height of their frames in pixels when these are
    upright, for which they are to be turned clockwise by `turn` degrees, as their Exif says.
    """

    number: int
    size: tuple[int, int]
    turn: int = 0
