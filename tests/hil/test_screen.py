"""What a person sees: the camera's picture, with the right frame around the face and its name."""

import pytest

from iot_facerecognition_protocol.box import Box
from lab.hil.finger import Finger
from lab.hil.framebuffer import read_screen
from lab.hil.overlay import frames as drawn_frames
from lab.hil.overlay import name_under, recognised
from lab.virtual_pi.likeness import likeness, part
from lab.virtual_pi.twin import expected

ALIKE = 0.8
"""Letters of two versions of FreeType, in 16 and in 24 bits, are more alike than that."""
HEADING = (0, 0, 300, 40)
"""Where the first page has its heading."""
MEASURED = 30.0
"""Seconds of the device's clock over which the rate is taken."""
NAME, OTHERS = "Barack Obama", ("Joe Biden", "Eileen Collins", "unknown")


@pytest.fixture
def screen(bed, device):
    """Return what reads the device's screen."""
    if not bed.rig.framebuffer:
        pytest.skip("[screen] framebuffer is empty in the bench: the device has no screen")
    return lambda: read_screen(device.shell, bed.rig.framebuffer)


@pytest.fixture
def wanted(screen, bed, pictures, tmp_path):
    """The same pages on this machine: where to touch, and how a file's picture looks there."""
    (tmp_path / "alone.jpg").write_bytes(pictures[NAME].read_bytes())
    place = bed.place()
    settings = {
        "connection.name": "twin",
        "connection.address": place.host,
        "connection.port": place.port,
        "connection.token": place.token,
        "connection.fingerprint": place.fingerprint,
        "camera.source": f"folder:{tmp_path}",
        "camera.width": 640,
        "camera.height": 480,
    }
    return expected(screen().size, settings, NAME, OTHERS[0])


@pytest.fixture
def finger(bed, camera, device, pictures, wanted):
    """A finger on a screen that is on; afterwards it is off again."""
    camera.show([pictures[NAME]])
    finger = Finger(device.shell)
    finger.plug(camera.goals.patience)
    began = device.marker()
    device.set({"display.screen": f"framebuffer:{bed.rig.framebuffer}"})
    bed.until(lambda: "connected to" in device.journal(began), "a connection", pause=2.0)
    yield finger
    device.set({"display.screen": "none"})


def test_the_face_has_its_frame_and_its_name_on_the_screen(bed, finger, screen, wanted, figure):
    shown = until_framed(bed, finger, screen, wanted)
    bed.results.shoot("The screen", shown, "read from the device's framebuffer")
    box = drawn_frames(shown)[0]
    name, alike = name_under(shown, box, (NAME, *OTHERS))
    assert name == NAME
    note = "correlation with the same name, drawn on this machine"
    figure("likeness of the name's letters", alike, "", ALIKE, at_least=True, note=note)
    faces = [face for face in recognised(shown, bed.place()) if face.tag == NAME]
    assert len(faces) == 1, "the server finds the face in the picture of the screen"
    own = Box.at(faces[0].x, faces[0].y, faces[0].width, faces[0].height)
    note = "intersection over union with the face that the server finds on the screen"
    figure("IoU of frame and face", Box.at(*box).iou(own), "", 0.6, at_least=True, note=note)
    if bed.rig.emulated:
        outside = bed.rig.screenshot()
        bed.results.shoot("The same from outside", outside, "QEMU's monitor")
        bed.results.shoot("What it should show", wanted.camera, "the same program on this machine")
        assert likeness(shown, outside) > ALIKE
        assert Box.at(*box).iou(Box.at(*wanted.box)) > 0.95
    first, sent = bed.device.sample(), bed.frames()
    bed.until(lambda: bed.device.sample().uptime >= first.uptime + MEASURED, "a while", pause=5.0)
    rate = (bed.frames() - sent) / (bed.device.sample().uptime - first.uptime)
    figure("frame rate with a screen", rate, "fps", bed.rig.goals.frame_rate, at_least=True)


def until_framed(bed, finger, screen, wanted):
    """Open the camera's view by the finger; return the screen when the face is framed and named."""
    shown = screen()
    across, down = (at / side for at, side in zip(wanted.camera_tile, shown.size, strict=True))

    def framed() -> bool:
        nonlocal shown
        shown = screen()
        if likeness(part(shown, HEADING), part(wanted.main, HEADING)) > ALIKE:
            finger.tap(across, down)
            return False
        boxes = drawn_frames(shown)
        return bool(boxes) and name_under(shown, boxes[0], (NAME, *OTHERS))[1] > ALIKE

    bed.until(framed, "a frame with a name on the screen", pause=2.0)
    return shown
