"""The first page, driven by a finger."""

import pytest

from iot_facerecognition_client import State, Status
from iot_facerecognition_edge.connection.introduction import Shown
from iot_facerecognition_edge.events import Noticed, OperatorMessage
from iot_facerecognition_edge.log.eventlog import EntryKind
from iot_facerecognition_edge.screens.interface import Closed, Key, KeyPressed, TypedText
from iot_facerecognition_edge.ui.entry import TextEntry
from iot_facerecognition_edge.ui.popup import Confirm
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.main import MainView
from iot_facerecognition_edge.views.view import Page

PINNED = "3f2a91c0" * 8
CONNECTED = Status(State.CONNECTED, "Connected", server="192.168.1.5:50000")


@pytest.fixture
def connected(finger):
    """A finger on an appliance with a connection."""
    finger.appliance.become(CONNECTED)
    finger.wait()
    return finger


@pytest.mark.parametrize(
    ("tile", "page"),
    [
        ("Camera", Page.CAMERA),
        ("Logs", Page.LOGS),
        ("Settings", Page.SETTINGS),
        ("Statistics", Page.STATISTICS),
        ("About", Page.ABOUT),
    ],
)
def test_a_tile_opens_its_page_and_back_comes_back(finger, tile, page):
    finger.tap(finger.view.tiles[tile])
    assert finger.app.page is page
    finger.tap(getattr(finger.view, "back_button", None) or finger.view._back)
    assert finger.app.page is Page.MAIN
    assert isinstance(finger.view, MainView)


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480), (1920, 1080)])
def test_tiles_are_large_and_apart_on_every_screen(finger_on, size):
    finger = finger_on(size)
    tiles = [tile.rect for tile in finger.view.tiles.values()]
    assert len(tiles) == 7
    bounds = finger.screen.canvas.get_rect()
    for number, tile in enumerate(tiles):
        assert bounds.contains(tile)
        assert min(tile.size) >= 44
        assert tile.collidelist(tiles[number + 1 :]) == -1


def test_an_idle_page_shows_nothing_anew(finger):
    finger.drawn()
    finger.wait(0.5)
    finger.wait(5.0)
    assert finger.drawn() == []


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State.CONNECTED, "good"),
        (State.RETRYING, "warning"),
        (State.REFUSED, "error"),
        (State.NOT_SET_UP, "dim"),
    ],
)
def test_the_state_of_the_connection_has_a_colour(finger, state, name):
    finger.drawn()
    finger.appliance.become(Status(state, "in words", server="server:50000"))
    finger.wait()
    card = finger.view.status.rect
    dot = (card.x + finger.app.look.metrics.gap + finger.app.look.metrics.px(6), card.centery)
    assert finger.colour(*dot) == getattr(finger.app.look.colours, name)
    tiles = [] if state is State.CONNECTED else [finger.view.tiles["Message"].rect]
    assert finger.drawn() == [card, *tiles]


def test_the_second_line_says_where_to_or_why_not(finger):
    finger.appliance.become(Status(State.CONNECTED, "connected to pi", server="pi:50000"))
    assert finger.view.status.words() == "pi:50000 · Wi-Fi at -52 dBm"
    finger.appliance.become(Status(State.REFUSED, "the token is wrong", server="pi:50000"))
    assert finger.view.status.words() == "the token is wrong · Wi-Fi at -52 dBm"


def test_the_connect_pop_up_hands_on_what_was_written(finger):
    finger.tap(finger.view.status)
    popup = finger.top
    assert isinstance(popup, ConnectPopup)
    finger.tap(popup.address)
    for _ in "localhost":
        finger.screen.push(KeyPressed(Key.BACKSPACE))
    finger.wait()
    finger.type("pi")
    assert finger.top.text == "pi"
    finger.tap(finger.top._done)
    assert popup.address.value == "pi"
    finger.tap(popup.port)
    for _ in "50000":
        finger.screen.push(KeyPressed(Key.BACKSPACE))
    finger.screen.push(TypedText("4433"), KeyPressed(Key.ENTER))
    finger.wait()
    finger.tap(popup.token)
    finger.type("abc")
    finger.tap(finger.top._done)
    finger.appliance.settings.set("connection.fingerprint", PINNED)
    finger.tap(popup.go)
    assert finger.appliance.introduction.looked_at == "pi:4433"
    assert finger.appliance.done == []
    finger.answer(Shown(PINNED))
    assert finger.appliance.done == [("connect", "pi", 4433, "abc", None)]
    assert finger.top is finger.view


