"""Pictures of the appliance's views for the documentation, from a real run.

`python -m scripts.pictures.edge_screenshots [FOLDER [WIDTHxHEIGHT…]]` starts the server on
loopback, lets an appliance look at photos, walks through its views in dark and light on two sizes
of screen (or those given), and writes the pictures to FOLDER (docs/images/edge without one). The
photos are in the public domain.
"""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from PIL import Image

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import Value
from lab.photos import PhotosError, fetch_photos
from lab.screenshots import SIZES, NothingSeenError, Scenes, take
from lab.server_process import ServerFailedError, ServerProcess

_FRAME = (640, 480)
_KNOWN = ("obama3.jpg", (0, 150, 1434, 1226))
_UNKNOWN = ("biden.jpg", (0, 0, 970, 728))
"""Photo, and the part of it that the camera sees: left, top, right, bottom."""
_REFERENCES = {"Barack Obama": "obama.jpg", "Eileen Collins": "astronaut.png"}


def scene(photo: Path, part: tuple[int, int, int, int], folder: Path) -> str:
    """Put a part of a photo into `folder` as what a camera next to it sees; return its name."""
    folder.mkdir(parents=True)
    with Image.open(photo) as image:
        image.convert("RGB").crop(part).resize(_FRAME).save(folder / "frame.jpg", quality=85)
    return f"folder:{folder.name}"


def main() -> int:
    """Take the pictures; return the exit code."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/edge").absolute()
    sizes = [(int(w), int(h)) for w, h in (size.split("x") for size in sys.argv[2:])] or SIZES
    try:
        photos = fetch_photos()
        people = {tag: [photos / name] for tag, name in _REFERENCES.items()}
        with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as name:
            place = Path(name)
            scenes = Scenes(
                scene(photos / _KNOWN[0], _KNOWN[1], place / "known"),
                scene(photos / _UNKNOWN[0], _UNKNOWN[1], place / "unknown"),
            )
            with ServerProcess(place / "server", people) as server:
                access = server.access
                overrides: dict[str, Value] = {
                    "connection.name": "entrance",
                    "connection.address": "127.0.0.1",
                    "connection.port": access.port,
                    "connection.token": access.token or "",
                    "connection.tls_mode": "fingerprint",
                    "connection.fingerprint": access.fingerprint,
                    # Long enough for what the camera view saw to be seen on the charts' page.
                    "statistics.window": 30,
                    "camera.width": _FRAME[0],
                    "camera.height": _FRAME[1],
                }
                # Names without a path look better in a picture.
                with contextlib.chdir(place):
                    taken = asyncio.run(take(folder, overrides, scenes, sizes))
                print(*taken, sep="\n")
    except (PhotosError, ServerFailedError, EdgeError, NothingSeenError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
