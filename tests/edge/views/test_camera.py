"""The camera's page: what is drawn where, over which picture, and for how long."""

from threading import Event

import pytest
from PIL import Image

from iot_facerecognition_client import State, Status
from iot_facerecognition_client.sources import selection
from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.cameras.source_camera import SourceCamera
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.events import CameraChanged, FacesSeen, ObjectsSeen
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.settings import Settings
from iot_facerecognition_edge.views.picture import UNKNOWN
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import CameraState, Face, ObjectLabel

ACCENT = (0x8B, 0, 0)
CONNECTED = Status(State.CONNECTED, "Connected", server="192.168.1.5:50000")


@pytest.fixture
def camera(finger):
    """A finger on the camera's page, on 480x320, with a 640x480 camera that gives grey 100."""
    finger.app.open(Page.CAMERA)
    finger.wait()
    finger.appliance.run_camera((640, 480))
    finger.appliance.take_picture(100)
    finger.wait()
    finger.drawn()
    return finger


def see(finger, *faces, size=(640, 480)):
    finger.appliance.publish(FacesSeen(faces, 1, size, finger.appliance.now))
    finger.wait()


def test_the_camera_runs_only_while_the_page_is_open(finger):
    finger.app.open(Page.CAMERA)
    assert finger.appliance.done == [("open camera", (480, 320))]
    finger.tap(finger.view.back_button)
    assert finger.appliance.done[-1] == ("close camera",)
    assert finger.app.page is Page.MAIN


def test_the_picture_is_drawn_in_its_proportions_with_black_beside(camera):
    assert tuple(camera.view.picture.area) == (27, 0, 426, 320)
    assert camera.colour(27, 100) == (100, 100, 100)
    assert camera.colour(452, 200) == (100, 100, 100)
    assert camera.colour(26, 100) == (0, 0, 0)
    assert camera.colour(453, 200) == (0, 0, 0)


def test_a_new_picture_redraws_the_picture_and_an_old_one_nothing(camera):
    camera.wait(0.01)
    assert camera.drawn() == []
    camera.appliance.take_picture(180)
    camera.wait(0.01)
    assert camera.drawn() == [camera.view.picture.area]
    assert camera.colour(240, 160) == (180, 180, 180)


def test_a_picture_in_colour_is_shown_in_its_colours(camera):
    size = (160, 120)
    left, right = bytes((30, 60, 200, 9)), bytes((250, 10, 20, 7))
    pixels = (left * 80 + right * 80) * 120
    camera.appliance.image = PreviewImage(*size, PixelFormat.BGRX, pixels, camera.appliance.now)
    camera.wait()
    assert camera.colour(100, 160) == (200, 60, 30)
    assert camera.colour(400, 160) == (20, 10, 250)


