"""The first connection, driven by a finger: pairing, the question about a certificate."""

import ctypes

import pytest
import segno

from iot_facerecognition_client import Paired, State, Status
from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.connection.introduction import Declined, Shown
from iot_facerecognition_edge.screens.interface import Key, KeyPressed, TypedText
from iot_facerecognition_edge.ui.entry import TextEntry
from iot_facerecognition_edge.views.certificate import CertificatePopup
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.scan import ScanLayer
from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words
from iot_facerecognition_protocol.pairing.code import PairingCode
from iot_facerecognition_protocol.pairing.text import PairingText, format_pairing_text

NEW = "3f2a91c0" * 8
OLD = "0b1d77e4" * 8
CODE = PairingCode("482193657")
NOT_SET_UP = Status(State.NOT_SET_UP, "tap here", server="localhost:50000")
SIZES = [(320, 240), (480, 320), (320, 480), (800, 480)]


@pytest.fixture
def new(finger):
    """A finger on a device that nobody has set up, with the connect pop-up open."""
    finger.appliance.become(NOT_SET_UP)
    finger.wait()
    finger.tap(finger.view.status)
    assert isinstance(finger.top, ConnectPopup)
    return finger


def write(finger, field, text):
    field.parent.reveal(field)
    finger.wait()
    finger.tap(field)
    assert isinstance(finger.top, TextEntry)
    finger.screen.push(*[KeyPressed(Key.BACKSPACE)] * len(finger.top.text))
    finger.screen.push(TypedText(text), KeyPressed(Key.ENTER))
    finger.wait()


def test_a_new_device_has_no_address_and_says_how_to_begin(new):
    popup = new.top
    assert popup.address.value == ""
    assert "pair NAME" in popup.state.text
    assert popup._end is None
    new.tap(popup.go)
    assert "address is missing" in popup.state.text
    assert new.appliance.introduction.looked_at is None


def test_what_is_said_on_the_screen_names_no_command_line(new):
    new.tap((4, 4))
    assert new.view.status.words().startswith("Tap here to choose a server.")


def test_the_token_is_sent_only_after_the_certificate_was_confirmed(new):
    popup = new.top
    write(new, popup.address, "pi:4433")
    write(new, popup.token, "abc")
    new.tap(popup.go)
    assert "looking at the certificate of pi:4433" in popup.state.text
    assert not popup.go.enabled
    new.answer(Shown(NEW))
    question = new.top
    assert isinstance(question, CertificatePopup)
    assert question.blocks[0].words == fingerprint_words(NEW)
    shown = [text for text, _ in question.blocks[0].lines(1000)]
    assert "".join(shown[1:]).replace(" ", "") == "".join(fingerprint_groups(NEW))
    assert "pi:4433" in question.question.text
    assert new.appliance.done == []
    new.tap(question.yes)
    assert new.appliance.done == [("connect", "pi", 4433, "abc", NEW)]
    assert new.top is new.view


def test_a_no_leads_back_and_nothing_is_kept(new):
    write(new, new.top.address, "pi")
    popup = new.top
    new.tap(popup.go)
    new.answer(Shown(NEW))
    new.tap(new.top.no)
    assert new.top is popup
    assert popup.go.enabled
    assert new.appliance.done == []


def test_a_changed_certificate_is_shown_beside_the_one_before(finger):
    finger.appliance.settings.set("connection.fingerprint", OLD)
    finger.tap(finger.view.status)
    finger.tap(finger.top.go)
    finger.answer(Shown(NEW))
    now, before = finger.top.blocks
    assert (now.words, before.words) == (fingerprint_words(NEW), fingerprint_words(OLD))
    assert now.rect.right < before.rect.x
    finger.tap(finger.top.yes)
    assert finger.appliance.done == [("connect", "localhost", 50000, None, NEW)]


def refused(presented=NEW):
    text = "the server's certificate is not the pinned one"
    return Status(State.REFUSED, text, server="pi:50000", presented=presented)


def test_a_certificate_that_changes_meanwhile_is_asked_about_once(finger):
    finger.appliance.settings.set("connection.fingerprint", OLD)
    finger.appliance.become(refused())
    finger.wait()
    assert isinstance(finger.top, CertificatePopup)
    assert len(finger.top.blocks) == 2
    finger.tap(finger.top.no)
    finger.appliance.become(refused())
    finger.wait()
    assert finger.top is finger.view
    finger.appliance.become(refused("77" * 32))
    finger.wait()
    finger.tap(finger.top.yes)
    assert finger.appliance.done == [("connect", None, None, None, "77" * 32)]


def test_nobody_is_asked_while_they_write(finger):
    finger.tap(finger.view.status)
    popup = finger.top
    finger.appliance.become(refused())
    finger.wait()
    assert finger.top is popup


def test_a_server_that_is_not_there_is_told_in_the_pop_up(new):
    write(new, new.top.address, "pi")
    new.tap(new.top.go)
    new.answer(Declined("nothing listens at pi:50000: is the server running?"))
    assert "nothing listens" in new.top.state.text
    assert new.top.go.enabled


def test_an_answer_that_comes_after_the_pop_up_was_closed_shows_nothing(new):
    write(new, new.top.address, "pi")
    new.tap(new.top.go)
    new.tap((4, 4))
    new.answer(Shown(NEW))
    assert new.top is new.view


def test_other_ways_of_trust_ask_nothing(finger):
    finger.appliance.settings.set("connection.tls_mode", "system")
    finger.tap(finger.view.status)
    finger.tap(finger.top.go)
    assert finger.appliance.done == [("connect", "localhost", 50000, None, None)]


