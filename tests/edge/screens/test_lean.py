"""What is loaded for a screen, seen from a fresh interpreter."""

import subprocess
import sys

import pytest

SHOW = """
import sys
import iot_facerecognition_edge.screens, iot_facerecognition_edge.ui
assert "pygame" not in sys.modules, "the packages alone must load no pygame"
from iot_facerecognition_edge.screens.lean import load_pygame
load_pygame()
import pygame
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.screens.memory import MemoryScreen
import iot_facerecognition_edge.screens.framebuffer, iot_facerecognition_edge.screens.drm
import iot_facerecognition_edge.views.app
screen = MemoryScreen((480, 320))
look = Look(screen.canvas, (139, 0, 0), dark=True)
look.text(screen.canvas, "hello", screen.canvas.get_rect(), ((255, 255, 255), (0, 0, 0)))
print(*sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded():
    # Debian's build of pygame complains of processors that have AVX2.
    quiet = "ignore:Your system is avx2 capable:RuntimeWarning"
    shown = subprocess.run(
        [sys.executable, "-W", quiet, "-c", SHOW], check=True, capture_output=True, text=True
    )
    assert shown.stderr == ""
    return set(shown.stdout.split())


@pytest.mark.parametrize(
    "name",
    [
        *("numpy", "pygame.mixer", "pkg_resources"),
        *("PIL", "cv2", "torch", "scipy", "turbojpeg", "evdev"),
    ],
)
def test_the_views_are_drawn_without(loaded, name):
    assert name not in loaded


def test_what_was_left_out_can_be_had_by_name():
    code = """
from iot_facerecognition_edge.screens.lean import load_pygame
load_pygame()
import pygame.surfarray
print(pygame.surfarray.array2d)
"""
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "array2d" in shown.stdout
