"""Whatever a client sends, it is told what was wrong and nobody else notices."""

import io
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lab.server_process import ServerProcess

from .conftest import Peer, dial, faces_in
from .test_recognition import jpeg_of


@pytest.fixture
def jpeg(photos: Path) -> bytes:
    return jpeg_of(photos / "obama2.jpg")


@pytest.fixture(autouse=True)
def others_notice_nothing(server: ServerProcess, photos: Path) -> object:
    """Another client that is served before and after whatever the test does."""
    good = jpeg_of(photos / "obama.jpg", 320)
    with dial(server.access) as other:
        assert other.frame(good)[1]["status"] == "processed"
        yield
        assert other.frame(good)[1]["status"] == "processed"


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """Return `jpeg` with another size in its frame header."""
    position = jpeg.index(b"\xff\xc0")
    size = struct.pack(">HH", height, width)
    return jpeg[: position + 5] + size + jpeg[position + 9 :]


def assert_rejected(peer: Peer, frame: bytes, code: str) -> None:
    messages, done = peer.frame(frame)
    (error,) = (m["context"] for m in messages if m["command"] == 11)
    assert error["code"] == code
    assert error["frame"] == done["frame"]
    assert len(error["message"]) > 10
    assert (done["status"], done["reason"]) == ("rejected", code)


def test_bytes_that_are_no_jpeg(peer: Peer) -> None:
    assert_rejected(peer, b"hello, world" * 100, "frame-not-jpeg")


def test_empty_frame(peer: Peer) -> None:
    assert_rejected(peer, b"", "frame-empty")


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 0.9])
def test_truncated_jpeg(peer: Peer, jpeg: bytes, share: float) -> None:
    assert_rejected(peer, jpeg[: int(len(jpeg) * share)], "frame-damaged")


@pytest.mark.parametrize("side", [65535, 65500, 20000])
def test_huge_picture_in_the_header_is_refused_before_decoding(
    peer: Peer, jpeg: bytes, side: int
) -> None:
    assert_rejected(peer, with_size(jpeg, side, side), "frame-too-many-pixels")


def test_tables_only_jpeg(peer: Peer, jpeg: bytes) -> None:
    tables = jpeg[: jpeg.index(b"\xff\xc0")] + b"\xff\xd9"
    assert_rejected(peer, tables, "frame-damaged")


@pytest.mark.parametrize(
    "segment",
    ["ffdd000300", "ffdb004309" + "10" * 64, "ffc4001500" + "ff" * 16 + "0000"],
    ids=["restart interval", "quantisation table 9", "Huffman table"],
)
def test_a_damaged_header_leaves_every_worker_as_it_was(
    peer: Peer, jpeg: bytes, segment: str
) -> None:
    """A handle of libturbojpeg that met one of these refused every later picture."""
    for _ in range(2 * (os.cpu_count() or 1) + 2):
        assert_rejected(peer, jpeg[:2] + bytes.fromhex(segment) + jpeg[2:], "frame-damaged")
    for _ in range(2 * (os.cpu_count() or 1) + 2):
        messages, done = peer.frame(jpeg)
        assert done["status"] == "processed"
        assert [face["tag"] for face in faces_in(messages)] == ["Barack Obama"]


def test_a_picture_of_few_bytes_and_hundreds_of_scans(peer: Peer) -> None:
    content = io.BytesIO()
    Image.new("L", (4096, 2160), 128).save(content, "JPEG", progressive=True)
    plain = content.getvalue()
    scan = plain[plain.rindex(b"\xff\xda") : -2]
    bomb = plain[:-2] + scan * (499 - plain.count(b"\xff\xda")) + plain[-2:]
    assert len(bomb) < 60_000
    assert_rejected(peer, bomb, "frame-too-many-scans")


def test_a_jpeg_without_its_end_is_whole_and_one_without_a_restart_marker_is_not(
    peer: Peer, photos: Path
) -> None:
    content = io.BytesIO()
    picture = Image.open(photos / "obama2.jpg").convert("RGB").resize((626, 1200))
    picture.save(content, "JPEG", restart_marker_rows=1)
    jpeg = content.getvalue()
    for cut in (1, 2):
        messages, done = peer.frame(jpeg[:-cut])
        assert done["status"] == "processed"
        assert [face["tag"] for face in faces_in(messages)] == ["Barack Obama"]
    lost = jpeg.rindex(b"\xff\xd3")
    assert_rejected(peer, jpeg[:lost] + jpeg[lost + 2 :], "frame-damaged")


def test_a_camera_on_its_side_is_told_boxes_in_the_frame_as_it_sent_it(
    peer: Peer, photos: Path
) -> None:
    picture = Image.open(photos / "obama2.jpg").convert("RGB").resize((626, 1200))
    exif = Image.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=95)
    (upright,) = faces_in(peer.frame(content.getvalue())[0])
    content = io.BytesIO()
    picture.transpose(Image.Transpose.ROTATE_90).save(content, "JPEG", quality=95, exif=exif)
    (stored,) = faces_in(peer.frame(content.getvalue())[0])
    assert stored["tag"] == upright["tag"] == "Barack Obama"
    assert stored["x"] == pytest.approx(upright["y"], abs=20)
    assert stored["y"] == pytest.approx(626 - upright["x"] - upright["width"], abs=20)


