"""The edge on an emulated ARM1176: it starts soon, is small, and gets names from the real server.

`make lab-armv6`. What is emulated is the processor, in QEMU's user mode (`benchmarks.edge_device`);
server, TLS, photos and the edge itself are real.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.edge_cost import CLOCK, Lab, Part
from benchmarks.edge_device import EmulatedDevice, resident_memory
from iot_facerecognition_client.jpeg import read_jpeg_header
from lab.cast import people
from lab.server_process import ServerProcess
from tests.labs.edge_with_screen import PREVIEW, SCREEN

PHOTO, NAME = "obama2.jpg", "Barack Obama"
PATIENCE = 180.0
"""Seconds for a name to come; on a machine of its own it takes five."""
MEMORY = 100e6
LONGEST_START = 2.0
CYCLES = 3.0
"""An instruction, at worst: the processor issues one a cycle, and waits for its small caches."""
ACCENT = 0x8B0000 >> 8 & 0xF800
"""The default accent colour, darkred, in RGB565."""


@pytest.fixture(scope="session")
def device() -> EmulatedDevice:
    """The emulated device, made at the first time."""
    return EmulatedDevice.ready()


@pytest.fixture(scope="module")
def connection(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Settings for the real server, which knows the one in the photo."""
    with ServerProcess(tmp_path_factory.mktemp("server"), people(photos)) as server:
        yield [
            "connection.address=127.0.0.1",
            f"connection.port={server.access.port}",
            f"connection.token={server.access.token}",
            f"connection.fingerprint={server.access.fingerprint}",
        ]


def run_until_named(command: list[str | Path], environment: dict[str, str]) -> tuple[str, int, int]:
    """Run the edge until it was told the name; return its words, status and memory then, in bytes.

    It may take its time until the name; after it, ten more seconds of frames count for the memory.
    """
    edge = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    late = threading.Timer(PATIENCE, edge.kill)
    late.start()
    said, memory = [], 0

    def measure_and_end() -> None:
        nonlocal memory
        memory = resident_memory(edge.pid)
        edge.terminate()

    measuring = threading.Timer(10.0, measure_and_end)
    assert edge.stderr is not None
    for line in edge.stderr:
        print("edge:", line.rstrip(), flush=True)
        said.append(line)
        if f"face: {NAME}" in line and not measuring.is_alive():
            measuring.start()
    status = edge.wait()
    late.cancel()
    measuring.cancel()
    return "".join(said), status, memory


def test_it_is_an_armv6_with_the_device_s_own_versions(device):
    code = (
        "import platform, sys, websockets, pygame, sdnotify;"
        "print(platform.machine(), *sys.version_info[:2], websockets.__version__)"
    )
    done = subprocess.run(
        device.command("-c", code),
        env=device.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["armv6l", "3", "11", "15.0.1"]


def test_the_headless_edge_gets_a_name(device, connection, photos, tmp_path):
    jpeg = (photos / PHOTO).read_bytes()
    (tmp_path / "photo").mkdir()
    (tmp_path / "photo" / PHOTO).write_bytes(jpeg)
    header = read_jpeg_header(jpeg)
    camera = [
        f"camera.source=folder:{tmp_path / 'photo'}",
        f"camera.width={header.width}",
        f"camera.height={header.height}",
        "camera.fps=5",
    ]
    command = device.command("-m", "iot_facerecognition_edge.cli", "--headless")
    command += ["--state-dir", tmp_path / "state"]
    for word in [*connection, *camera]:
        command += ["--set", word]
    said, status, memory = run_until_named(command, device.environment())
    print(f"headless: {memory / 1e6:.1f} MB of resident memory")
    assert f"face: {NAME}" in said
    assert status == 0, "SIGTERM is a request, and is answered"
    assert 5e6 < memory < MEMORY


def test_the_edge_with_a_screen_draws_the_named_face(device, connection, photos, tmp_path):
    framebuffer, preview = tmp_path / "fb0", tmp_path / "preview"
    framebuffer.write_bytes(bytes(SCREEN[0] * SCREEN[1] * 2))
    with Image.open(photos / PHOTO) as image:
        preview.write_bytes(image.convert("RGB").resize(PREVIEW).tobytes("raw", "BGRX"))
    program = Path(__file__).with_name("edge_with_screen.py")
    command = device.command(program, tmp_path / "state", framebuffer, photos / PHOTO, preview)
    shown: list[int] = []

    def look() -> None:
        pixels = memoryview(framebuffer.read_bytes()).cast("H")
        shown.append(sum(pixel == ACCENT for pixel in pixels))

    seen = threading.Event()
    looking = threading.Thread(target=_repeatedly, args=(look, seen))
    looking.start()
    try:
        said, status, memory = run_until_named([*command, *connection], device.environment())
    finally:
        seen.set()
        looking.join()
    print(f"with a screen: {memory / 1e6:.1f} MB of resident memory")
    assert f"face: {NAME}" in said
    assert max(shown) > 200, "the frame around the face is drawn in the accent colour"
    assert status == 0
    assert 10e6 < memory < MEMORY


def _repeatedly(work: Callable[[], None], end: threading.Event) -> None:
    while not end.wait(0.5):
        work()


@pytest.mark.parametrize("part", ["imports", "imports_screen"])
def test_it_is_imported_in_two_seconds(part, tmp_path):
    """Counted, because an emulator's seconds depend on the machine that it runs on."""
    lab = Lab(tmp_path, {})
    start = Part(part, part, 1, 1)
    lab.count(start, 1)
    count = lab.count(start, 1)
    seconds = min(lab.processor_time(start) for _ in range(3))
    print(f"{part}: {count / 1e6:.0f} million instructions; {seconds:.2f} s in this emulator")
    assert count * CYCLES / CLOCK < LONGEST_START
