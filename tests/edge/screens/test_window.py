"""The window of a desktop: in processes of their own, for SDL has one display a process.

SDL's dummy driver is a desktop without anybody to look at it; where Xvfb is installed, a real X
server shows the window too.
"""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

TRANSLATE = """
from iot_facerecognition_edge.screens.lean import load_pygame
load_pygame()
import pygame
pygame.display.init()
from iot_facerecognition_edge.screens.window import WindowScreen
screen = WindowScreen((320, 240))
assert screen.size == (320, 240) == screen.canvas.get_size()
screen.events()
for kind, values in (
    (pygame.MOUSEMOTION, {"pos": (1, 1), "rel": (0, 0), "buttons": (0, 0, 0)}),
    (pygame.MOUSEBUTTONDOWN, {"pos": (10, 20), "button": 3}),
    (pygame.MOUSEBUTTONDOWN, {"pos": (10, 20), "button": 1}),
    (pygame.MOUSEMOTION, {"pos": (11, 22), "rel": (1, 2), "buttons": (1, 0, 0)}),
    (pygame.MOUSEBUTTONUP, {"pos": (12, 24), "button": 1}),
    (pygame.KEYDOWN, {"key": pygame.K_ESCAPE, "unicode": "", "mod": 0, "scancode": 1}),
    (pygame.KEYDOWN, {"key": pygame.K_a, "unicode": "a", "mod": 0, "scancode": 4}),
    (pygame.TEXTINPUT, {"text": "ä"}),
    (pygame.MOUSEWHEEL, {"x": 0, "y": -2, "flipped": False}),
    (pygame.QUIT, {}),
):
    pygame.event.post(pygame.event.Event(kind, values))
for event in screen.events():
    values = (getattr(event, name) for name in event.__match_args__)
    print(type(event).__name__, *(getattr(value, "name", value) for value in values))
screen.present([pygame.Rect(0, 0, 10, 10)])
screen.present([])
screen.close()
"""


def test_mouse_and_keyboard_do_what_a_finger_does():
    environment = os.environ | {"SDL_VIDEODRIVER": "dummy", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", TRANSLATE],
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.splitlines() == [
        "Pointer DOWN 10 20",
        "Pointer MOVE 11 22",
        "Pointer UP 12 24",
        "KeyPressed ESCAPE",
        "TypedText ä",
        "Wheel 0 0 -2",
        "Closed",
    ]


SHOW = """
import sys
from pathlib import Path
from iot_facerecognition_edge.screens import open_screen
screen = open_screen("window:320x240", None)
import pygame
screen.canvas.fill((10, 200, 30))
screen.canvas.fill((250, 20, 90), (100, 50, 40, 40))
screen.present([screen.canvas.get_rect()])
# Only what is presented is seen.
screen.canvas.fill((0, 0, 255), (0, 0, 50, 50))
for _ in range(200):
    screen.events()
    pygame.time.wait(10)
    if Path(sys.argv[1]).exists():
        break
maps = Path("/proc/self/maps").read_text()
print("LLVM" if "libLLVM" in maps else "no driver of OpenGL's")
screen.close()
"""


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb: apt-get install xvfb")
def test_an_x_server_shows_what_was_presented(tmp_path):
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x240x24"]
    server = subprocess.Popen(
        [*command, "-fbdir", tmp_path, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write)
        with os.fdopen(read) as said:
            display = said.readline().strip()
        enough = tmp_path / "enough"
        environment = {n: v for n, v in os.environ.items() if n != "SDL_VIDEODRIVER"}
        window = subprocess.Popen(
            [sys.executable, "-c", SHOW, enough],
            env=environment | {"DISPLAY": f":{display}"},
            stdout=subprocess.PIPE,
            text=True,
        )
        shown = {}
        while window.poll() is None:
            shown = pixels(tmp_path / "Xvfb_screen0")
            if shown[120, 70] == (250, 20, 90):
                enough.touch()
                break
        output, _ = window.communicate(timeout=30)
    finally:
        server.terminate()
        server.wait()
    assert shown[120, 70] == (250, 20, 90)
    assert shown[300, 200] == shown[20, 20] == (10, 200, 30)
    assert "no driver of OpenGL's" in output


def pixels(path: Path) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Return some pixels of an X window dump (XWD, version 7; big-endian header)."""
    content = path.read_bytes()
    header = struct.unpack(">25I", content[:100])
    begin, stride = header[0] + header[19] * 12, header[12]
    found = {}
    for x, y in ((120, 70), (300, 200), (20, 20)):
        blue, green, red = content[begin + y * stride + x * 4 :][:3]
        found[x, y] = (red, green, blue)
    return found
