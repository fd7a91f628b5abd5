"""The whole server with the CNN detector, on a CPU."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cast import people
from lab.server_process import ServerProcess

from .conftest import dial, faces_in
from .test_recognition import jpeg_of


@pytest.fixture(scope="module")
def cnn_server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"Engine": {"Detector": "cnn", "Device": "cpu", "MinFaceSize": "100"}}
    with ServerProcess(tmp_path_factory.mktemp("cnn"), people(photos), settings) as running:
        yield running
        assert running.stop() == 0, running.output()


def test_face_is_found_by_the_network_and_named(cnn_server: ServerProcess, photos: Path) -> None:
    assert "face detector cnn on cpu" in cnn_server.output()
    with dial(cnn_server.access) as peer:
        assert peer.receive()["command"] == 9
        results, done = peer.frame(jpeg_of(photos / "obama2.jpg", 480))
        (face,) = faces_in(results)
        assert face["tag"] == "Barack Obama"
        assert 0.5 < face["score"] < 1.3
        assert done["status"] == "processed"
        results, _ = peer.frame(jpeg_of(photos / "coffee.png"))
        assert faces_in(results) == []
