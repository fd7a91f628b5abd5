"""Makes docs/images/recognised.jpg: what the server says of photos in the public domain.

`python -m scripts.pictures.recognised` starts the real server, lets three clients send a frame each
and draws the answers. The photos are works of NASA and of the White House.
"""

import asyncio
import tempfile
from pathlib import Path

from PIL import Image

from demo.picture import draw
from iot_facerecognition_client import Client, FacesResult, Fingerprint, ServerAddress
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_protocol import Face, SessionSettings
from lab.cast import people
from lab.photos import fetch_photos
from lab.server_process import Access, ServerProcess

PHOTOS = {"entrance": "astronaut.png", "office": "obama3.jpg", "garage": "biden.jpg"}
"""What each client's camera sees."""
PICTURE = Path("docs/images/recognised.jpg")
WIDTH = 1080


async def answer(access: Access, name: str, frame: bytes) -> tuple[Face, ...]:
    """Return the faces that the server finds in the frame of a client with this name."""
    client = Client(
        ServerAddress("127.0.0.1", access.port),
        trust=Fingerprint(access.fingerprint),
        token=access.token,
        settings=SessionSettings(name=name, object_recognition=False),
    )
    async with client:
        await client.connected(30)
        results = client.results()
        client.send(frame)
        result = await asyncio.wait_for(anext(results), 30)
        assert isinstance(result, FacesResult)
        return result.faces


def main() -> None:
    """Write the picture and print its path."""
    folder = fetch_photos()
    frames = {
        name: MovingPhoto([folder / photo], size=(640, 480), closest=0.7).jpeg(40)
        for name, photo in PHOTOS.items()
    }
    with tempfile.TemporaryDirectory() as name:
        with ServerProcess(Path(name) / "server", people(folder)) as server:
            shown = {
                name: (frame, asyncio.run(answer(server.access, name, frame)))
                for name, frame in frames.items()
            }
        sheet = Path(name) / "sheet.png"
        draw(shown, sheet)
        picture = Image.open(sheet)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        height = round(picture.height * WIDTH / picture.width)
        picture.resize((WIDTH, height), Image.Resampling.LANCZOS).save(PICTURE, quality=85)
    print(PICTURE)


if __name__ == "__main__":
    main()
