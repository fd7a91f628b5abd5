"""Words that are ours fit on every screen; only what comes from elsewhere may be cut."""

import pytest

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.events import Noticed
from iot_facerecognition_edge.log.eventlog import EntryKind
from iot_facerecognition_edge.settings import Group, SettingKind, in_group
from iot_facerecognition_edge.ui.typeface import Typeface
from iot_facerecognition_edge.views.main import MORE
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import CameraState


@pytest.fixture
def cut(monkeypatch):
    """Collect the texts that did not fit."""
    texts = set()
    shorten = Typeface._cut

    def watched(typeface, text, font, width):
        shown = shorten(typeface, text, font, width)
        if shown != text:
            texts.add((text, shown))
        return shown

    monkeypatch.setattr(Typeface, "_cut", watched)
    return texts


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480), (1920, 1080)])
def test_no_word_of_the_pages_is_cut(finger_on, cut, size):
    finger = finger_on(size)
    finger.appliance.settings.set("connection.name", "door")
    finger.appliance.become(Status(State.CONNECTED, "Connected", server="10.0.0.5:50000"))
    finger.wait()
    for page in (Page.LOGS, Page.STATISTICS, Page.ABOUT, Page.CAMERA):
        finger.app.open(page)
        finger.wait(0.6)
        finger.app.back()
    for popup in ("Message", "Shut down"):
        finger.tap(finger.view.tiles[popup])
        finger.app.remove(finger.top)
    finger.tap(finger.view.status)
    assert cut == set()


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480), (1920, 1080)])
def test_no_word_of_the_form_is_cut(finger_on, cut, size):
    finger = finger_on(size)
    finger.app.open(Page.SETTINGS)
    finger.wait()
    choices = 0
    for group in filter(in_group, Group):
        finger.view.show_group(group)
        finger.wait()
        pane = finger.view._pane
        for row in finger.view.rows.values():
            pane.reveal(row)
            finger.wait()
            choices += row.setting.kind is SettingKind.CHOICE
    assert choices, "there are choices in the form"
    assert cut == set()


SIZES = [(320, 240), (480, 320), (320, 480), (800, 480), (1024, 600), (1920, 1080)]
REASON = (
    "the server's certificate is not the pinned one: pin the new one if the server was given a new "
    "certificate; else somebody stands between you and the server. 192.168.100.200:50000 shows "
    "sha256:" + "0123456789abcdef" * 4 + ", pinned is sha256:" + "fedcba9876543210" * 4
)
NO_CAMERA = (
    "camera: none was found. Check the ribbon cable (and that python3-picamera2 is installed) or "
    "plug in a USB camera; without either, put photos into "
    "/var/lib/iot-facerecognition-edge/photos and set device.test_mode=on, or "
    "camera.source=moving:FOLDER"
)
REFUSAL = (
    "a fingerprint is the 64 hexadecimal digits of the certificate's SHA-256, as the server's "
    "`cert show` or `openssl x509 -noout -fingerprint -sha256` prints them, not 'ab'"
)


def joined(lines):
    return "".join(lines).replace(" ", "")


def whole(text):
    return text.replace(" ", "")


@pytest.mark.parametrize("size", SIZES)
def test_the_status_gives_the_whole_reason_or_leads_to_it(finger_on, cut, size):
    finger = finger_on(size)
    finger.appliance.become(Status(State.REFUSED, REASON, server="pi:50000"))
    finger.wait()
    view = finger.view
    shown = joined(view.status.lines)
    cure = whole(REASON.partition(". ")[0])
    assert shown == whole(view.status.words()) or view.status.lines[-1] == MORE
    assert shown.startswith(cure)
    assert min(min(tile.rect.size) for tile in view.tiles.values()) >= 40
    finger.tap(view.status)
    popup = finger.top
    assert popup.state.text == REASON
    assert popup.state.rect.height == popup.state.height(popup.state.rect.width)
    popup._pane.scroll_to(10_000)
    finger.wait()
    assert popup._pane.rect.contains(popup.token.rect), "the fields are a swipe away"
    assert cut == set()


@pytest.mark.parametrize("size", SIZES)
def test_a_log_entry_is_whole(finger_on, cut, size):
    finger = finger_on(size)
    for text in (REASON, NO_CAMERA):
        finger.appliance.log.error(text)
    finger.app.open(Page.LOGS)
    finger.wait()
    rows = finger.view.rows
    newest, before = (joined(rows._lines[entry.number]) for entry in rows.entries)
    assert before == whole(REASON)
    assert newest.endswith(whole("“Test mode” = on, or “Camera” = moving:FOLDER"))
    finger.view._pane.scroll_to(10_000)
    finger.wait()
    assert rows.row(1).bottom <= finger.view._pane.rect.bottom
    assert cut == set()


@pytest.mark.parametrize("size", SIZES)
def test_a_toast_is_whole_and_names_labels(finger_on, cut, size):
    finger = finger_on(size)
    for text, end in ((REASON, "fedcba9876543210"), (NO_CAMERA, "“Camera” = moving:FOLDER")):
        finger.appliance.publish(Noticed(EntryKind.ERROR, text))
        finger.wait()
        lines, _ = finger.app.toasts._lines(finger.app.toasts.rect.width)
        assert joined(lines) == whole(finger.app.toasts.shown.text)
        assert joined(lines).endswith(whole(end))
        assert finger.screen.canvas.get_rect().contains(finger.app.toasts.rect)
        finger.tap(finger.app.toasts)
    assert cut == set()


@pytest.mark.parametrize("size", SIZES)
def test_an_objection_is_whole_and_leaves_by_a_tap(finger_on, cut, size):
    finger = finger_on(size)
    finger.tap(finger.view.status)
    finger.tap(finger.top.address)
    entry = finger.top
    entry._note.say(REFUSAL)
    finger.wait()
    lines, _ = entry._note._lines()
    assert joined(lines) == whole(REFUSAL)
    assert finger.screen.canvas.get_rect().contains(entry._note.rect)
    finger.tap(entry._note)
    assert not entry._note.visible
    assert cut == set()


@pytest.mark.parametrize("size", SIZES)
def test_a_missing_camera_is_reported_whole_in_its_view_and_on_the_page_about_it(
    finger_on, cut, size
):
    finger = finger_on(size)
    finger.appliance.camera = CameraStatus(CameraState.FAILED, NO_CAMERA)
    finger.app.open(Page.CAMERA)
    finger.wait(0.6)
    finger.app.back()
    finger.app.open(Page.ABOUT)
    finger.wait()
    facts = finger.view.facts
    camera = dict(facts._broken(facts.rect.width))["Camera"]
    assert joined(camera).endswith(whole("“Camera” = moving:FOLDER"))
    assert facts.rect.height == facts.height(facts.rect.width)
    assert cut == set()