def test_an_address_with_a_port_fills_both_fields(finger):
    finger.tap(finger.view.status)
    popup = finger.top
    finger.tap(popup.address)
    finger.screen.push(
        *[KeyPressed(Key.BACKSPACE)] * 9, TypedText("pi:4433"), KeyPressed(Key.ENTER)
    )
    finger.wait()
    assert (popup.address.value, popup.port.value) == ("pi", "4433")
    finger.tap(popup.go)
    assert finger.appliance.introduction.looked_at == "pi:4433"


def test_the_token_is_left_alone_unless_another_one_is_written(finger):
    finger.appliance.settings.set("connection.token", "secret")
    finger.tap(finger.view.status)
    assert "secret" not in finger.top.token.value
    finger.appliance.settings.set("connection.fingerprint", PINNED)
    finger.tap(finger.top.go)
    finger.answer(Shown(PINNED))
    assert finger.appliance.done == [("connect", "localhost", 50000, None, None)]


def test_a_port_that_is_none_is_refused_where_it_was_written(finger):
    finger.tap(finger.view.status)
    finger.tap(finger.top.port)
    finger.screen.push(TypedText("99"))
    finger.wait()
    finger.screen.push(*[KeyPressed(Key.BACKSPACE)] * 9, TypedText("99999"), KeyPressed(Key.ENTER))
    finger.wait()
    assert isinstance(finger.top, TextEntry)
    assert "from 1 to 65535" in finger.top._note.text


def test_a_connection_can_be_ended(finger):
    finger.appliance.become(Status(State.CONNECTED, "Connected", server="a:1"))
    finger.tap(finger.view.status)
    finger.tap(finger.top._end)
    assert finger.appliance.done == [("disconnect",)]


def test_a_tap_beside_a_pop_up_closes_it(finger):
    finger.tap(finger.view.status)
    finger.tap((4, 4))
    assert finger.top is finger.view


def test_a_message_is_written_with_the_keyboard_and_sent(connected):
    connected.tap(connected.view.tiles["Message"])
    connected.type("hi")
    keyboard = connected.keyboard
    connected.tap(
        next(cap.rect for cap in keyboard.caps if cap.action and cap.action.name == "SPACE")
    )
    connected.tap(
        next(cap.rect for cap in keyboard.caps if cap.action and cap.action.name == "SHIFT")
    )
    connected.type("Y")
    connected.type("ou")
    connected.tap(connected.top._done)
    assert connected.appliance.done == [("message", "hi You")]
    assert connected.top is connected.view


def test_without_a_connection_no_message_can_be_written(connected):
    connected.appliance.become(Status(State.RETRYING, "nothing listens", server="pi:50000"))
    connected.wait()
    connected.tap(connected.view.tiles["Message"])
    assert connected.top is connected.view
    connected.appliance.become(CONNECTED)
    connected.wait()
    connected.tap(connected.view.tiles["Message"])
    assert isinstance(connected.top, TextEntry)


def test_an_empty_message_is_refused_and_can_be_corrected(connected):
    connected.tap(connected.view.tiles["Message"])
    connected.tap(connected.top._done)
    assert "nothing to send" in connected.top._note.text
    connected.type("x")
    assert connected.top._note.text == ""
    connected.tap(connected.top._done)
    assert connected.appliance.done == [("message", "x")]


def test_the_caret_goes_where_the_finger_points(connected):
    connected.tap(connected.view.tiles["Message"])
    connected.screen.push(TypedText("hello"))
    connected.wait()
    line = connected.top._line.rect
    connected.tap((line.x + 2, line.centery))
    connected.type("o")
    assert connected.top.text == "ohello"
    connected.screen.push(KeyPressed(Key.BACKSPACE))
    connected.wait()
    assert connected.top.text == "hello"