def test_a_code_is_typed_after_the_address(new):
    popup = new.top
    new.tap(popup.code)
    new.screen.push(TypedText("pi"), KeyPressed(Key.ENTER))
    new.wait()
    assert isinstance(new.top, TextEntry)
    new.type("482")
    new.tap(new.top._done)
    assert "9 digits" in new.top._note.text
    new.tap(new.top._note)
    new.type("193657")
    new.tap(new.top._done)
    assert new.top is popup
    assert new.appliance.introduction.paired_with == ("pi:50000", CODE, None)
    assert "pairing with pi:50000" in popup.state.text
    new.answer(Declined("pi:50000 does not pair: the code is not the right one"))
    assert "not the right one" in popup.state.text
    new.tap(popup.code)
    new.type("482193657")
    new.tap(new.top._done)
    new.answer(Paired(f"sha256:{NEW}", "token", "kitchen"))
    assert new.top is new.view


def picture(text, size=(320, 240), scale=4, *, mirrored=False):
    """Return what a camera sees of a screen that shows `text` as a QR code."""
    width, height = size
    code = [list(row) for row in segno.make_qr(text, error="l").matrix_iter(scale=scale, border=4)]
    if mirrored:
        code = [row[::-1] for row in code]
    left, top = (width - len(code)) // 2, (height - len(code)) // 2
    rows = [bytearray([120]) * width for _ in range(height)]
    for y, row in enumerate(code):
        rows[top + y][left : left + len(row)] = bytes(30 if dark else 220 for dark in row)
    return PreviewImage(width, height, PixelFormat.GREY, b"".join(rows), 0.0)


def show(finger, image):
    """Let the camera give this picture."""
    finger.appliance.now += 1
    finger.appliance.image = PreviewImage(
        image.width, image.height, image.format, image.pixels, finger.appliance.now
    )
    finger.wait()


def has_zbar():
    try:
        ctypes.CDLL("libzbar.so.0")
    except OSError:
        return False
    return True


zbar = pytest.mark.skipif(not has_zbar(), reason="libzbar0 is not installed")
QR = format_pairing_text(PairingText("192.168.1.10", NEW, code=CODE.digits))


@zbar
def test_a_code_before_the_camera_pairs_with_its_fingerprint(new):
    popup = new.top
    new.tap(popup.scan)
    assert isinstance(new.top, ScanLayer)
    assert new.appliance.done == [("open camera", (480, 320))]
    new.appliance.run_camera()
    show(new, picture("https://example.com"))
    assert "no pairing code" in " ".join(new.top.hint.lines)
    show(new, picture(QR))
    assert new.top is popup
    assert new.appliance.done[-1] == ("close camera",)
    assert new.appliance.introduction.paired_with == ("192.168.1.10:50000", CODE, NEW)
    new.answer(Paired(f"sha256:{NEW}", "token", "kitchen"))
    assert new.top is new.view


@zbar
def test_a_camera_that_mirrors_reads_codes_too(new):
    new.appliance.settings.set("camera.mirror_horizontal", True)
    new.tap(new.top.scan)
    new.appliance.run_camera()
    show(new, picture(QR, mirrored=True))
    assert new.appliance.introduction.paired_with is not None


@zbar
@pytest.mark.parametrize("token", ["iotfr_abc", ""])
def test_a_code_with_a_token_or_for_an_open_server_connects_at_once(new, token):
    new.tap(new.top.scan)
    new.appliance.run_camera()
    show(new, picture(format_pairing_text(PairingText("pi", NEW, 4433, token=token))))
    assert new.appliance.done[-1] == ("connect", "pi", 4433, token, NEW)
    assert new.top is new.view


@zbar
def test_a_code_with_an_address_that_is_none_is_reported(new):
    popup = new.top
    new.tap(popup.scan)
    new.appliance.run_camera()
    show(new, picture(f"iot-facerecognition://[:::]?sha256={NEW}&code=482193657"))
    assert new.top is popup
    assert "no host name" in popup.state.text
    assert new.appliance.introduction.paired_with is None


def test_without_zbar_the_cure_is_reported(new, monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("iot_facerecognition_edge.qr.zbar.CDLL", missing)
    new.tap(new.top.scan)
    new.appliance.run_camera()
    show(new, picture(QR))
    assert "apt install libzbar0" in " ".join(new.top.hint.lines)


def test_going_back_from_the_camera_gives_it_back(new):
    popup = new.top
    new.tap(popup.scan)
    new.tap(new.top.back_button)
    assert new.top is popup
    assert new.appliance.done == [("open camera", (480, 320)), ("close camera",)]


def test_the_camera_runs_on_where_the_page_beneath_shows_it(finger):
    finger.app.open(Page.CAMERA)
    finger.appliance.run_camera()
    finger.appliance.become(NOT_SET_UP)
    finger.wait()
    finger.tap(finger.view.link_plate)
    finger.tap(finger.top.scan)
    finger.tap(finger.top.back_button)
    assert ("close camera",) not in finger.appliance.done


@pytest.mark.parametrize("size", SIZES)
def test_the_question_fits_on_every_screen(finger_on, size):
    finger = finger_on(size)
    finger.appliance.settings.set("connection.fingerprint", OLD)
    finger.appliance.become(refused())
    finger.wait()
    popup = finger.top
    bounds = finger.screen.canvas.get_rect()
    for button in (popup.yes, popup.no):
        assert bounds.contains(button.rect)
        assert button.rect.height >= 36
    popup._pane.scroll_to(10_000)
    finger.wait()
    for block in popup.blocks:
        assert block.rect.bottom <= popup._pane.rect.bottom + 1
        width = block.rect.width
        for text, style in block.lines(width):
            assert finger.app.look.type.width(text, style) <= width, "no digit may be cut off"
