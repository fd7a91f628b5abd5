"""Start, reload, restart and end of the server, with clients connected."""

import asyncio
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from iot_facerecognition_client import Client, FacesResult, Fingerprint, ServerAddress, State
from lab.cast import people
from lab.server_process import ServerProcess

from .conftest import dial
from .test_recognition import jpeg_of


def test_sigterm_finishes_what_is_under_way_and_says_good_bye(photos: Path, tmp_path: Path) -> None:
    with ServerProcess(tmp_path, people(photos)) as server, dial(server.access) as peer:
        assert peer.receive()["command"] == 9
        peer.command(5, False)
        peer.until(5)
        # One is answered, so the server has read the other, which came right behind it.
        for _ in range(2):
            peer.send(jpeg_of(photos / "obama2.jpg"))
        peer.until(10)
        server.signal(signal.SIGTERM)
        messages = []
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                messages.append(peer.receive())
        assert sorted(message["command"] for message in messages) == [3, 10, 13]
        (hint,) = (message["context"] for message in messages if message["command"] == 13)
        assert hint["back_in_ms"] > 1000  # an interpreter with torch has been started
        assert hint["spread_ms"] == 20
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert server.wait() == 0


def test_sighup_takes_up_a_renewed_certificate_and_keeps_clients(
    photos: Path, tmp_path: Path
) -> None:
    with ServerProcess(tmp_path, {}) as server, dial(server.access) as peer:
        jpeg = jpeg_of(photos / "obama2.jpg")
        before = fingerprint_of(server)
        command = [sys.executable, "-m", "iot_facerecognition_server", "--config", server.config]
        subprocess.run([*command, "cert", "new"], check=True, stdout=subprocess.PIPE)
        assert fingerprint_of(server) == before
        server.signal(signal.SIGHUP)
        for _ in range(200):
            if fingerprint_of(server) != before:
                break
        else:
            pytest.fail("the renewed certificate was not taken up:\n" + server.output())
        assert peer.frame(jpeg)[1]["status"] == "processed"


def fingerprint_of(server: ServerProcess) -> bytes:
    """Return the certificate that a new connection is shown."""
    with dial(server.access) as peer:
        shown = peer.connection.socket.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        assert isinstance(shown, bytes)
        return shown


def test_client_survives_the_restart_of_the_server(photos: Path, tmp_path: Path) -> None:
    jpeg = jpeg_of(photos / "obama2.jpg")

    async def scenario(server: ServerProcess) -> None:
        access = server.access
        client = Client(
            ServerAddress("127.0.0.1", access.port),
            trust=Fingerprint(access.fingerprint),
            token=access.token,
        )
        client.set(name="survivor", object_recognition=False)
        async with client:
            await client.connected(10)
            results = client.results()
            client.send(jpeg)
            assert isinstance(await asyncio.wait_for(anext(results), 30), FacesResult)
            statuses = client.statuses()
            await asyncio.to_thread(server.stop)
            while (status := await asyncio.wait_for(anext(statuses), 30)).state is State.CONNECTED:
                pass
            assert status.state is State.RETRYING
            assert "it expects to be back in about" in status.text
            assert status.retry_in is not None
            assert status.retry_in <= 5.02  # 5 s of the hint, and 20 ms for the only client
            await asyncio.to_thread(server.start)
            await client.connected(90)
            client.send(jpeg)
            result = await asyncio.wait_for(anext(results), 30)
            assert isinstance(result, FacesResult)
            assert [face.tag for face in result.faces] == ["Barack Obama"]
            assert client.settings.name == "survivor"

    with ServerProcess(tmp_path, people(photos), port=free_port()) as server:
        asyncio.run(scenario(server))
        assert "survivor" in server.output()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_port_in_use_is_exit_code_4_with_the_cure(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "first", {}) as first:
        second = ServerProcess(tmp_path / "second", {}, port=first.access.port)
        with pytest.raises(Exception, match=r"\[Connection\] Port"):
            second.start()
        assert second.stop() == 4


def test_ctrl_c_ends_cleanly(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, {}) as server:
        server.signal(signal.SIGINT)
        assert server.wait() == 0
        assert "Traceback" not in server.output()


def test_token_is_printed_until_it_is_used_and_stored_hashed(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, {}) as server:
        token = server.access.token
        assert token
        server.stop()
        server.start()
        assert f"token: {token}" in server.output()
        with dial(server.access) as peer:
            assert peer.receive()["command"] == 9
        server.stop()
        server.start()
        assert token not in server.output()
        with dial(server.access) as peer:
            assert peer.receive()["command"] == 9
    state = tmp_path / "state"
    for path in state.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes()
            if re.search("key|token", path.name):
                assert path.stat().st_mode & 0o077 == 0, path


def test_damaged_model_is_exit_code_3_and_names_the_file(tmp_path: Path) -> None:
    model = tmp_path / "dlib_face_recognition_resnet_model_v1.dat"
    model.write_bytes(b"half a download")
    settings = {"DLIB": {"FaceRecognitionModelFile": str(model)}}
    server = ServerProcess(tmp_path / "server", {}, settings)
    with pytest.raises(Exception, match=model.name):
        server.start()
    assert server.stop() == 3


def test_wrong_key_in_the_configuration_is_exit_code_2(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, {}, {"DLIB": {"Treshold": "0.6"}})
    with pytest.raises(Exception, match="Treshold"):
        server.start()
    assert server.stop() == 2
