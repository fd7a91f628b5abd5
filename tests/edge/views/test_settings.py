"""The form of settings."""

from itertools import pairwise

import pytest

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.screens.interface import Key, KeyPressed, TypedText
from iot_facerecognition_edge.settings import CATALOGUE, Group, in_group
from iot_facerecognition_edge.ui.popup import Choose, ChooseColour
from iot_facerecognition_edge.views.view import Page


@pytest.fixture
def form(finger):
    finger.app.open(Page.SETTINGS)
    finger.wait()
    return finger


def show(finger, key):
    """Open the group of a setting, scroll to its row and return it."""
    group = Group(key.partition(".")[0])
    chip = finger.view.chips[group]
    finger.view._bar.reveal(chip)
    finger.wait()
    finger.tap(chip)
    row = finger.view.rows[key]
    finger.view._pane.reveal(row)
    finger.wait()
    return row


def test_every_setting_of_the_form_has_a_row_under_its_group(form):
    shown = set()
    for group in filter(in_group, Group):
        form.view._bar.reveal(form.view.chips[group])
        form.tap(form.view.chips[group])
        assert form.view.chips[group].selected
        shown |= set(form.view.rows)
    assert shown == {setting.key for setting in CATALOGUE if setting.on_screen}


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (800, 480)])
def test_rows_have_room_for_their_words_and_do_not_overlap(finger_on, size):
    finger = finger_on(size)
    finger.app.open(Page.SETTINGS)
    finger.wait()
    for group in filter(in_group, Group):
        finger.view._choose(group)()
        finger.wait()
        rects = [row.rect for row in finger.view.rows.values()]
        for row in finger.view.rows.values():
            inner = row._note.rect
            assert inner.height >= row._note.height(inner.width), row.setting.key
            assert row.rect.contains(inner)
        for above, below in pairwise(rects):
            assert above.bottom <= below.top


def test_a_switch_is_flipped(form):
    row = show(form, "display.show_fps")
    assert row.switch.on
    form.tap(row.switch)
    assert form.appliance.settings.display.show_fps is False
    assert not row.switch.on


def test_a_number_is_slid(form):
    row = show(form, "recognition.label_count")
    track = row.slider.children[1].rect
    radius = form.app.look.metrics.px(11)
    form.swipe((track.x + radius + 60, track.centery), (track.right - radius, track.centery))
    assert form.appliance.settings.recognition.label_count == 10
    form.tap(row.slider.children[0])
    assert form.appliance.settings.recognition.label_count == 9
    assert row.value.text == "9"


def test_a_number_is_written(form):
    row = show(form, "display.line_width")
    form.tap(row.value)
    form.screen.push(*[KeyPressed(Key.BACKSPACE)] * 4, TypedText("7"), KeyPressed(Key.ENTER))
    form.wait()
    assert form.appliance.settings.display.line_width == 7
    assert form.top is form.view


def test_a_number_out_of_range_is_refused_with_what_is_allowed(form):
    row = show(form, "display.line_width")
    form.tap(row.value)
    form.screen.push(TypedText("9999"), KeyPressed(Key.ENTER))
    form.wait()
    assert "a whole number from" in form.top._note.text
    assert form.appliance.settings.display.line_width == 4


def test_a_choice_is_made_from_a_list(form):
    row = show(form, "camera.white_balance")
    form.tap(row.value)
    assert isinstance(form.top, Choose)
    option = form.top._pane.children[1]
    form.tap(option)
    assert form.appliance.settings.camera.white_balance == row.setting.choices[1]


def test_a_colour_is_chosen_or_written(form):
    row = show(form, "display.accent_colour")
    form.tap(row.value)
    assert isinstance(form.top, ChooseColour)
    form.tap(form.top._swatches[6])
    assert form.appliance.settings.display.accent_colour == "#1565c0"
    form.wait()
    row = form.view.rows["display.accent_colour"]
    form.view._pane.reveal(row)
    form.tap(row.value)
    form.tap(form.top._other)
    form.screen.push(*[KeyPressed(Key.BACKSPACE)] * 7, TypedText("#00FF00"), KeyPressed(Key.ENTER))
    form.wait()
    assert form.appliance.settings.display.accent_colour == "#00ff00"