@pytest.mark.parametrize("mode", ["L", "CMYK", "progressive"])
def test_unusual_jpegs_are_decoded_properly(peer: Peer, photos: Path, mode: str) -> None:
    picture = Image.open(photos / "obama2.jpg").convert("RGB").resize((626, 1200))
    content = io.BytesIO()
    if mode == "progressive":
        picture.save(content, "JPEG", progressive=True)
    else:
        picture.convert(mode).save(content, "JPEG")
    messages, done = peer.frame(content.getvalue())
    assert done["status"] == "processed"
    assert [face["tag"] for face in faces_in(messages)] == ["Barack Obama"]


def test_picture_of_one_pixel(peer: Peer) -> None:
    content = io.BytesIO()
    Image.fromarray(np.zeros((1, 1, 3), np.uint8)).save(content, "JPEG")
    messages, done = peer.frame(content.getvalue())
    assert done["status"] == "processed"
    assert faces_in(messages) == []


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", "{}", '{"command":"1"}', '{"command":1}', "[" * 5000, "\x01"]
)
def test_text_that_is_no_command(peer: Peer, text: str) -> None:
    peer.send(text)
    assert peer.until(11)["context"]["code"] == "malformed-message"


@pytest.mark.parametrize(
    ("asked", "held"), [(0, 1), (-1, 1), (100_000, 1000), (10**30, 1000), ("abc", 5), (1e308, 1000)]
)
def test_label_count_is_echoed_as_what_holds(peer: Peer, asked: object, held: int) -> None:
    peer.command(6, asked)
    assert peer.until(6)["context"] == held


def test_ten_megabytes_of_text_are_refused_with_1009(peer: Peer) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        peer.send("x" * 10_000_000)
        while True:
            message = peer.receive()
            assert message["command"] == 11
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_client_that_never_reads_is_sent_away_and_costs_no_memory(server: ServerProcess) -> None:
    before = resident(server.pid)
    with (
        dial(server.access, max_queue=1) as silent,
        pytest.raises((ConnectionClosed, OSError)),
    ):
        for _ in range(2_000_000):
            silent.send('{"command":1,"context":"' + "n" * 60 + '"}')
    assert resident(server.pid) - before < 50_000_000


def resident(pid: int) -> int:
    """Return a process's resident memory in bytes."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_client_killed_in_the_middle_of_a_frame(server: ServerProcess, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import ssl, sys, time\n"
        "from websockets.sync.client import connect\n"
        "context = ssl._create_unverified_context()\n"
        "headers = {'Authorization': 'Bearer ' + sys.argv[2]}\n"
        "peer = connect(f'wss://127.0.0.1:{sys.argv[1]}', ssl=context,"
        " additional_headers=headers)\n"
        "peer.recv()\n"
        "peer.send([open(sys.argv[3], 'rb').read()[:5000], b'x'])\n"
        "def endless():\n"
        "    while True:\n"
        "        yield b'x' * 1000\n"
        "        print('sending', flush=True)\n"
        "        time.sleep(0.01)\n"
        "peer.send(endless())\n"
    )
    access = server.access
    assert access.token
    photo = tmp_path / "x.jpg"
    photo.write_bytes(b"\xff\xd8" + b"x" * 10_000)
    client = subprocess.Popen(
        [sys.executable, script, str(access.port), access.token, photo], stdout=subprocess.PIPE
    )
    assert client.stdout
    for _ in range(3):
        assert client.stdout.readline() == b"sending\n"
    client.send_signal(signal.SIGKILL)
    client.wait()
    client.stdout.close()


def test_300_idle_connections_do_no_harm(server: ServerProcess, jpeg: bytes) -> None:
    with ExitStack() as connections:
        idle = [connections.enter_context(dial(server.access)) for _ in range(300)]
        assert all(one.receive()["command"] == 9 for one in idle)
        assert idle[150].frame(jpeg)[1]["status"] == "processed"


def test_plain_garbage_on_the_port_is_dropped(server: ServerProcess) -> None:
    with socket.create_connection(("127.0.0.1", server.access.port)) as raw:
        raw.settimeout(20)
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 100)
        answer = b""
        try:
            while part := raw.recv(4096):
                answer += part
        except ConnectionResetError:
            pass
    # What was sent on its heels may have the answer lost.
    assert not answer or answer.startswith(b"HTTP/1.1 400 ")
    with dial(server.access) as peer:
        assert peer.receive()["command"] == 9, "the next one is served"


def test_tls_1_2_is_refused(server: ServerProcess) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", server.access.port)) as raw,
        pytest.raises(ssl.SSLError, match=r"(?i)protocol|alert"),
    ):
        context.wrap_socket(raw)


def test_wrong_token_is_turned_away_with_401(server: ServerProcess) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        dial(replace(server.access, token="wrong")),
    ):
        pass
    assert refused.value.response.status_code == 401
    assert b"token" in refused.value.response.body


def test_two_tokens_at_once_are_turned_away(server: ServerProcess) -> None:
    twice = [("Authorization", f"Bearer {server.access.token}")] * 2
    with pytest.raises(InvalidStatus) as refused, dial(server.access, additional_headers=twice):
        pass
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["Server"] == "iot-facerecognition-server"
