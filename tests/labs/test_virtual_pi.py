"""The whole appliance on an emulated Raspberry Pi Zero, from the card to a name on its screen.

`make virtual-pi`. The card holds the Debian package and the settings file that its owner would
write; the machine is QEMU's (`lab.virtual_pi`); the server is the real one, on this machine. What
the screen should show is asked of the same program on this machine (`lab.virtual_pi.twin`).
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.edge_device import REPOSITORY
from benchmarks.server_metrics import ENABLED, Metrics
from iot_facerecognition_edge.settings import Value
from iot_facerecognition_server.observability import catalogue
from lab.cast import people
from lab.server_process import ServerProcess
from lab.virtual_pi.appliance import PICTURES, SETTINGS_FILE, STATUS_FILE, make_card
from lab.virtual_pi.boot_files import SCREEN
from lab.virtual_pi.boot_times import moments, table
from lab.virtual_pi.card import Card
from lab.virtual_pi.likeness import Rectangle, likeness, part, share_of_frame
from lab.virtual_pi.machine import SERVER_ADDRESS, VirtualPi
from lab.virtual_pi.twin import Expected, expected
from scripts.debian_package import build

PHOTO, PART, NAME, OTHER = "obama3.jpg", (0, 150, 1434, 1226), "Barack Obama", "Eileen Collins"
"""The photo, what of it the camera sees, who is on it, and whose name would be wrong."""
PATIENCE = 600.0
"""Seconds for a boot; on two quiet cores it takes ninety."""
DARK_RED, LINE = (0x8B, 0, 0), 4
"""The default colour and width of the frame around a face."""
ALIKE = 0.8
"""Letters of two versions of FreeType, in 16 and in 24 bits, are more alike than that."""
HEADING = (0, 0, 300, 40)
"""Where the pages have their headings, whatever is in them."""
HOSTNAME = "kitchen-camera"
MORE_SETTINGS = f"""
[iot-facerecognition.settings]
camera.width = {SCREEN[0]}
camera.height = {SCREEN[1]}
camera.fps = 2
"""
MIDDLE = (80, 100, 480, 280)
"""What no button and no plate of the camera view covers."""


@pytest.fixture(scope="module")
def picture(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: a part of a photo, as a camera would send it."""
    path = tmp_path_factory.mktemp("pictures") / "frame.jpg"
    with Image.open(photos / PHOTO) as image:
        image.convert("RGB").crop(PART).resize(SCREEN).save(path, quality=85)
    return path


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The real server, which knows the one in the photo."""
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, people(photos), {"Metrics": ENABLED}) as server:
        yield server


@pytest.fixture(scope="module")
def wanted(server: ServerProcess, picture: Path) -> Expected:
    """What is to be seen, asked before the virtual Pi needs the processor."""
    settings: dict[str, Value] = {
        "connection.name": "twin",
        "connection.address": "127.0.0.1",
        "connection.port": server.access.port,
        "connection.token": server.access.token or "",
        "connection.fingerprint": server.access.fingerprint,
        "camera.source": f"folder:{picture.parent}",
        "camera.width": SCREEN[0],
        "camera.height": SCREEN[1],
    }
    return expected(SCREEN, settings, NAME, OTHER)


@pytest.fixture(scope="module")
def pi(
    server: ServerProcess,
    wanted: Expected,
    picture: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[VirtualPi]:
    """The machine with its card in, still off."""
    folder = tmp_path_factory.mktemp("virtual-pi")
    card_path = folder / "card.img"
    package = build(folder)
    key = VirtualPi(Card(card_path), folder).ssh_key
    settings = settings_file(server, key.with_suffix(".pub"), folder)
    assert token_in(settings)
    print("virtual-pi: writing the card …", flush=True)
    card = make_card(card_path, package, {picture.name: picture.read_bytes()}, settings.encode())
    with VirtualPi(card, folder, server.access.port) as pi:
        yield pi
    card_path.unlink()


@pytest.fixture(scope="module")
def shots() -> list[Image.Image]:
    """What the screen showed."""
    return []


def keep_picture(shots: list[Image.Image]) -> None:
    """Put the screenshots side by side into the file that VIRTUAL_PI_PICTURE names, if any."""
    path = os.environ.get("VIRTUAL_PI_PICTURE")
    if path:
        gap = 10
        width = sum(shot.width + gap for shot in shots) - gap
        joined = Image.new("RGB", (width, SCREEN[1]), (128, 128, 128))
        for number, shot in enumerate(shots):
            joined.paste(shot, (number * (SCREEN[0] + gap), 0))
        joined.save(path, optimize=True)


def settings_file(server: ServerProcess, key: Path, folder: Path) -> str:
    """Return the card's settings file as its owner makes it on the server's machine.

    Added is what an owner has no need of: where the pictures come from that stand for a camera's.
    """
    command: list[str | Path] = [REPOSITORY / "image/make-card-config", "virtual-pi"]
    command += ["--to", folder, "--address", SERVER_ADDRESS, "--port", str(server.access.port)]
    command += ["--hostname", HOSTNAME, "--ssh-key", key, "--camera", f"folder:{PICTURES}"]
    commands = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=server.folder, env=environment, check=True)
    return (folder / SETTINGS_FILE).read_text() + MORE_SETTINGS


def token_in(settings: str) -> str:
    """Return the token in the settings file, an empty text where there is none."""
    found = re.search(r"iotfr_[\w-]+", settings)
    return found[0] if found else ""


def known_faces(server: ServerProcess) -> float:
    return Metrics.of(server).by(catalogue.FACES, "kind").get("known", 0.0)


def frames_of(server: ServerProcess) -> float:
    return Metrics.of(server).value(catalogue.CLIENT_PROCESSED, client="virtual-pi")


def until(seen: Callable[[], bool], patience: float) -> None:
    end = time.monotonic() + patience
    while not seen():
        assert time.monotonic() < end, f"waited {patience:.0f} s in vain"
        time.sleep(0.5)


def heading_is(page: Image.Image) -> Callable[[Image.Image], bool]:
    return lambda shown: likeness(part(shown, HEADING), part(page, HEADING)) > ALIKE


def test_from_power_to_a_name_on_the_screen(pi, server, wanted, shots):
    def note(what: str) -> None:
        taken = time.monotonic() - pi.booted
        print(f"virtual-pi: {what}, after {taken:.0f} s of this machine's", flush=True)

    before = known_faces(server)
    pi.boot()
    shots.append(pi.screen_until(heading_is(wanted.main), PATIENCE))
    note("the first page is on the screen")
    pi.touch(wanted.camera_tile)
    note("a finger taps “Camera”")
    pi.screen_until(lambda shown: likeness(*both(shown, wanted.camera, MIDDLE)) > ALIKE, PATIENCE)
    note("the first picture is on the screen")
    shots.append(pi.screen_until(lambda shown: is_framed(shown, wanted), PATIENCE))
    note("the face has its frame and name on the screen")
    # What the screen shows, the server has said.
    pi.serial.until(rf"INFO face: {NAME}", PATIENCE)
    assert known_faces(server) > before
    until(lambda: frames_of(server) > 0, PATIENCE)
    print(table(moments(pi.serial.lines())), flush=True)
    print(pi.ssh("sudo", "iot-facerecognition-boot-time"), flush=True)


def both(shown: Image.Image, page: Image.Image, area: Rectangle) -> tuple[Image.Image, Image.Image]:
    """Return the same part of two pictures."""
    return part(shown, area), part(page, area)


def is_framed(shown: Image.Image, wanted: Expected) -> bool:
    """Return whether the face has its frame, and under it the name: more than any other name."""
    named = likeness(*both(shown, wanted.camera, wanted.tag))
    otherwise = likeness(part(shown, wanted.tag), wanted.other_tag)
    frame = share_of_frame(shown, wanted.box, LINE, DARK_RED)
    return named > ALIKE and named > otherwise + 0.1 and frame > 0.9


def test_a_touch_opens_the_settings(pi, wanted, shots):
    pi.touch(wanted.settings_button)
    shown = pi.screen_until(heading_is(wanted.settings), PATIENCE)
    assert likeness(*both(shown, wanted.main, HEADING)) < ALIKE
    shots.append(shown)
    keep_picture(shots)


def test_afterwards_the_card_says_how_it_went_and_keeps_no_secret(pi):
    pi.power_off()
    status = pi.card.read(STATUS_FILE).decode()
    print(status)
    assert "No mistakes." in status
    kept = pi.card.read(SETTINGS_FILE).decode()
    assert not token_in(kept)
    assert HOSTNAME in kept


def test_what_is_changed_on_the_card_later_is_used_with_what_was_taken_over(pi, server):
    text = pi.card.read(SETTINGS_FILE).decode()
    for before, after in (
        (f'camera = "folder:{PICTURES}"', 'camera = "v4l2"\ndisplay = "none"'),
        (f"camera.width = {SCREEN[0]}", "camera.width = 320"),
        (f"camera.height = {SCREEN[1]}", "camera.height = 180"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    pi.card.put(SETTINGS_FILE, text.encode())
    pi.camera = True
    pi.boot()
    pi.serial.until("INFO camera: vivid", PATIENCE)
    # With the token that is no longer on the card.
    pi.serial.until("INFO connected to", PATIENCE)
    until(lambda: frames_of(server) > 0, PATIENCE)
    assert pi.ssh("hostname") == HOSTNAME
    pi.power_off()
