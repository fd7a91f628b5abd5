"""Pictures of the appliance's views for the documentation, from a real run.

`python -m demo.edge_screenshots [FOLDER]` starts the server on loopback, lets an appliance look at
moving photos, walks through its views in dark and light on two sizes of screen, and writes the
pictures to FOLDER (docs/images without one).
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from demo.cast import people
from demo.photos import PhotosError, fetch_photos
from demo.server_process import ServerFailedError, ServerProcess

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.settings import Value
from iot_facerecognition_edge.ui.screenshots import NothingSeenError, take

_SEEN = ("obama2.jpg", "hanks.png", "astronaut.png", "biden.jpg")


def main() -> int:
    """Take the pictures; return the exit code."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    try:
        photos = fetch_photos()
        with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as place:
            seen = Path(place) / "photos"
            seen.mkdir()
            for name in _SEEN:
                shutil.copy(photos / name, seen)
            with ServerProcess(Path(place) / "server", people(photos)) as server:
                access = server.access
                overrides: dict[str, Value] = {
                    "connection.name": "entrance",
                    "connection.address": "127.0.0.1",
                    "connection.port": access.port,
                    "connection.token": access.token or "",
                    "connection.tls_mode": "fingerprint",
                    "connection.fingerprint": access.fingerprint,
                    "camera.source": f"moving:{seen}",
                    "camera.width": 640,
                    "camera.height": 480,
                }
                for path in asyncio.run(take(folder, overrides)):
                    print(path)
    except (PhotosError, ServerFailedError, EdgeError, NothingSeenError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
