"""A person in front of an edge: sees its screen, taps on it, and waits for what is to happen."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pygame

from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.ui.entry import TextEntry
from iot_facerecognition_edge.ui.keyboard import Action
from iot_facerecognition_edge.ui.scroll import ScrollPane
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.view import View

_Layer = TypeVar("_Layer", bound=Layer)
_STEP = 0.02
_PATIENCE = 40.0


class Person:
    """Works a real appliance through its views; only the panel is memory.

    With `SCREENSHOTS=FOLDER` in the environment, `look` leaves a picture of the screen there.
    """

    def __init__(self, appliance: Appliance, size: tuple[int, int] = (480, 320)) -> None:
        self.appliance = appliance
        self._screen = MemoryScreen(size)
        self.app = App(appliance, self._screen)

    @property
    def view(self) -> View:
        return self.app.view

    @property
    def top(self) -> Layer:
        """The topmost layer below the toasts."""
        return self.app.stage.layers[-2]

    def sees(self, kind: type[_Layer]) -> _Layer:
        """Return the topmost layer, which is of this kind."""
        assert isinstance(self.top, kind), f"{type(self.top).__name__}, not {kind.__name__}"
        return self.top

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Watch the screen until something holds."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                self._draw()
                if condition():
                    return
                await asyncio.sleep(_STEP)
        raise AssertionError(f"waited in vain for {what}")

    async def tap(self, widget: Widget) -> None:
        """Tap on what is on the screen."""
        await self._bring_into_sight(widget)
        assert self._screen.canvas.get_rect().contains(widget.rect), "it is on the screen"
        self._push(widget.rect.center)
        await asyncio.sleep(0)

    async def _bring_into_sight(self, widget: Widget) -> None:
        """Push the content of a pane with the finger until all of `widget` can be seen."""
        pane = widget.parent
        if not isinstance(pane, ScrollPane) or pane.rect.contains(widget.rect):
            return
        x, y = pane.rect.center
        beyond = widget.rect.bottom - pane.rect.bottom
        self._screen.push(Pointer(TouchPhase.DOWN, x, y))
        for step in range(1, 9):
            # Far enough to be a push and no tap; a pane that is at its end stays there.
            self._screen.push(Pointer(TouchPhase.MOVE, x, y - max(beyond, 40) * step // 8))
            self._draw()
            await asyncio.sleep(_STEP)
        self._screen.push(Pointer(TouchPhase.UP, x, y - max(beyond, 40)))
        await self.until(lambda: pane.rect.contains(widget.rect), "the pane to come to rest")

    def _push(self, place: tuple[int, int]) -> None:
        self._screen.push(Pointer(TouchPhase.DOWN, *place), Pointer(TouchPhase.UP, *place))
        self._draw()

    async def write(self, text: str) -> None:
        """Write with the on-screen keyboard in the place of what stands there, and say done."""
        entry = self.sees(TextEntry)
        while entry.text:
            await self._press(lambda cap: cap.action is Action.BACK)
        for character in text:
            await self._find(character)
            await self._press(lambda cap, c=character: cap.text == c)
        assert entry.text == text
        await self.tap(entry._done)

    async def _find(self, character: str) -> None:
        """Turn the keyboard to the layer that has a character."""
        for action in (Action.SHIFT, Action.SYMBOLS, Action.MORE, Action.LETTERS, Action.SHIFT):
            caps = self.sees(TextEntry).keyboard.caps
            if any(cap.text == character for cap in caps):
                return
            if any(cap.action is action for cap in caps):
                await self._press(lambda cap, a=action: cap.action is a)

    async def _press(self, wanted: Callable[..., bool]) -> None:
        cap = next(cap for cap in self.sees(TextEntry).keyboard.caps if wanted(cap))
        self._push(cap.rect.center)

    def look(self, name: str) -> None:
        """Keep what the screen shows, where somebody wants to see it."""
        self._draw()
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            pygame.image.save(self._screen.canvas, f"{folder}/{name}.png")

    def leave(self) -> None:
        self.app.close()

    def _draw(self) -> None:
        self.app.step(self._screen.events(), self.appliance.clock())
