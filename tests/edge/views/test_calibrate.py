"""Crosses are touched on a panel that measures other places, until taps arrive where they ought."""

import pytest

from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Pointer, ScreenError, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.screens.rotation import Rotation
from iot_facerecognition_edge.screens.touch import TouchPanel, TouchTracker, TurnedTouch
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.calibrate import CROSSES, PATIENCE, CalibrateTouch
from iot_facerecognition_edge.views.view import Page
from tests.edge.touch_device import FakeDevice, report

SIZE = (480, 320)
PANELS = {
    "as it is": lambda u, v: (u, v),
    "axes swapped": lambda u, v: (v, u),
    "mirrored, with margins": lambda u, v: (0.95 - 0.9 * u, 0.04 + 0.9 * v),
    "turned a little": lambda u, v: (0.05 + 0.9 * u + 0.04 * v, 0.03 - 0.03 * u + 0.93 * v),
}
"""Where on the panel's axes a touch at a place of the display is measured."""


class Device:
    """An appliance with a real touch panel's tracker whose device a test puts touches into."""

    def __init__(self, appliance, wrong, rotation=Rotation.NONE):
        self.appliance = appliance
        self._wrong = wrong
        self._rotation = rotation
        self._input = FakeDevice()
        tracker = TouchTracker((0, 100_000), (0, 100_000), Calibration())
        self._panel = TouchPanel(self._input, tracker)
        self.screen = MemoryScreen(SIZE)
        self.screen.touch = TurnedTouch(self._panel, rotation)
        self.app = App(appliance, self.screen)
        self.wait()

    def wait(self, seconds=0.05):
        self.appliance.now += seconds
        self.app.step(list(self._panel.pointers(SIZE, self._rotation)), self.appliance.now)

    def touch(self, place, seconds=0.05):
        """Touch the pixel `place` of what is shown."""
        u, v = ((part + 0.5) / side for part, side in zip(place, SIZE, strict=True))
        raw = self._wrong(*self._rotation.from_canvas(u, v))
        x, y = (round(part * 100_000) for part in raw)
        self._input.waiting = report(x, y, touch=True)
        self.wait(seconds)
        self._input.waiting = report(touch=False)
        self.wait()

    @property
    def layer(self):
        (layer,) = (la for la in self.app.stage.layers if isinstance(la, CalibrateTouch))
        return layer

    def calibrate(self, off=(0, 0)):
        """Begin with a finger that rests for ten seconds, and touch every cross, `off` by so."""
        self._input.waiting = report(50_000, 50_000, touch=True)
        self.wait()
        self.wait(10.1)
        self._input.waiting = report(touch=False)
        self.wait()
        for _ in CROSSES:
            x, y = self.layer.cross
            self.touch((x + off[0], y + off[1]))


@pytest.fixture(params=PANELS)
def wrong(request):
    return PANELS[request.param]


@pytest.mark.parametrize("rotation", Rotation)
def test_after_five_crosses_taps_arrive_where_they_should(appliance, wrong, rotation):
    device = Device(appliance, wrong, rotation)
    device.calibrate()
    device.touch(device.layer.keep_button.rect.center)
    kept = appliance.settings.display.touch_calibration
    assert Calibration.parse(kept) is not None
    assert device.app.stage.layers[-2] is device.app.view
    device.touch(device.app.view.tiles["Logs"].rect.center)
    assert device.app.page is Page.LOGS
    again = Device(appliance, wrong, rotation)
    again.screen.touch.calibrate(Calibration.parse(kept))
    again.touch(again.app.view.tiles["About"].rect.center)
    assert again.app.page is Page.ABOUT, "the numbers that are kept do the same after a restart"


def test_a_panel_that_is_right_gets_a_map_that_changes_next_to_nothing():
    found = Calibration.fit(CROSSES, CROSSES)
    assert found.residual(CROSSES, CROSSES) < 1e-9
    assert found.apply(0.25, 0.75) == pytest.approx((0.25, 0.75))


def test_without_a_touch_everything_is_as_before(appliance):
    device = Device(appliance, PANELS["axes swapped"])
    device.calibrate()
    device.wait(PATIENCE + 0.1)
    assert appliance.settings.display.touch_calibration == ""
    assert device.app.stage.layers[-2] is device.app.view
    device.touch((20, 300))
    panel = device.screen.touch
    assert panel.measured == pytest.approx((300.5 / 320, 20.5 / 480), abs=1e-4)
    assert list(device._panel.pointers(SIZE, Rotation.NONE)) == []


def test_a_calibration_that_hits_nothing_is_not_kept(appliance):
    """Crosses that are each missed by a fifth of the screen fit each other: only trying tells."""
    device = Device(appliance, PANELS["as it is"])
    device.calibrate(off=(0, 0))
    x, y = device.layer.keep_button.rect.center
    device.touch((x, y + 100))
    assert appliance.settings.display.touch_calibration == ""
    device.wait(PATIENCE + 0.1)
    assert device.app.stage.layers[-2] is device.app.view


