"""One setting in the form: its name, help and value, and what changes it by its kind."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.appliance.lock import PIN
from iot_facerecognition_edge.screens.interface import Calibratable
from iot_facerecognition_edge.settings import (
    Applies,
    Group,
    SettingKind,
    SettingSpec,
    Value,
    entered,
)
from iot_facerecognition_edge.ui.colours import mix, parse_colour
from iot_facerecognition_edge.ui.controls import Paragraph, Pressable, Switch
from iot_facerecognition_edge.ui.entry import TextEntry, TextRequest
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.popup import Choose, ChooseColour
from iot_facerecognition_edge.ui.slider import Slider, Span
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.calibrate import SETTING as CALIBRATION
from iot_facerecognition_edge.views.calibrate import start_calibration
from iot_facerecognition_edge.views.pin_entry import ask_new_pin
from iot_facerecognition_edge.views.view import Navigator

_MOST_STEPS = 1000
"""A slider with more steps than this is of no use; the number is written instead."""
_NUMBERS = (SettingKind.NUMBER, SettingKind.DECIMAL)


class SettingRow(Widget):
    """A row of the form. `refresh` takes the value that holds now."""

    def __init__(self, navigator: Navigator, setting: SettingSpec) -> None:
        super().__init__(navigator.look)
        self.setting = setting
        self._navigator = navigator
        self._appliance = navigator.appliance
        self._value: Value = self._appliance.settings.value(setting.key)
        fill, dim = self.look.colours.surface, self.look.colours.dim
        self._label = self.add(Paragraph(self.look, setting.label, fill))
        self._note_text = ""
        self._note = self.add(Paragraph(self.look, "", fill, colour=dim, style=Style.SMALL))
        self.switch: Switch | None = None
        self.value: ValueField | None = None
        self.slider: Slider | None = None
        self._make_control()
        self.refresh()

    def _make_control(self) -> None:
        fill = self.look.colours.surface
        if self.setting.kind is SettingKind.SWITCH:
            self.switch = self.add(Switch(self.look, self._flip, fill))
            return
        self.value = self.add(ValueField(self.look, self._ask))
        span = span_of(self.setting)
        if span is not None:
            self.slider = self.add(Slider(self.look, span, self._slid, self._sliding, fill))

    # What it shows.

    @property
    def obeyed(self) -> bool:
        """Whether the camera in use, or last used, knows this setting; True for all others."""
        if self.setting.group is not Group.CAMERA:
            return True
        controls = self._appliance.camera_controls
        return controls is None or self.setting.name in controls

    def refresh(self) -> bool:
        """Show the value that holds now; return whether the row may want another height."""
        key = self.setting.key
        self._value = self._appliance.settings.value(key)
        pending = self.setting.synchronised and self._appliance.synchronisation.pending(key)
        enabled = self.obeyed
        if self.switch is not None:
            self.switch.show(bool(self._value), pending=pending)
            self.switch.enabled = enabled
        if self.value is not None:
            swatch = str(self._value) if self.setting.kind is SettingKind.COLOUR else None
            words = "" if swatch else self.setting.format(self._value) or "none"
            self.value.show(words, swatch)
            self.value.enabled = enabled
        if self.slider is not None:
            self.slider.show(float(self._value), enabled=enabled)
        note = self._words(pending)
        if note == self._note_text:
            return False
        self._note_text = note
        self._note.say(note)
        return True

    def _words(self, pending: bool) -> str:
        if not self.obeyed:
            return f"The camera in use does not know this. {self.setting.help}"
        words = self.setting.help
        if pending:
            return f"Waiting for the server to confirm. {words}"
        if self.setting.applies is not Applies.NOW:
            words += f" Takes effect {self.setting.applies}."
        return words

    # Places.

    def natural_height(self, width: int) -> int:
        """Return the height that the row needs in this width."""
        metrics = self.look.metrics
        inner = width - 4 * metrics.gap
        height = self._first(inner) + self._note.height(inner)
        if self.slider is not None:
            height += metrics.target + metrics.gap // 2
        return height + 2 * metrics.gap

    def _first(self, inner: int) -> int:
        """Return the height of the line with name and value."""
        words = self._label.height(inner - self._control_width(inner) - self.look.metrics.gap)
        return max(self.look.metrics.target, words)

    def _control_width(self, inner: int) -> int:
        if self.switch is not None:
            return max(self.look.metrics.target, self.look.metrics.px(56))
        return round(inner * 0.45)

    def arrange(self) -> None:
        metrics = self.look.metrics
        inner = self.rect.inflate(-4 * metrics.gap, -2 * metrics.gap)
        first = self._first(inner.width)
        width = self._control_width(inner.width)
        control = pygame.Rect(inner.right - width, 0, width, metrics.target)
        control.centery = inner.y + first // 2
        for widget in (self.switch, self.value):
            if widget is not None:
                widget.place(control)
        words = inner.width - width - metrics.gap
        high = self._label.height(words)
        label = pygame.Rect(inner.x, inner.y + (first - high) // 2, words, high)
        self._label.place(label)
        y = inner.y + first
        if self.slider is not None:
            self.slider.place(pygame.Rect(inner.x, y, inner.width, metrics.target))
            y += metrics.target + metrics.gap // 2
        self._note.place(pygame.Rect(inner.x, y, inner.width, inner.bottom - y))

    def draw(self, canvas: pygame.Surface) -> None:
        self.look.shapes.box(canvas, self.rect, self.look.colours.surface, self.look.metrics.radius)

    # What it does.

    def _change(self, value: Value) -> None:
        self._navigator.attempt_aloud(lambda: self._appliance.settings.set(self.setting.key, value))
        self.refresh()

    def _flip(self) -> None:
        self._change(not self._value)

    def _slid(self, value: float) -> None:
        self._change(number_of(self.setting, value))

    def _sliding(self, value: float) -> None:
        if self.value is not None:
            self.value.show(self.setting.format(number_of(self.setting, value)), None)

    def _ask(self) -> None:
        """Let a person choose or write another value."""
        setting, navigator = self.setting, self._navigator

        def close() -> None:
            navigator.remove(layer)

        if setting.key == PIN:
            ask_new_pin(navigator)
            return
        if setting.key == CALIBRATION and navigator.screen.touch is not None:
            self._ask_calibration(navigator.screen.touch)
            return
        if setting.kind is SettingKind.CHOICE:
            pairs = [(choice, setting.format(choice)) for choice in setting.choices]
            layer: Choose | ChooseColour | TextEntry = Choose(
                self.look, setting.label, pairs, str(self._value),
                on_choice=self._change, on_close=close,
            )  # fmt: skip
        elif setting.kind is SettingKind.COLOUR:
            layer = ChooseColour(
                self.look, setting.label, str(self._value),
                on_choice=self._change, on_other=self._write, on_close=close,
            )  # fmt: skip
        else:
            self._write()
            return
        navigator.push(layer)

    def _ask_calibration(self, touch: Calibratable) -> None:
        """Let a person touch crosses, write the numbers, or do without any."""
        navigator = self._navigator
        ways: dict[str, tuple[str, Callable[[], None]]] = {
            "crosses": ("Touch five crosses", lambda: start_calibration(navigator, touch)),
            "numbers": ("Write six numbers", self._write),
            "none": ("As the panel reports", lambda: self._change("")),
        }
        layer = Choose(
            self.look, self.setting.label, [(way, words) for way, (words, _) in ways.items()], "",
            on_choice=lambda way: ways[way][1](), on_close=lambda: navigator.remove(layer),
        )  # fmt: skip
        navigator.push(layer)

    def _write(self) -> None:
        setting, navigator = self.setting, self._navigator

        def done(text: str) -> str | None:
            def change() -> None:
                for key, value in entered(setting.key, text).items():
                    self._appliance.settings.set(key, value)

            refusal = navigator.attempt(change)
            self.refresh()
            return refusal

        secret = setting.kind is SettingKind.SECRET
        request = TextRequest(
            setting.label,
            text="" if secret else setting.spell(self._value),
            number=setting.kind in _NUMBERS,
            hint=setting.allowed,
        )
        layer = TextEntry(self.look, request, done, lambda: navigator.remove(layer))
        navigator.push(layer)


def span_of(setting: SettingSpec) -> Span | None:
    """Return the values of a slider for `setting`; None where one is of no use."""
    if setting.kind not in _NUMBERS or setting.minimum is None or setting.maximum is None:
        return None
    whole = setting.kind is SettingKind.NUMBER
    span = Span.between(setting.minimum, setting.maximum, setting.step, whole=whole)
    return span if (span.high - span.low) / span.step <= _MOST_STEPS else None


def number_of(setting: SettingSpec, value: float) -> Value:
    """Return what a slider at `value` means for `setting`."""
    return round(value) if setting.kind is SettingKind.NUMBER else round(value, 6)


class ValueField(Pressable):
    """The value as a field to tap; a colour as a swatch."""

    def __init__(self, look: Look, on_press: Callable[[], None]) -> None:
        super().__init__(look, on_press)
        self.text = ""
        self._swatch: str | None = None

    def show(self, text: str, swatch: str | None) -> None:
        """Show `text`, or the colour `swatch`."""
        if (text, swatch) != (self.text, self._swatch):
            self.text, self._swatch = text, swatch
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours, metrics = self.look, self.look.colours, self.look.metrics
        fill = mix(colours.raised, colours.text, 0.2) if self.pressed else colours.raised
        place = self.rect.inflate(0, -metrics.px(8))
        if not self.enabled:
            fill = mix(colours.surface, colours.raised, 0.5)
        look.shapes.box(canvas, place, fill, metrics.radius)
        room = place.inflate(-2 * metrics.gap, 0)
        if self._swatch is None:
            front = colours.text if self.enabled else colours.dim
            look.text(canvas, self.text, room, (front, fill), align=0.5)
        else:
            patch = room.inflate(0, -2 * metrics.gap)
            look.shapes.box(canvas, patch, parse_colour(self._swatch), metrics.radius // 2)
