"""The source that a person names in one word."""

from pathlib import Path

from iot_facerecognition_client.sources.interface import FrameSource, SourceError
from iot_facerecognition_client.sources.pictures import IMAGE_SUFFIXES, Pictures, images_in

_PICTURES_FPS = 15.0
SECONDS_PER_PICTURE = 3.0
"""Long enough for a slow server to answer, and for a person to see what it answered."""

FORMS = (
    "webcam[:NUMBER], a folder of images, image[,image…], a video file, or moving:FOLDER_OR_PHOTO"
)
"""What `open_source` understands, for help texts."""


def open_source(
    spec: str,
    *,
    capture_size: tuple[int, int] = (1280, 720),
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    quality: int = 80,
) -> FrameSource:
    """Return the source that `spec` names, one of `FORMS`.

    `capture_size` is asked of a camera, `size` is what is sent; without `fps` each source has its
    own rate. Raises SourceError.
    """
    if fps is not None and fps <= 0:
        raise SourceError(f"frames a second are a positive number, not {fps:g}")
    kind, _, rest = spec.partition(":")
    # The libraries behind each kind are loaded for that kind only.
    if kind == "webcam":
        from iot_facerecognition_client.sources.webcam import Webcam  # noqa: PLC0415

        if rest and not rest.isdecimal():
            raise SourceError(f"a webcam has a number, as in webcam:0, not {rest!r}")
        device = int(rest or 0)
        return Webcam(device, capture_size=capture_size, size=size, fps=fps, quality=quality)
    if kind == "moving":
        from iot_facerecognition_client.sources.moving_photo import MovingPhoto  # noqa: PLC0415

        photos = _images(rest)
        return MovingPhoto(
            photos, size=size or (640, 480), fps=fps or _PICTURES_FPS, quality=quality
        )
    path = Path(spec)
    if path.is_dir() or all(Path(p).suffix.lower() in IMAGE_SUFFIXES for p in spec.split(",")):
        return Pictures(
            _images(spec),
            size=size,
            fps=fps or _PICTURES_FPS,
            quality=quality,
            seconds_per_picture=SECONDS_PER_PICTURE,
        )
    if not path.exists():
        raise SourceError(f"source {spec!r} is no file and none of: {FORMS}")
    from iot_facerecognition_client.sources.video import VideoFile  # noqa: PLC0415

    return VideoFile(path, size=size, fps=fps, quality=quality)


def _images(spec: str) -> list[Path]:
    """Return the images of a folder or of a list with commas. Raises SourceError."""
    folder = Path(spec)
    if spec and folder.is_dir():
        return images_in(folder)
    parts = [part.strip() for part in spec.split(",")]
    missing = [part for part in parts if not Path(part).is_file()]
    if missing:
        raise SourceError(f"no such image or folder: {', '.join(missing) or '(empty)'}")
    return [Path(part) for part in parts]
