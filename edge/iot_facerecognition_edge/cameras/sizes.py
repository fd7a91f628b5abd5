"""The sizes of pictures that cameras give, and which of them a person may choose."""

from collections.abc import Iterable

from iot_facerecognition_edge.settings.camera import CameraSettings

Size = tuple[int, int]
"""Width and height in pixels."""

USUAL: tuple[Size, ...] = (
    (320, 240),
    (640, 360),
    (640, 480),
    (800, 600),
    (1024, 576),
    (1024, 768),
    (1280, 720),
    (1280, 960),
    (1600, 1200),
    (1920, 1080),
    (2560, 1440),
    (3840, 2160),
)
"""In both proportions that sensors have, for cameras that scale to any size."""
LARGEST: Size = (1920, 1080)
"""What is offered of photos, which are scaled to any size."""


def usual_up_to(largest: Size) -> tuple[Size, ...]:
    """Return the usual sizes that a camera can scale to whose largest picture is this."""
    return tuple(size for size in USUAL if size[0] <= largest[0] and size[1] <= largest[1])


def allowed(sizes: Iterable[Size]) -> tuple[Size, ...]:
    """Return those of `sizes` that the settings allow, the smallest first and each once."""
    width, height = CameraSettings.width, CameraSettings.height
    ranges = [(side.minimum or 0, side.maximum or 0) for side in (width, height)]
    return tuple(
        sorted(
            {
                size
                for size in sizes
                if all(low <= side <= most for side, (low, most) in zip(size, ranges, strict=True))
            }
        )
    )
