"""The views together: which one is seen, what lies above it, and what they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pygame

from iot_facerecognition_client import Status
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.events import (
    ConnectionChanged,
    Event,
    Noticed,
    OperatorMessage,
    PinChecked,
)
from iot_facerecognition_edge.log.eventlog import EntryKind
from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Closed, Screen, ScreenEvent
from iot_facerecognition_edge.settings import SettingChanged
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import parse_colour
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.stage import Layer, Stage
from iot_facerecognition_edge.ui.toast import Notice, Toasts
from iot_facerecognition_edge.views.about import AboutView
from iot_facerecognition_edge.views.calibrate import SETTING as CALIBRATION
from iot_facerecognition_edge.views.calibrate import start_calibration
from iot_facerecognition_edge.views.camera import CameraView
from iot_facerecognition_edge.views.card_mistakes import CardMistakes
from iot_facerecognition_edge.views.dimming import Dimming
from iot_facerecognition_edge.views.logs import LogsView, kind_colour
from iot_facerecognition_edge.views.long_hold import LongHold
from iot_facerecognition_edge.views.main import MainView
from iot_facerecognition_edge.views.pin_entry import PinEntry
from iot_facerecognition_edge.views.settings import SettingsPlace, SettingsView
from iot_facerecognition_edge.views.statistics import StatisticsView
from iot_facerecognition_edge.views.view import Page, View

if TYPE_CHECKING:
    from iot_facerecognition_edge.appliance import Appliance
    from iot_facerecognition_edge.screens.backlight import Backlight

_LOOK_KEYS = (DisplaySettings.accent_colour.key, DisplaySettings.dark.key)
_LOCKED_PAGES = (Page.SETTINGS,)
LOCK_AFTER = 120.0
"""Seconds without a touch after which the PIN, where there is one, is asked for again."""


class App:
    """The application on one screen. Time is passed in; nothing here waits."""

    def __init__(
        self, appliance: Appliance, screen: Screen, backlight: Backlight | None = None
    ) -> None:
        self._appliance = appliance
        self._screen = screen
        settings = appliance.settings
        accent = parse_colour(settings.display.accent_colour)
        self._look = Look(screen.canvas, accent, dark=settings.display.dark)
        self.stage = Stage(self._look, screen.canvas)
        self.toasts = Toasts(self._look)
        self._dimming = Dimming(self.stage, self._look, backlight, appliance.log.warning)
        self._hold = LongHold(self._look.metrics.slop)
        self._pages = [Page.MAIN]
        self._settings_place = SettingsPlace()
        self._stale = False
        self._asked_about = ""
        self.view: View = self._make(Page.MAIN)
        self._extra: list[Layer] = []
        self._show()
        self._unsubscribe = appliance.subscribe(self._take)
        if appliance.card.problems:
            self._show_card_problems(appliance.card.problems)

    # Navigator.

    @property
    def appliance(self) -> Appliance:
        """The machine behind the views."""
        return self._appliance

    @property
    def look(self) -> Look:
        """How things look."""
        return self._look

    @property
    def screen(self) -> Screen:
        """Where it is drawn."""
        return self._screen

    @property
    def page(self) -> Page:
        """The page that is seen."""
        return self._pages[-1]

    def open(self, page: Page) -> None:
        """Show a page; `back` comes back to this one."""
        if page in _LOCKED_PAGES:
            self.guard(lambda: self._open(page))
        else:
            self._open(page)

    def _open(self, page: Page) -> None:
        self._pages.append(page)
        self._turn()

    def guard(self, action: Callable[[], None]) -> None:
        """Do something that changes settings, after asking for the PIN while they are locked."""
        if self._appliance.lock.locked:
            self.push(PinEntry(self, action))
        else:
            action()

    def back(self) -> None:
        """Show the page before."""
        if len(self._pages) > 1:
            self._pages.pop()
            self._turn()

    def push(self, layer: Layer, rect: pygame.Rect | None = None) -> None:
        """Show `layer` above the page and below the toasts."""
        self.stage.remove(self.toasts)
        self._extra.append(layer)
        self.stage.push(layer, rect)
        self.stage.push(self.toasts, self.toasts.rect)

    def remove(self, layer: Layer) -> None:
        """Take such a layer away."""
        if layer in self._extra:
            self._extra.remove(layer)
            self.stage.remove(layer)

    def attempt(self, action: Callable[[], object]) -> str | None:
        """Do something that may be refused; return the words of the refusal, None for none."""
        try:
            action()
        except EdgeError as error:
            return with_labels(str(error))
        return None

    def attempt_aloud(self, action: Callable[[], object]) -> None:
        """Do something that may be refused, and show the refusal as a toast."""
        refusal = self.attempt(action)
        if refusal is not None:
            self._notice(EntryKind.ERROR, refusal)

    # Pages.

    def _make(self, page: Page) -> View:
        match page:
            case Page.MAIN:
                return MainView(self)
            case Page.CAMERA:
                return CameraView(self)
            case Page.LOGS:
                return LogsView(self)
            case Page.SETTINGS:
                return SettingsView(self, self._settings_place)
            case Page.STATISTICS:
                return StatisticsView(self)
            case Page.ABOUT:
                return AboutView(self)

    def _turn(self) -> None:
        """Show the page that is the newest now."""
        self.view.closed()
        for layer in tuple(self._extra):
            self.remove(layer)
        self.stage.remove(self.view)
        self.stage.remove(self.toasts)
        self.view = self._make(self.page)
        self._show()

    def _show(self) -> None:
        self.stage.push(self.view)
        self.stage.push(self.toasts, self.toasts.rect)
        self.view.opened()

    def _recolour(self) -> None:
        """Take the colours of the settings, and rebuild the page with them."""
        settings = self._appliance.settings
        accent = parse_colour(settings.display.accent_colour)
        self._look.recolour(accent, dark=settings.display.dark)
        self._turn()

    def _show_card_problems(self, problems: tuple[str, ...]) -> None:
        layer = CardMistakes(self._look, problems, lambda: self.remove(layer))
        self.push(layer)

    # What happens.

    def _take(self, event: Event) -> None:
        if isinstance(event, Noticed):
            # A message from the server comes as an event of its own too, and is shown for that.
            if not event.text.startswith("message: "):
                self._notice(event.kind, event.text)
        elif isinstance(event, OperatorMessage):
            colours = self._look.colours
            self.toasts.notify(Notice(event.text, Icon.MESSAGE, colours.accent_mark))
        elif isinstance(event, ConnectionChanged):
            self._ask_about(event.connection)
        elif isinstance(event, PinChecked):
            for layer in tuple(self._extra):
                if isinstance(layer, PinEntry):
                    layer.answered(event)
        elif isinstance(event, SettingChanged):
            self._follow(event.key)
        self.view.accept(event)

    def _follow(self, key: str) -> None:
        """Take over a setting that is the screen's."""
        if key in _LOOK_KEYS:
            # Not now: the change may come from a widget of the page that would be replaced.
            self._stale = True
        elif key == CALIBRATION and self._screen.touch is not None:
            self._screen.touch.calibrate(
                Calibration.parse(self._appliance.settings.display.touch_calibration)
            )

    def _ask_about(self, connection: Status) -> None:
        """Ask about another certificate than the pinned one, once for each and when none types."""
        if connection.presented is None or self._extra:
            return
        shown = connection.presented.removeprefix("sha256:")
        if shown == self._asked_about:
            return
        from iot_facerecognition_edge.views.certificate import (  # noqa: PLC0415 - hardly ever
            CertificatePopup,
        )

        self._asked_about = shown
        layer = CertificatePopup(
            self._look,
            connection.server,
            shown,
            self._appliance.settings.connection.fingerprint,
            on_yes=lambda: self.guard(lambda: self._trust(shown)),
            on_close=lambda: self.remove(layer),
        )
        self.push(layer)

    def _trust(self, fingerprint: str) -> None:
        self.attempt_aloud(lambda: self._appliance.connect(fingerprint=fingerprint))

    def _notice(self, kind: EntryKind, text: str) -> None:
        self.toasts.notify(
            Notice(with_labels(text), Icon.ABOUT, kind_colour(kind, self._look.colours))
        )

    def step(self, events: list[ScreenEvent], now: float) -> float | None:
        """Handle events, let time pass and draw; return when to be called again at the latest."""
        self.stage.now = now
        for event in self._dimming.handle(events, now):
            if isinstance(event, Closed):
                self._appliance.leave()
            else:
                self._appliance.updates.touched(now)
                self._hold.handle(event, now)
                self.stage.handle(event)
        self._rest(now)
        if self._stale:
            self._stale = False
            self._recolour()
        due = self.stage.advance(now)
        rects = self.stage.render()
        if rects:
            self._screen.present(rects)
        return due

    def _rest(self, now: float) -> None:
        """Do what is due when nobody has touched the screen, or somebody holds a finger on it."""
        idle, dim_after = self._dimming.idle(now), self._appliance.settings.display.dim_after
        dims = 0 < dim_after <= idle and self._screen.touchable and not self._dimming.dark
        if dims or idle >= LOCK_AFTER:
            self._lock()
        if dims:
            self._dimming.sleep()
        touch = self._screen.touch
        if touch is not None and self.page is Page.MAIN and self._hold.due(now):
            self.guard(lambda: start_calibration(self, touch))

    def _lock(self) -> None:
        """Close what only who knows the PIN may see, and ask for it again."""
        lock = self._appliance.lock
        was_open = not lock.locked
        lock.close()
        asked = any(isinstance(layer, PinEntry) for layer in self._extra)
        if not lock.locked or not (was_open or asked):
            return
        if self.page in _LOCKED_PAGES:
            self._pages.pop()
        if self._extra or was_open:
            self._turn()

    def close(self) -> None:
        """End what the views began."""
        self._dimming.wake()
        self._unsubscribe()
        self.view.closed()
