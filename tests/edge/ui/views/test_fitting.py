"""Words that are ours fit on every screen; only what comes from elsewhere may be cut."""

import pytest

from iot_facerecognition_edge.events import Connection, ConnectionState
from iot_facerecognition_edge.settings import Group, Kind, in_group
from iot_facerecognition_edge.ui.typeface import Typeface
from iot_facerecognition_edge.views.view import Page


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
    finger.appliance.become(Connection(ConnectionState.CONNECTED, "10.0.0.5:50000", "Connected"))
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
            choices += row.setting.kind is Kind.CHOICE
    assert choices, "there are choices in the form"
    assert cut == set()
