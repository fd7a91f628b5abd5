"""The command, as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from iot_facerecognition_protocol import Command, Text

PROGRAM = "import sys; from iot_facerecognition_client.cli import main; sys.exit(main())"


@asynccontextmanager
async def running(
    *arguments: object, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    plain = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=plain | environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def outcome(*arguments: object, **environment: str) -> tuple[int, str, str]:
    async with running(*arguments, **environment) as process:
        output, notes = await process.communicate()
        return process.returncode, output.decode(), notes.decode()


def to(server, *more: object) -> tuple[object, ...]:
    pin = ("--fingerprint", server.certificate.fingerprint)
    return ("kitchen", "127.0.0.1", server.port, 640, 480, 640, 480, *pin, *more)


async def test_results_are_lines_until_ctrl_c(fake_server, photos):
    async with (
        fake_server(answers=lambda _: ("biden", "")) as server,
        running(*to(server, "--headless", "--source", photos / "biden.jpg")) as process,
    ):
        line = (await process.stdout.readline()).decode()
        assert "frame 1 after" in line
        assert "biden at 0,20 80x80, somebody unknown at 10,20 80x80" in line
        session = await server.next_session()
        assert session.settings()[Command.SETTING_NAME] == "kitchen"
        assert max(cv2.imdecode(np.frombuffer(session.frames[0], np.uint8), 1).shape) <= 640
        await session.send(Text("line one\nline two"))
        while b"the server says: line one line two" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, notes = await process.communicate()
        assert process.returncode == 0
        assert b"connected to 127.0.0.1" in notes
        assert b"frames sent" in notes.splitlines()[-1]
        assert b"Traceback" not in notes


async def test_json_is_one_object_a_line_until_it_is_terminated(fake_server, photos):
    lines = []
    async with (
        fake_server(answers=lambda _: ("biden",)) as server,
        running(*to(server, "--json", "--source", f"moving:{photos}")) as process,
    ):
        while not lines or lines[-1]["type"] != "faces":
            lines.append(json.loads(await process.stdout.readline()))
        process.terminate()
        output, _ = await process.communicate()
        assert process.returncode == 0
        lines += [json.loads(line) for line in output.splitlines()]
    assert {line["type"] for line in lines} == {"status", "setting", "faces"}
    assert lines[-1]["state"] == "disconnected"
    faces = next(line for line in lines if line["type"] == "faces")
    assert faces["frame"] == 1
    assert faces["latency_ms"] > 0
    assert faces["faces"][0]["tag"] == "biden"


async def test_it_ends_by_itself_after_its_duration(fake_server, photos):
    async with fake_server() as server:
        code, _, notes = await outcome(
            *to(server, "--headless", "--duration", 0.2, "--source", photos / "biden.jpg")
        )
    assert code == 0
    assert "frames sent" in notes


async def test_it_ends_with_its_source_after_the_last_answer(fake_server, tmp_path):
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (64, 48))
    for shade in range(30):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    async with fake_server(answers=lambda _: ("somebody",)) as server:
        code, _, notes = await outcome(*to(server, "--headless", "--source", path))
        session = await server.next_session()
        assert code == 0
        last = notes.splitlines()[-1]
        assert last.startswith(f"{len(session.frames)} frames sent")
        assert f"0 lost, {len(session.frames)} results" in last


@pytest.mark.parametrize("way", ["option", "file", "variable"])
async def test_the_token_comes_three_ways(fake_server, photos, tmp_path, way):
    # As a Windows editor saves it.
    (tmp_path / "token").write_text("\ufeffsecret\r\n")
    given = {"option": ("--token", "secret"), "file": ("--token-file", tmp_path / "token")}
    environment = {"IOT_FACERECOGNITION_TOKEN": "secret"} if way == "variable" else {}
    async with fake_server(token="secret", answers=lambda _: ("x",)) as server:
        arguments = to(server, *given.get(way, ()), "--headless", "--source", photos / "biden.jpg")
        async with running(*arguments, **environment) as process:
            assert b"frame 1" in await process.stdout.readline()


async def test_an_address_may_name_the_port(fake_server, photos):
    async with fake_server(answers=lambda _: ("x",)) as server:
        arguments = ("a", server.address, "--insecure", "--headless")
        async with running(*arguments, "--source", photos / "biden.jpg") as process:
            assert b"frame 1" in await process.stdout.readline()


async def test_a_refusal_ends_it_with_the_cure(fake_server, photos, make_certificate):
    picture = ("--headless", "--source", photos / "biden.jpg")
    async with fake_server(token="secret") as server:
        code, _, notes = await outcome(*to(server, *picture))
        assert code == 1
        assert "wants a token" in notes
        address = ("a", "127.0.0.1", server.port)
        code, _, notes = await outcome(*address, *picture)
        assert code == 1
        assert "pin its fingerprint" in notes
        pin = make_certificate().fingerprint
        code, _, notes = await outcome(*address, *picture, "--fingerprint", pin)
        assert code == 1
        assert "not the pinned one" in notes


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--source", "webcam:77", "--headless", "--insecure"), 1, "camera 77 cannot be opened"),
        (("--source", "nothing", "--headless"), 1, "none of"),
        (("a", "b", "50000", "640"), 2, "needs a height"),
        (("a", "b", "70000"), 2, "1 to 65535"),
        (("a", "b:1", "2"), 2, "names port 1, and port 2 was given"),
        (("a", "b:c"), 2, "1 to 65535"),
        (("--fingerprint", "12"), 2, "cert show"),
        (("--cafile", "missing.pem", "--headless", "--source", "{photo}"), 2, "missing.pem"),
        (("--token-file", "missing", "--source", "{photo}"), 2, "token file missing"),
        (("--insecure", "--cafile", "x"), 2, "not allowed with"),
    ],
)
async def test_what_cannot_work_is_reported_with_the_cure(photos: Path, arguments, code, words):
    given = [a.replace("{photo}", str(photos / "biden.jpg")) for a in arguments]
    found, _, notes = await outcome(*given)
    assert found == code
    assert "Traceback" not in notes
    assert words in notes


async def test_a_window_without_a_desktop_is_reported_with_the_cure(fake_server, photos):
    async with fake_server() as server:
        code, _, notes = await outcome(*to(server, "--source", photos / "biden.jpg"))
    assert code == 1
    assert "--headless" in notes
    assert "Traceback" not in notes
