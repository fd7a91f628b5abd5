"""Calibrating the touch panel: five crosses are touched, and the outcome confirmed by touch."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Layer`, told there

import math

import pygame

from iot_facerecognition_edge.screens.calibration import Calibration, Place
from iot_facerecognition_edge.screens.interface import Calibratable, Key, ScreenError
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_edge.ui.controls import Button, ButtonKind
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.view import Navigator

CROSSES: tuple[Place, ...] = ((0.1, 0.12), (0.9, 0.12), (0.9, 0.88), (0.1, 0.88), (0.5, 0.5))
"""Where they stand, as parts of the canvas."""
PATIENCE = 20.0
"""Seconds without a touch after which everything is as before."""
SETTING = DisplaySettings.touch_calibration.key
_WORDS_AT = 0.3
"""Part of the height at which words stand: no cross is there."""


class CalibrateTouch(Layer):
    """Shows one cross after the other, then a button that the new calibration has to hit.

    Only that button keeps the calibration: without a touch for `PATIENCE` everything is as it was.
    Touches that do not fit the crosses begin them again.
    """

    opaque = True
    interactive = True

    def __init__(self, navigator: Navigator, touch: Calibratable) -> None:
        super().__init__(navigator.look)
        self._navigator = navigator
        self._touch = touch
        kept = navigator.appliance.settings.display.touch_calibration
        self._before = Calibration.parse(kept)
        self._found: Calibration | None = None
        self._measured: list[Place] = []
        self._until: float | None = None
        self._seconds = 0
        self._problem = ""
        self.keep_button = self.add(
            Button(self.look, self._keep, "Keep it", kind=ButtonKind.PRIMARY)
        )
        self.keep_button.visible = False

    @property
    def cross(self) -> tuple[int, int] | None:
        """Where the cross stands that is to be touched, in pixels of the canvas."""
        if self._found is not None:
            return None
        u, v = CROSSES[len(self._measured)]
        return self.rect.x + round(u * self.rect.width), self.rect.y + round(v * self.rect.height)

    def arrange(self) -> None:
        metrics = self.look.metrics
        width = max(self.keep_button.natural_width(), metrics.px(160))
        place = pygame.Rect(0, 0, width, metrics.target)
        place.center = self.rect.center
        self.keep_button.place(place)

    # Time.

    def advance(self, now: float) -> float | None:
        if self._until is None:
            self._until = now + PATIENCE
        left = math.ceil(self._until - now)
        if left <= 0:
            self._give_up()
            return None
        if left != self._seconds:
            self._seconds = left
            self.changed()
        return self._until - left + 1

    def _give_up(self) -> None:
        self._touch.calibrate(self._before)
        self._navigator.remove(self)

    # Touch.

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - the panel's own place counts
        measured = self._touch.measured
        self._until, self._problem = None, ""
        self.changed()
        if measured is None or self._found is not None:
            return
        self._measured.append(measured)
        if len(self._measured) == len(CROSSES):
            self._try()

    def _try(self) -> None:
        """Let the calibration hold that the touches tell, so that it can be tried."""
        measured, self._measured = self._measured, []
        wanted = [self._touch.on_panel(*self._fraction(place)) for place in CROSSES]
        try:
            self._found = Calibration.fit(measured, wanted)
        except ScreenError as error:
            self._problem = f"{str(error)[0].upper()}{str(error)[1:]}."
            return
        self._touch.calibrate(self._found)
        self.keep_button.visible = True

    def _fraction(self, place: Place) -> Place:
        """Return the middle of the pixel at which the cross is drawn, as a part of the canvas."""
        width, height = self.rect.size
        return (round(place[0] * width) + 0.5) / width, (round(place[1] * height) + 0.5) / height

    def _keep(self) -> None:
        assert self._found is not None
        text = self._found.text()
        refusal = self._navigator.attempt(
            lambda: self._navigator.appliance.settings.set(SETTING, text)
        )
        if refusal is None:
            self._navigator.remove(self)
        else:
            self._problem, self._until = refusal, None
            self.changed()

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self._give_up()

    # Drawing.

    def words(self) -> list[str]:
        """Return what is said: what to do, and what happens without a touch."""
        if self._found is not None:
            what = "Touch the button if touches arrive where they should."
        else:
            number = len(self._measured) + 1
            what = f"Touch the middle of the cross ({number} of {len(CROSSES)})."
        lines = [self._problem] if self._problem else []
        return [
            *lines,
            what,
            f"Without a touch this closes in {self._seconds} s, and nothing changes.",
        ]

    def words_place(self) -> pygame.Rect:
        """Return where the words stand: between the crosses."""
        height = len(self._lines()) * self.look.type.height(Style.SMALL)
        place = pygame.Rect(0, 0, self._width(), height)
        place.center = (self.rect.centerx, self.rect.y + round(self.rect.height * _WORDS_AT))
        return place

    def _width(self) -> int:
        return self.rect.width - 4 * self.look.metrics.gap

    def _lines(self) -> list[str]:
        kind = self.look.type
        font = kind.font(Style.SMALL)
        return [line for text in self.words() for line in kind.wrap(text, font, self._width())]

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours = self.look, self.look.colours
        canvas.fill(colours.background, self.rect)
        line = self.words_place()
        line.height = look.type.height(Style.SMALL)
        for text in self._lines():
            front = (colours.text, colours.background)
            look.text(canvas, text, line, front, style=Style.SMALL, align=0.5)
            line.y += line.height
        if self.cross is not None:
            self._draw_cross(canvas, self.cross)

    def _draw_cross(self, canvas: pygame.Surface, place: tuple[int, int]) -> None:
        x, y = place
        arm, line = self.look.metrics.px(16), self.look.metrics.line
        mark = self.look.colours.accent_mark
        canvas.fill(mark, (x - arm, y - line // 2, 2 * arm + 1, line))
        canvas.fill(mark, (x - line // 2, y - arm, line, 2 * arm + 1))


def start_calibration(navigator: Navigator, touch: Calibratable) -> None:
    """Show the crosses."""
    navigator.push(CalibrateTouch(navigator, touch))
