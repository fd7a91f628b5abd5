"""What every view has in common: its place in the navigation, a header, and events."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Layer`, told there

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

import pygame

from iot_facerecognition_edge.events import Event
from iot_facerecognition_edge.screens.interface import Key, Screen
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Label
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style

if TYPE_CHECKING:
    from iot_facerecognition_edge.appliance import Appliance


class Page(Enum):
    """The views that can be opened."""

    MAIN = auto()
    CAMERA = auto()
    LOGS = auto()
    SETTINGS = auto()
    STATISTICS = auto()
    ABOUT = auto()


class Navigator(Protocol):
    """What a view may ask of the application around it."""

    @property
    def appliance(self) -> Appliance:
        """The machine behind the views."""

    @property
    def look(self) -> Look:
        """How things look."""

    @property
    def screen(self) -> Screen:
        """Where it is drawn."""

    def open(self, page: Page) -> None:
        """Show a page; `back` comes back to this one."""

    def back(self) -> None:
        """Show the page before."""

    def push(self, layer: Layer, rect: pygame.Rect | None = None) -> None:
        """Show `layer` above the page."""

    def remove(self, layer: Layer) -> None:
        """Take such a layer away."""

    def guard(self, action: Callable[[], None]) -> None:
        """Do something that changes settings, after asking for the PIN while they are locked."""

    def attempt(self, action: Callable[[], object]) -> str | None:
        """Do something that may be refused; return the words of the refusal, None for none."""

    def attempt_aloud(self, action: Callable[[], object]) -> None:
        """Do something that may be refused, and show the refusal as a toast."""


class View(Layer):
    """A full page. `title` of None leaves the header out."""

    opaque = True

    def __init__(self, navigator: Navigator, title: str | None) -> None:
        super().__init__(navigator.look)
        self.navigator = navigator
        self.appliance = navigator.appliance
        self.actions: list[Button] = []
        self._back: Button | None = None
        self._title: Label | None = None
        if title is not None:
            back = self.look.colours.background
            self._back = self.add(
                Button(self.look, navigator.back, icon=Icon.BACK, kind=ButtonKind.QUIET)
            )
            self._title = self.add(Label(self.look, title, back, style=Style.TITLE, shrink=True))

    def opened(self) -> None:
        """Begin what is only needed while the view is seen."""

    def closed(self) -> None:
        """End it."""

    def accept(self, event: Event) -> None:
        """Handle an event of the appliance."""

    def action(self, button: Button) -> Button:
        """Put `button` at the right end of the header."""
        self.actions.append(button)
        return self.add(button)

    def header(self) -> pygame.Rect:
        """Place the header; return the area below it."""
        metrics, rect = self.look.metrics, self.rect
        height = metrics.target + metrics.gap
        if self._back is None or self._title is None:
            return pygame.Rect(rect)
        half = metrics.gap // 2
        self._back.place(pygame.Rect(rect.x + half, rect.y + half, metrics.target, metrics.target))
        right = rect.right - half
        for button in reversed(self.actions):
            width = button.natural_width()
            button.place(pygame.Rect(right - width, rect.y + half, width, metrics.target))
            right -= width + half
        left = self._back.rect.right + metrics.gap
        self._title.place(pygame.Rect(left, rect.y + half, right - left, metrics.target))
        return pygame.Rect(rect.x, rect.y + height, rect.width, rect.height - height)

    def draw(self, canvas: pygame.Surface) -> None:
        canvas.fill(self.look.colours.background, self.rect)

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self.navigator.back()
