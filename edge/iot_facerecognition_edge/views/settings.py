"""Every setting in a form that is made from their list: a page per group."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `View`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.events import CameraChanged, ConnectionChanged, Event
from iot_facerecognition_edge.settings import Group, SettingChanged, in_group
from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Chip
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.popup import Confirm
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.views.resolution_row import ResolutionRow
from iot_facerecognition_edge.views.setting_row import SettingRow
from iot_facerecognition_edge.views.view import Navigator, View

_PENDING_INTERVAL = 0.5


class SettingsPlace:
    """Where in the form a person was: kept while other pages are seen."""

    def __init__(self) -> None:
        self.group = Group.CONNECTION
        self.offset = 0


class SettingsView(View):
    """A chip per group above the group's settings."""

    def __init__(self, navigator: Navigator, place: SettingsPlace) -> None:
        super().__init__(navigator, "Settings")
        look, back = self.look, self.look.colours.background
        self._kept = place
        self.reset_button = self.action(
            Button(look, self._ask_reset, "Reset", Icon.RESET, kind=ButtonKind.QUIET)
        )
        self._bar = self.add(ScrollPane(look, back, self._lay_out_chips, sideways=True))
        self._pane = self.add(ScrollPane(look, back, self._lay_out_rows))
        self.chips: dict[Group, Chip] = {}
        for group in filter(in_group, Group):
            chip = Chip(look, group.heading, self._choose(group), behind=back)
            self.chips[group] = self._bar.add(chip)
        self.rows: dict[str, SettingRow] = {}
        self.resolution: ResolutionRow | None = None
        """Above the camera's other settings."""
        self._looked_at = 0.0
        self._fill()

    def _choose(self, group: Group) -> Callable[[], None]:
        return lambda: self.show_group(group)

    def show_group(self, group: str) -> None:
        """Show the settings of a group from the first on."""
        self._kept.group, self._kept.offset = Group(group), 0
        self._fill()
        self._pane.scroll_to(0)
        self._pane.place(self._pane.rect)
        self._bar.reveal(self.chips[self._kept.group])

    def _fill(self) -> None:
        """Make the rows of the group that is shown."""
        self._pane.clear()
        self.rows = {}
        camera = self._kept.group is Group.CAMERA
        self.resolution = self._pane.add(ResolutionRow(self.navigator)) if camera else None
        for setting in in_group(self._kept.group):
            self.rows[setting.key] = self._pane.add(SettingRow(self.navigator, setting))
        for group, chip in self.chips.items():
            chip.selected = group is self._kept.group

    # Places.

    def arrange(self) -> None:
        metrics = self.look.metrics
        body = self.header()
        self._bar.place(pygame.Rect(body.x, body.y, body.width, metrics.target))
        top = body.y + metrics.target + metrics.gap // 2
        self._pane.place(pygame.Rect(body.x, top, body.width, body.bottom - top))
        self._pane.scroll_to(self._kept.offset)
        self._bar.reveal(self.chips[self._kept.group])

    def _lay_out_chips(self, area: pygame.Rect) -> int:
        gap = self.look.metrics.gap
        x = area.x + gap
        for chip in self.chips.values():
            width = chip.natural_width()
            chip.place(pygame.Rect(x, area.y, width, area.height))
            x += width + gap // 2
        return x + gap // 2 - area.x

    def _lay_out_rows(self, area: pygame.Rect) -> int:
        gap = self.look.metrics.gap
        width = min(area.width - 2 * gap, self.look.metrics.px(640))
        left = area.x + (area.width - width) // 2
        y = area.y
        rows: list[ResolutionRow | SettingRow] = list(self.rows.values())
        if self.resolution is not None:
            rows.insert(0, self.resolution)
        for row in rows:
            height = row.natural_height(width)
            row.place(pygame.Rect(left, y, width, height))
            y += height + gap
        return y - area.y

    # What it shows.

    def closed(self) -> None:
        self._kept.offset = self._pane.offset

    def accept(self, event: Event) -> None:
        if isinstance(event, SettingChanged):
            if event.key in {CameraSettings.source.key, CameraSettings.device_number.key}:
                # Another camera obeys other settings.
                self._refresh(list(self.rows.values()))
            elif event.key in self.rows:
                self._refresh([self.rows[event.key]])
        elif isinstance(event, ConnectionChanged | CameraChanged):
            self._refresh(list(self.rows.values()))

    def advance(self, now: float) -> float | None:
        waiting = [row for row in self.rows.values() if row.setting.synchronised]
        if not waiting:
            return None
        if now >= self._looked_at + _PENDING_INTERVAL:
            self._looked_at = now
            self._refresh(waiting)
        return self._looked_at + _PENDING_INTERVAL

    def _refresh(self, rows: list[SettingRow]) -> None:
        if self.resolution is not None:
            self.resolution.refresh()
        grown = [row for row in rows if row.refresh()]
        if grown:
            self._pane.place(self._pane.rect)
            self._pane.changed()

    # What it does.

    def _ask_reset(self) -> None:
        layer = Confirm(
            self.look,
            "Reset all settings?",
            "Everything gets its default again, except how the server is reached.",
            ("Reset", self.appliance.reset_settings),
            lambda: self.navigator.remove(layer),
        )
        self.navigator.push(layer)