def test_a_picture_a_pixel_smaller_than_its_place_is_not_scaled(camera):
    """As a Raspberry Pi's camera gives it, whose sizes are even."""
    area = camera.view.picture.area
    dots = bytes([200, 100]) * (area.width // 2)
    camera.appliance.image = PreviewImage(
        area.width, area.height - 1, PixelFormat.GREY, dots * (area.height - 1), 7.5
    )
    camera.wait()
    assert camera.colour(area.x + 200, 160) == (200, 200, 200)
    assert camera.colour(area.x + 201, 160) == (100, 100, 100)
    assert camera.colour(area.x + 200, area.bottom - 1) == (0, 0, 0)


def test_a_known_face_has_a_frame_in_the_accent_colour_at_the_right_pixels(camera):
    see(camera, Face("Ada", 160, 120, 320, 240))
    # 640x480 is drawn as 426x320 at (27, 0): x' = 27 + x * 426 / 640, y' = y * 320 / 480.
    left, top, right, bottom = 27 + 106, 80, 27 + 320, 240
    line = 4
    for x in range(left, right, 7):
        for inset in range(line):
            assert camera.colour(x, top + inset) == ACCENT
            assert camera.colour(x, bottom - 1 - inset) == ACCENT
    for y in range(top, bottom, 7):
        for inset in range(line):
            assert camera.colour(left + inset, y) == ACCENT
            assert camera.colour(right - 1 - inset, y) == ACCENT
    for x, y in ((left - 1, top + 50), (right, top + 50), (left + 50, top - 1)):
        assert camera.colour(x, y) == (100, 100, 100)
    assert camera.colour(left + line, top + line) == (100, 100, 100)
    assert camera.colour(left + 1, bottom + 1) == ACCENT, "the tag stands under the face"


def test_an_unknown_face_has_a_dashed_frame_in_another_colour(camera):
    see(camera, Face("", 160, 120, 320, 240))
    side = [camera.colour(x, 80) for x in range(133, 347)]
    assert set(side) == {UNKNOWN, (100, 100, 100)}
    assert 0.3 < side.count(UNKNOWN) / len(side) < 0.7


def test_only_the_faces_that_changed_are_drawn_anew(camera):
    see(camera, Face("Ada", 160, 120, 100, 100))
    camera.drawn()
    see(camera, Face("Ada", 160, 120, 100, 100))
    assert camera.drawn() == []
    see(camera, Face("Ada", 170, 120, 100, 100))
    area = camera.view.picture.area
    drawn = camera.drawn()
    assert drawn
    for rect in drawn:
        assert rect.width * rect.height < area.width * area.height / 6


def test_faces_leave_after_their_duration_and_stay_when_it_is_negative(camera):
    camera.appliance.settings.set("display.face_duration", 1000)
    see(camera, Face("Ada", 160, 120, 320, 240))
    camera.wait(0.9)
    assert camera.colour(200, 80) == ACCENT
    camera.wait(0.2)
    assert camera.colour(200, 80) == (100, 100, 100)
    camera.appliance.settings.set("display.face_duration", -1)
    see(camera, Face("Ada", 160, 120, 320, 240))
    camera.wait(3600.0)
    assert camera.colour(200, 80) == ACCENT


def test_faces_are_scaled_by_the_size_of_the_frame_they_were_found_in(camera):
    see(camera, Face("Ada", 320, 240, 640, 480), size=(1280, 960))
    assert camera.colour(133, 100) == ACCENT
    assert camera.colour(346, 100) == ACCENT


def test_line_width_and_accent_come_from_the_settings(finger):
    finger.appliance.settings.set("display.line_width", 1)
    finger.appliance.settings.set("display.accent_colour", "#00ff00")
    finger.app.open(Page.CAMERA)
    finger.wait()
    finger.appliance.run_camera()
    finger.appliance.take_picture(100)
    see(finger, Face("Ada", 160, 120, 320, 240))
    assert finger.colour(200, 80) == (0, 255, 0)
    assert finger.colour(200, 81) == (100, 100, 100)


def test_objects_are_listed_at_the_bottom_left_until_their_time_is_over(camera):
    labels = (ObjectLabel("tabby cat", 0.934), ObjectLabel("lynx", 0.02))
    camera.appliance.publish(ObjectsSeen(labels, 1, camera.appliance.now))
    camera.wait()
    plate = camera.view.objects
    assert plate.lines == ("93 %  tabby cat", "2 %  lynx")
    assert plate.rect.left < 20
    assert plate.rect.bottom > 250
    camera.wait(3.1)
    assert not camera.view.objects.visible


WRONG_PIN = (
    "the server's certificate is not the pinned one: 192.168.100.200:50000 shows sha256:"
    + "0123456789abcdef" * 4
    + ", pinned is sha256:"
    + "fedcba9876543210" * 4
    + ". Pin the new one if the server was given a new certificate; else somebody stands between "
    "you and the server"
)


def lose(finger, text="nothing listens at pi:50000: is the server running?"):
    finger.appliance.fps = 0.0
    finger.appliance.become(Status(State.RETRYING, text, server="pi:50000"))
    finger.wait()


def test_a_lost_server_stands_over_the_picture_with_its_reason_until_it_is_back(camera):
    see(camera, Face("Ada", 160, 120, 320, 240))
    lose(camera)
    plate = camera.view.link_plate
    assert plate.visible
    assert " ".join(plate.lines) == "nothing listens at pi:50000: is the server running?"
    assert camera.view.fps.lines == ("0 FPS",)
    assert camera.view.faces.boxes == [], "what a server said that is gone holds no more"
    camera.wait(3600.0)
    assert plate.visible
    camera.appliance.become(CONNECTED)
    camera.wait()
    assert not plate.visible


def test_a_standing_plate_is_not_drawn_again_and_again(camera):
    lose(camera)
    camera.wait(0.6)
    camera.drawn()
    camera.wait(0.6)
    assert camera.drawn() == []


def test_the_plate_leads_to_the_whole_reason_and_to_what_can_be_changed(camera):
    lose(camera, WRONG_PIN)
    camera.tap(camera.view.link_plate)
    assert camera.top.state.text == WRONG_PIN


@pytest.mark.parametrize(
    "size", [(320, 240), (480, 320), (320, 480), (800, 480), (1024, 600), (1920, 1080)]
)
def test_the_longest_reason_is_whole_and_covers_no_button(finger_on, size):
    finger = finger_on(size)
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera()
    lose(finger, WRONG_PIN)
    finger.wait(0.6)
    view = finger.view
    assert "".join(view.link_plate.lines).replace(" ", "") == WRONG_PIN.replace(" ", "")
    others = [
        view.traffic, view.fps, view.back_button, view.settings_button, view.statistics_button,
    ]  # fmt: skip
    assert view.link_plate.rect.collidelist([part.rect for part in others]) == -1
    assert finger.screen.canvas.get_rect().contains(view.link_plate.rect)


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480)])
def test_plates_and_buttons_do_not_overlap(finger_on, size):
    finger = finger_on(size)
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera()
    labels = tuple(ObjectLabel(f"a rather long label number {n}", 0.1) for n in range(10))
    finger.appliance.publish(ObjectsSeen(labels, 1, finger.appliance.now))
    finger.wait()
    view = finger.view
    parts = [
        view.objects, view.traffic, view.fps,
        view.back_button, view.settings_button, view.statistics_button,
    ]  # fmt: skip
    rects = [part.rect for part in parts]
    for number, rect in enumerate(rects):
        assert finger.screen.canvas.get_rect().contains(rect)
        assert rect.collidelist(rects[number + 1 :]) == -1, parts[number]


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480)])
def test_statistics_cover_no_figures(finger_on, size):
    finger = finger_on(size)
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera()
    labels = tuple(ObjectLabel(f"label {n}", 0.1) for n in range(5))
    finger.appliance.publish(ObjectsSeen(labels, 1, finger.appliance.now))
    finger.wait()
    view = finger.view
    before = [(plate.visible, plate.rect.copy()) for plate in (view.traffic, view.fps)]
    finger.tap(view.statistics_button)
    finger.wait()
    popup = finger.top
    plates = [p for p in (view.objects, view.traffic, view.fps) if p.visible]
    assert (view.objects in plates) == (size != (320, 240)), "there is room for no line there"
    left_over = finger.screen.canvas.get_rect()
    for number, plate in enumerate(plates):
        assert left_over.contains(plate.rect)
        assert not plate.rect.colliderect(popup.rect)
        assert plate.rect.collidelist([other.rect for other in plates[number + 1 :]]) == -1
    finger.tap(popup.cross)
    assert [(plate.visible, plate.rect) for plate in (view.traffic, view.fps)] == before