def test_changing_the_colours_leaves_a_person_where_they_were(form):
    row = show(form, "display.show_fps")
    offset = form.view._pane.offset
    assert offset > 0
    old = form.view
    form.appliance.settings.set("display.dark", False)
    form.wait()
    assert form.view is not old
    assert row.setting.key in form.view.rows
    assert form.view._pane.offset == offset


def test_a_text_is_written(form):
    row = show(form, "connection.name")
    form.tap(row.value)
    form.screen.push(TypedText(" kitchen"), KeyPressed(Key.ENTER))
    form.wait()
    assert form.appliance.settings.connection.name.endswith("kitchen")
    assert row.value.text.endswith("kitchen")


def test_a_secret_is_never_shown(form):
    form.appliance.settings.set("connection.token", "hush")
    form.wait()
    row = show(form, "connection.token")
    assert row.value.text == "set"
    form.tap(row.value)
    assert form.top.text == ""


def test_a_change_that_the_server_has_not_confirmed_is_marked(form):
    row = show(form, "recognition.faces")
    form.appliance.synchronisation.waiting.add("recognition.faces")
    form.tap(row.switch)
    knob = row.switch.rect
    metrics = form.app.look.metrics
    place = (knob.right - metrics.px(44) + metrics.px(26) // 2, knob.centery)
    assert form.colour(*place) == form.app.look.colours.warning
    assert row._note_text.startswith("Waiting for the server")
    form.appliance.synchronisation.waiting.clear()
    form.wait(0.6)
    assert form.colour(*place) == (255, 255, 255)


def test_a_change_from_elsewhere_is_seen(form):
    row = show(form, "recognition.objects")
    form.appliance.settings.set("recognition.objects", False)
    form.wait()
    assert not row.switch.on


def test_settings_that_the_camera_does_not_know_cannot_be_touched(form):
    form.appliance.run_camera()
    row = show(form, "camera.saturation")
    assert "does not know" in row._note_text
    before = form.appliance.settings.value("camera.saturation")
    form.tap(row.slider.children[2])
    assert form.appliance.settings.value("camera.saturation") == before
    row = show(form, "camera.brightness")
    assert row.obeyed


def test_what_the_last_camera_did_not_know_stays_grey_while_it_is_off(form):
    form.appliance.camera_controls = frozenset({"source", "brightness"})
    form.appliance.settings.set("camera.source", "picamera2")
    form.wait()
    row = show(form, "camera.saturation")
    assert not row.value.enabled
    assert "does not know" in row._note_text
    assert show(form, "camera.brightness").value.enabled


def test_another_camera_may_know_other_settings(form):
    form.appliance.camera_controls = frozenset({"source"})
    form.appliance.settings.set("camera.source", "picamera2")
    assert not show(form, "camera.saturation").obeyed
    form.appliance.camera_controls = None
    form.appliance.settings.set("camera.source", "v4l2")
    form.wait()
    row = show(form, "camera.saturation")
    assert row.value.enabled
    assert "does not know" not in row._note_text


def test_a_refused_change_is_said_and_the_old_value_shown(form, monkeypatch):
    row = show(form, "display.show_fps")

    def refuse(key, value):
        raise SettingError(f"{key}: not today")

    monkeypatch.setattr(form.appliance.settings, "set", refuse)
    form.tap(row.switch)
    assert row.switch.on
    assert form.app.toasts.shown.text == "“Show frame rate”: not today"


def test_reset_is_asked_for_first(form):
    form.appliance.settings.set("display.line_width", 9)
    form.tap(form.view.reset_button)
    form.tap(form.top._no)
    assert form.appliance.settings.display.line_width == 9
    form.tap(form.view.reset_button)
    form.tap(form.top._yes)
    assert form.appliance.settings.display.line_width == 4