def test_touches_that_do_not_fit_the_crosses_begin_them_again(appliance):
    device = Device(appliance, PANELS["as it is"])
    device.calibrate()
    device.wait(PATIENCE + 0.1)
    device.touch((240, 160))
    device.app.push(CalibrateTouch(device.app, device.screen.touch))
    device.wait()
    for number in range(len(CROSSES)):
        x, y = device.layer.cross
        device.touch((x + (60 if number == 2 else 0), y))
    assert "do not fit" in device.layer.words()[0]
    assert device.layer.cross == tuple(
        round(part * side) for part, side in zip(CROSSES[0], SIZE, strict=True)
    )


def test_touches_on_one_line_are_refused():
    places = [(0.1 * n, 0.2 * n) for n in range(5)]
    with pytest.raises(ScreenError, match="one line"):
        Calibration.fit(places, CROSSES)
    with pytest.raises(ScreenError, match="one line"):
        Calibration.fit(CROSSES[:2], CROSSES[:2])


def test_a_residual_is_measured_in_parts_of_the_side():
    moved = [(u + 0.02, v) for u, v in CROSSES]
    assert Calibration().residual(moved, CROSSES) == pytest.approx(0.02)


def test_a_finger_that_moves_or_leaves_begins_nothing(appliance):
    device = Device(appliance, PANELS["as it is"])
    device._input.waiting = report(50_000, 50_000, touch=True)
    device.wait()
    device.wait(9.0)
    device._input.waiting = report(60_000, 50_000)
    device.wait()
    device.wait(5.0)
    assert device.app.stage.layers[-2] is device.app.view


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (320, 480), (800, 480)])
def test_words_and_crosses_keep_apart(finger_on, size):
    finger = finger_on(size)
    finger.screen.touch = TurnedTouch(
        TouchPanel(FakeDevice(), TouchTracker((0, 9), (0, 9), Calibration())), Rotation.NONE
    )
    layer = CalibrateTouch(finger.app, finger.screen.touch)
    finger.app.push(layer)
    finger.wait()
    words = layer.words_place()
    arm = finger.app.look.metrics.px(16)
    for u, v in CROSSES:
        x, y = round(u * size[0]), round(v * size[1])
        cross = (x - arm, y - arm, 2 * arm, 2 * arm)
        assert finger.screen.canvas.get_rect().contains(cross)
        assert not words.colliderect(cross)
    assert not words.colliderect(layer.keep_button.rect)


def test_the_form_offers_crosses_where_there_is_a_panel(finger):
    finger.screen.touch = TurnedTouch(
        TouchPanel(FakeDevice(), TouchTracker((0, 9), (0, 9), Calibration())), Rotation.NONE
    )
    finger.app.open(Page.SETTINGS)
    finger.view.show_group("display")
    finger.wait()
    row = finger.view.rows["display.touch_calibration"]
    finger.view._pane.reveal(row)
    finger.wait()
    finger.tap(row.value)
    finger.tap(finger.top._pane.children[0])
    assert isinstance(finger.top, CalibrateTouch)


def test_a_mouse_writes_the_numbers(finger):
    finger.app.open(Page.SETTINGS)
    finger.view.show_group("display")
    finger.wait()
    row = finger.view.rows["display.touch_calibration"]
    finger.view._pane.reveal(row)
    finger.wait()
    finger.tap(row.value)
    assert finger.top.text == ""
    assert finger.top.keyboard is not None


def test_a_calibration_from_elsewhere_holds_at_once(appliance):
    device = Device(appliance, PANELS["axes swapped"])
    appliance.settings.set("display.touch_calibration", "0,1,0,1,0,0")
    device.touch(device.app.view.tiles["Logs"].rect.center)
    assert device.app.page is Page.LOGS


def test_the_panel_tells_where_the_finger_was_before_calibration():
    device = FakeDevice()
    tracker = TouchTracker((0, 1000), (0, 1000), Calibration.parse("0 0.5 0 0.5 0 0"))
    panel = TouchPanel(device, tracker)
    assert panel.measured is None
    device.waiting = [*report(900, 100, touch=True), *report(0, 0, touch=False)]
    pointers = list(panel.pointers((100, 100), Rotation.NONE))
    assert pointers[0] == Pointer(TouchPhase.DOWN, 5, 45)
    assert panel.measured == (0.9, 0.1)


@pytest.mark.parametrize("rotation", Rotation)
def test_from_the_canvas_and_back_is_the_same_place(rotation):
    assert rotation.on_canvas(*rotation.from_canvas(0.2, 0.7)) == pytest.approx((0.2, 0.7))