def test_traffic_and_frame_rate_stand_at_the_bottom_if_wanted(camera):
    camera.wait(0.6)
    assert camera.view.traffic.lines == ("sent 12.3 MB · received 45.7 kB",)
    assert camera.view.fps.lines == ("15 FPS",)
    camera.appliance.settings.set("display.show_fps", False)
    camera.appliance.settings.set("display.show_traffic", False)
    camera.wait()
    assert not camera.view.fps.visible
    assert not camera.view.traffic.visible


def test_what_is_wrong_with_the_camera_is_said(camera):
    words = "no camera is connected"
    camera.appliance.publish(CameraChanged(CameraStatus(CameraState.FAILED, words)))
    camera.wait()
    assert camera.view.picture._words == words
    assert camera.colour(240, 20) == (0, 0, 0)


def test_settings_open_from_the_picture_and_come_back_to_it(camera):
    camera.tap(camera.view.settings_button)
    assert camera.app.page is Page.SETTINGS
    assert camera.appliance.done[-1] == ("close camera",)
    camera.tap(camera.view._back)
    assert camera.app.page is Page.CAMERA
    assert camera.appliance.done[-1] == ("open camera", (480, 320))


def test_statistics_open_above_the_picture_which_goes_on(camera):
    camera.tap(camera.view.statistics_button)
    popup = camera.top
    assert popup.rect.left > 100
    camera.appliance.take_picture(200)
    camera.wait()
    assert camera.colour(popup.rect.left - 20, 160) == (200, 200, 200)
    assert camera.colour(popup.rect.centerx, 5) == camera.app.look.colours.background
    camera.tap((60, 200))
    assert camera.top is camera.view


