"""Mistakes of the card's file are on the screen when the program starts."""

import pytest

from iot_facerecognition_edge.first_boot.report import Report
from iot_facerecognition_edge.views.card_mistakes import CardMistakes
from iot_facerecognition_edge.views.view import Page

MISTAKES = (
    (
        "iot-facerecognition.toml, line 17, [wlan] password: must be 8 to 63 bytes, not 5: write "
        "the Wi-Fi's password as the router shows it"
    ),
    (
        "iot-facerecognition.toml, line 24, [iot-facerecognition] port: must be a whole number "
        "from 1 to 65535, not 70000"
    ),
)


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480)])
def test_every_mistake_is_shown_and_closed_by_a_tap(appliance, finger_on, size):
    appliance.card = Report(MISTAKES, 3)
    finger = finger_on(size)
    popup = finger.top
    assert isinstance(popup, CardMistakes)
    shown = [paragraph.text for paragraph in popup.paragraphs]
    assert shown[:2] == [f"{text}." for text in MISTAKES]
    assert finger.screen.canvas.get_rect().contains(popup.card.rect)
    finger.tap(popup._cross)
    assert not isinstance(finger.top, CardMistakes)
    assert finger.app.page is Page.MAIN


def test_a_card_without_mistakes_shows_nothing(appliance, finger_on):
    appliance.card = Report((), 0, ("[wlan] the Wi-Fi",), ("a note",))
    assert not isinstance(finger_on((480, 320)).top, CardMistakes)
