"""Faces in, names out."""

import asyncio
import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from iot_facerecognition_client import Client, FacesResult, Fingerprint, ServerAddress
from iot_facerecognition_protocol import SessionSettings
from lab.server_process import ServerProcess

from .conftest import Peer, dial, faces_in


def jpeg_of(path: Path, width: int = 640) -> bytes:
    """Return a photo as a JPEG of `width` pixels."""
    picture = Image.open(path).convert("RGB")
    height = round(picture.height * width / picture.width)
    content = io.BytesIO()
    picture.resize((width, height)).save(content, "JPEG", quality=90)
    return content.getvalue()


def test_face_is_named_from_another_photo_of_the_person(peer: Peer, photos: Path) -> None:
    results, done = peer.frame(jpeg_of(photos / "obama2.jpg"))
    assert all(message["frame"] == 1 for message in results)
    (face,) = faces_in(results)
    assert face["tag"] == "Barack Obama"
    assert 0 < face["distance"] < 0.6
    assert face["score"] > 0
    assert face["width"] > 50
    assert done["status"] == "processed"


def test_person_without_reference_is_unknown(peer: Peer, photos: Path) -> None:
    results, _ = peer.frame(jpeg_of(photos / "group.jpg", 1280))
    faces = faces_in(results)
    assert len(faces) >= 4
    assert {face["tag"] for face in faces} == {""}
    assert all(face["distance"] > 0.6 for face in faces)


def test_frame_without_a_face_gets_an_empty_result(peer: Peer, photos: Path) -> None:
    results, _ = peer.frame(jpeg_of(photos / "coffee.png"))
    assert faces_in(results) == []


def test_two_clients_at_once_get_only_their_own_results(
    server: ServerProcess, photos: Path
) -> None:
    async def stream(name: str, photo: str, expected: str) -> None:
        access = server.access
        client = Client(
            ServerAddress("127.0.0.1", access.port),
            trust=Fingerprint(access.fingerprint),
            token=access.token,
            settings=SessionSettings(name=name, object_recognition=False),
        )
        jpeg = jpeg_of(photos / photo)
        async with client:
            await client.connected(10)
            results = client.results()
            for number in range(10):
                client.send(jpeg, mark=number)
                result = await asyncio.wait_for(anext(results), 30)
                assert isinstance(result, FacesResult)
                assert result.mark == number
                assert [face.tag for face in result.faces] == [expected]

    async def both() -> None:
        await asyncio.gather(
            stream("one", "obama3.jpg", "Barack Obama"),
            stream("two", "astronaut.png", "Eileen Collins"),
        )

    asyncio.run(both())


def test_gallery_follows_its_file_while_the_server_runs(photos: Path, tmp_path: Path) -> None:
    any_rate = {"Limits": {"FrameRate": "0"}}  # the picture rests: most frames cost nearly nothing
    with ServerProcess(tmp_path, {"Somebody": [photos / "biden.jpg"]}, any_rate) as server:
        jpeg = jpeg_of(photos / "obama2.jpg")
        with dial(server.access) as peer:
            assert faces_in(peer.frame(jpeg)[0])[0]["tag"] == ""
            faces = tmp_path / "faces.json"
            faces.write_text(f'[{{"tag": "Obama", "photos": "{photos / "obama.jpg"}"}}]')
            deadline = time.monotonic() + 60
            while faces_in(peer.frame(jpeg)[0])[0]["tag"] != "Obama":
                if time.monotonic() > deadline:
                    pytest.fail("the changed gallery was not taken up:\n" + server.output())


def test_operator_lists_clients_and_sends_them_messages(server: ServerProcess) -> None:
    def run(*words: str) -> str:
        command = [sys.executable, "-m", "iot_facerecognition_server", "--config", server.config]
        return subprocess.run(
            [*command, *words], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    with dial(server.access) as kitchen, dial(server.access) as hall:
        for peer, name in ((kitchen, "kitchen"), (hall, "hall")):
            peer.command(1, name)
            assert peer.until(1)["context"] == name
        assert "kitchen" in run("clients")
        assert run("say", "--to", "kitchen", "dinner is ready") == "sent to 1 client\n"
        assert kitchen.receive() == {"command": 2, "context": "dinner is ready"}
        assert run("say", "good night") == "sent to 2 clients\n"
        assert hall.receive() == {"command": 2, "context": "good night"}