class PlaneScreen(MemoryScreen):
    """A memory screen with a camera plane beneath."""

    def __init__(self, size):
        super().__init__(size)
        self.plane = None

    def open_plane(self, area):
        self.plane = tuple(area)
        return True

    def close_plane(self):
        self.plane = None


def test_a_camera_with_a_plane_is_not_drawn_at_all(finger, monkeypatch):
    screen = PlaneScreen((480, 320))
    monkeypatch.setattr(finger.app, "_screen", screen)
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera(plane=True)
    finger.appliance.take_picture(100)
    finger.wait()
    assert screen.plane == (27, 0, 426, 320)
    assert finger.colour(240, 100) == (0, 0, 0)
    finger.tap(finger.view.back_button)
    assert screen.plane is None


FACES = {"a.png": ((640, 480), (400, 100, 120, 90)), "b.png": ((300, 600), (60, 380, 80, 100))}
"""Pictures of two proportions, and where the one white thing in each is."""


@pytest.mark.parametrize("screen", [(320, 240), (480, 320), (320, 480), (800, 480)])
def test_boxes_lie_on_the_faces_of_photos_of_two_proportions(
    finger_on, tmp_path, screen, monkeypatch
):
    monkeypatch.setattr(selection, "SECONDS_PER_PICTURE", 0.3)
    for name, (size, (x, y, width, height)) in FACES.items():
        image = Image.new("RGB", size)
        image.paste("white", (x, y, x + width, y + height))
        image.save(tmp_path / name)
    settings = Settings({"camera.width": 640, "camera.height": 640, "camera.fps": 60})
    camera, news = SourceCamera(f"{tmp_path / 'a.png'},{tmp_path / 'b.png'}", settings), Event()
    finger = finger_on(screen)
    finger.appliance.settings.set("display.line_width", 1)
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera((640, 640))
    camera.preview()
    camera.start(screen, news.set, pytest.fail)
    seen = set()
    try:
        while len(seen) < len(FACES):
            assert news.wait(20)
            news.clear()
            finger.appliance.image = image = camera.preview()
            if image is None or image.scene in seen:
                continue
            finger.wait()
            assert finger.view.faces.boxes == [], "those of the picture before"
            size, face = next(f for f in FACES.values() if f[0] == image.scene.size)
            event = FacesSeen((Face("Ada", *face),), 1, size, finger.appliance.now, image.scene)
            finger.appliance.publish(event)
            # Off the face there is black, on it white, whatever else lies above.
            area = finger.view.picture.area
            assert area.width / area.height == pytest.approx(size[0] / size[1], rel=0.02)
            finger.wait()
            (box,) = finger.view.faces.boxes
            x, y, width, height = box.rect
            assert finger.colour(x + 5, y + 5) == (255, 255, 255)
            assert finger.colour(x + width - 6, y + 5) == (255, 255, 255)
            assert sum(finger.colour(x - 4, y + height // 2)) < 60
            assert sum(finger.colour(x + width // 2, y - 4)) < 60
            seen.add(image.scene)
    finally:
        camera.stop()