def test_symbols_and_letters_with_accents_can_be_written(connected):
    connected.tap(connected.view.tiles["Message"])
    for action, characters in (
        ("SYMBOLS", "7-"),
        ("MORE", "é"),
        ("SYMBOLS", "@"),
        ("LETTERS", "a"),
    ):
        caps = connected.keyboard.caps
        connected.tap(next(c.rect for c in caps if c.action and c.action.name == action))
        connected.type(characters)
    assert connected.top.text == "7-é@a"


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (800, 480)])
def test_the_keys_of_a_keyboard_lie_on_the_screen_and_apart(finger_on, size):
    finger = finger_on(size)
    finger.appliance.become(CONNECTED)
    finger.tap(finger.view.tiles["Message"])
    caps = [cap.rect for cap in finger.keyboard.caps]
    for number, cap in enumerate(caps):
        assert finger.screen.canvas.get_rect().contains(cap)
        assert cap.collidelist(caps[number + 1 :]) == -1
        # A tap in the gap next to a key counts for it, so its target is larger than it looks.
        assert cap.height >= 32


@pytest.mark.parametrize("can_power_off", [True, False])
def test_shutting_down_is_asked_for_first(finger, can_power_off):
    finger.appliance.can_power_off = can_power_off
    finger.tap(finger.view.tiles["Shut down"])
    assert isinstance(finger.top, Confirm)
    finger.tap(finger.top._no)
    assert finger.appliance.done == []
    finger.tap(finger.view.tiles["Shut down"])
    finger.tap(finger.top._yes)
    assert finger.appliance.done == [("leave", can_power_off)]


def test_closing_the_window_ends_the_program(finger):
    finger.screen.push(Closed())
    finger.wait()
    assert finger.appliance.done == [("leave", False)]


def test_a_message_from_the_server_is_a_toast_that_leaves(finger):
    finger.appliance.publish(OperatorMessage("Hello kitchen", finger.appliance.now))
    finger.wait()
    assert finger.app.toasts.shown.text == "Hello kitchen"
    card = finger.app.toasts.rect
    mark = finger.app.look.colours.accent_mark
    assert finger.colour(card.x + card.width // 2, card.y) == mark
    finger.wait(10.0)
    assert finger.app.toasts.shown is None
    assert finger.colour(card.x + card.width // 2, card.y) != mark


def test_a_message_is_not_shown_twice(finger):
    finger.appliance.publish(Noticed(EntryKind.INFORMATION, "message: hello"))
    finger.appliance.publish(OperatorMessage("hello", finger.appliance.now))
    finger.wait()
    assert finger.app.toasts.shown.text == "hello"
    finger.tap(finger.app.toasts)
    assert finger.app.toasts.shown is None


def test_a_tap_sends_a_toast_away_and_the_next_one_comes(finger):
    finger.appliance.publish(Noticed(EntryKind.ERROR, "first"))
    finger.appliance.publish(Noticed(EntryKind.WARNING, "second"))
    finger.appliance.publish(Noticed(EntryKind.WARNING, "second"))
    finger.wait()
    assert finger.app.toasts.shown.text == "first"
    finger.tap(finger.app.toasts)
    assert finger.app.toasts.shown.text == "second"
    finger.tap(finger.app.toasts)
    assert finger.app.toasts.shown is None


def test_dark_and_light_change_at_once(finger):
    dark = finger.colour(2, 2)
    finger.appliance.settings.set("display.dark", False)
    finger.wait()
    assert sum(finger.colour(2, 2)) > sum(dark) + 300


def test_the_accent_colour_changes_at_once(finger):
    finger.appliance.settings.set("display.accent_colour", "#1565c0")
    finger.wait()
    tile = finger.view.tiles["Camera"].rect
    assert finger.colour(tile.x + 20, tile.centery) == (0x15, 0x65, 0xC0)
