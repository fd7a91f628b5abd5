"""The camera's settings one by one, below its picture: what a change does is seen at once."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Layer`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.settings import (
    Applies,
    Group,
    SettingKind,
    SettingSpec,
    Value,
    in_group,
)
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Chip, Label, Panel, Paragraph
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.slider import Slider
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.setting_row import number_of, span_of
from iot_facerecognition_edge.views.view import Navigator

NOTHING = "This camera has no controls that work while it runs."


class CameraControls(Layer):
    """A name with its value between two arrows, and below it what changes it.

    Only settings are shown that the camera obeys while it runs.
    """

    opaque = True

    def __init__(self, navigator: Navigator, on_close: Callable[[], None]) -> None:
        super().__init__(navigator.look)
        look, back = self.look, self.look.colours.background
        self._navigator = navigator
        self._appliance = navigator.appliance
        self._on_close = on_close
        self._frame = self.add(Panel(look, back, 0, look.colours.outline))
        self.before = self.add(
            Button(look, lambda: self._turn(-1), icon=Icon.PREVIOUS, kind=ButtonKind.QUIET)
        )
        self.title = self.add(Label(look, "", back, style=Style.BOLD, align=0.5, shrink=True))
        self.next = self.add(
            Button(look, lambda: self._turn(1), icon=Icon.NEXT, kind=ButtonKind.QUIET)
        )
        self.cross = self.add(Button(look, on_close, icon=Icon.CLOSE, kind=ButtonKind.QUIET))
        self.nothing = self.add(Paragraph(look, NOTHING, back))
        self.slider: Slider | None = None
        self.chips: dict[Value, Chip] = {}
        self._control: Widget | None = None
        self.settings = self._changeable()
        self._index = 0
        self._show()

    def _changeable(self) -> list[SettingSpec]:
        obeyed = self._appliance.camera_controls
        return [
            setting
            for setting in in_group(Group.CAMERA)
            if setting.applies is Applies.NOW and (obeyed is None or setting.name in obeyed)
        ]

    @property
    def setting(self) -> SettingSpec | None:
        """The setting that is shown; None where the camera obeys none."""
        return self.settings[self._index] if self.settings else None

    def natural_place(self, screen: pygame.Rect) -> pygame.Rect:
        """Return its place: along the lower edge, so that most of the picture stays to be seen."""
        height = 2 * self.look.metrics.target + self.look.metrics.gap
        return pygame.Rect(screen.x, screen.bottom - height, screen.width, height)

    # What it shows.

    def _turn(self, steps: int) -> None:
        self._index = (self._index + steps) % len(self.settings)
        self._show()

    def _show(self) -> None:
        """Make what changes the present setting, in place of the one before."""
        if self._control is not None:
            self.children.remove(self._control)
            self._control = None
        self.slider, self.chips = None, {}
        setting = self.setting
        for arrow in (self.before, self.next):
            arrow.visible = len(self.settings) > 1
        self.nothing.visible = setting is None
        if setting is not None and (span := span_of(setting)) is not None:
            back = self.look.colours.background
            self.slider = Slider(self.look, span, self._slid, self._slid, back)
            self._control = self.add(self.slider)
        elif setting is not None:
            self._control = self.add(self._words(setting))
        self.refresh()
        self.arrange()
        self.changed()

    def _words(self, setting: SettingSpec) -> ScrollPane:
        """Return a chip for each value of a choice or switch."""
        back = self.look.colours.background
        pane = ScrollPane(self.look, back, self._lay_out_chips, sideways=True)
        values: tuple[Value, ...] = setting.choices
        if setting.kind is SettingKind.SWITCH:
            values = (False, True)

        def choose(value: Value) -> Callable[[], None]:
            return lambda: self._change(value)

        for value in values:
            chip = Chip(self.look, setting.format(value), choose(value), behind=back)
            self.chips[value] = pane.add(chip)
        return pane

    def refresh(self) -> None:
        """Show the value that holds now."""
        setting = self.setting
        if setting is None:
            return
        value = self._appliance.settings.value(setting.key)
        self.title.text = f"{setting.label}: {setting.format(value)}"
        if self.slider is not None:
            self.slider.show(float(value))
        for choice, chip in self.chips.items():
            chip.selected = choice == value

    # Places.

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        half, target = metrics.gap // 2, metrics.target
        top = rect.y + metrics.line
        self._frame.place(rect)
        self.before.place(pygame.Rect(rect.x + half, top, target, target))
        self.cross.place(pygame.Rect(rect.right - half - target, top, target, target))
        self.next.place(pygame.Rect(self.cross.rect.x - half - target, top, target, target))
        left = self.before.rect.right + half
        self.title.place(pygame.Rect(left, top, self.next.rect.x - half - left, target))
        room = self.cross.rect.x - rect.x - 2 * metrics.gap
        top_half = (target - self.look.type.height(Style.BODY)) // 2
        height = self.nothing.height(room)
        self.nothing.place(pygame.Rect(rect.x + metrics.gap, top + top_half, room, height))
        if self._control is not None:
            low = pygame.Rect(rect.x + metrics.gap, top + target, 0, target)
            low.width = rect.width - 2 * metrics.gap
            self._control.place(low)

    def _lay_out_chips(self, area: pygame.Rect) -> int:
        x = area.x
        for chip in self.chips.values():
            width = chip.natural_width()
            chip.place(pygame.Rect(x, area.y, width, area.height))
            x += width + self.look.metrics.gap // 2
        return x - area.x

    # What it does.

    def _slid(self, value: float) -> None:
        if self.setting is not None:
            self._change(number_of(self.setting, value))

    def _change(self, value: Value) -> None:
        setting = self.setting
        if setting is not None:
            self._navigator.attempt_aloud(lambda: self._appliance.settings.set(setting.key, value))
            self.refresh()

    def outside(self) -> None:
        self._on_close()

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self._on_close()
