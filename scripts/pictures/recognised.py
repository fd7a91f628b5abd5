"""Makes docs/images/recognised.jpg: what the server says of photos in the public domain.

`python -m scripts.pictures.recognised` starts the real server, sends three frames and draws the
answers. The photos are works of NASA and of the White House.
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

PHOTOS = ("astronaut.png", "obama3.jpg", "biden.jpg")
PICTURE = Path("docs/images/recognised.jpg")
WIDTH = 1080


async def answers(access: Access, frames: list[bytes]) -> list[tuple[Face, ...]]:
    """Return the faces that the server finds in each frame."""
    client = Client(
        ServerAddress("127.0.0.1", access.port),
        trust=Fingerprint(access.fingerprint),
        token=access.token,
        settings=SessionSettings(name="picture", object_recognition=False),
    )
    found = []
    async with client:
        await client.connected(30)
        results = client.results()
        for frame in frames:
            client.send(frame)
            result = await asyncio.wait_for(anext(results), 30)
            assert isinstance(result, FacesResult)
            found.append(result.faces)
    return found


def main() -> None:
    """Write the picture and print its path."""
    folder = fetch_photos()
    frames = [
        MovingPhoto([folder / photo], size=(640, 480), closest=0.7).jpeg(40) for photo in PHOTOS
    ]
    with tempfile.TemporaryDirectory() as name:
        with ServerProcess(Path(name) / "server", people(folder)) as server:
            found = asyncio.run(answers(server.access, frames))
        sheet = Path(name) / "sheet.png"
        captions = ("entrance", "office", "garage")
        draw(dict(zip(captions, zip(frames, found, strict=True), strict=True)), sheet)
        picture = Image.open(sheet)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        height = round(picture.height * WIDTH / picture.width)
        picture.resize((WIDTH, height), Image.Resampling.LANCZOS).save(PICTURE, quality=85)
    print(PICTURE)


if __name__ == "__main__":
    main()
