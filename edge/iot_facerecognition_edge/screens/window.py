"""A window on a desktop (X11, Wayland), or the whole screen there, through pygame."""

# ruff: noqa: D102 - the methods are those of `Screen`, told there

import os
from collections.abc import Sequence

import pygame

from iot_facerecognition_edge.screens.interface import (
    Closed,
    Key,
    KeyPressed,
    Pointer,
    ScreenError,
    ScreenEvent,
    TouchPhase,
    TypedText,
    Wheel,
)

TITLE = "IoT Face Recognition"
_LEFT = 1
_KEYS = {
    pygame.K_RETURN: Key.ENTER,
    pygame.K_KP_ENTER: Key.ENTER,
    pygame.K_BACKSPACE: Key.BACKSPACE,
    pygame.K_ESCAPE: Key.ESCAPE,
}
_REPEAT_DELAY_MS, _REPEAT_INTERVAL_MS = 400, 60


class WindowScreen:
    """A window of a fixed size; the left mouse button is the finger."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Open the window. Raises ScreenError where there is no desktop."""
        if os.environ.get("SDL_VIDEODRIVER") == "dummy" and not pygame.display.get_init():
            del os.environ["SDL_VIDEODRIVER"]
        # What is drawn is in memory already. SDL would put it on the screen by OpenGL, and where
        # there is no GPU its driver takes 90 MB.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            pygame.font.init()
            self._canvas = pygame.display.set_mode(size)
        except pygame.error as error:
            raise ScreenError(
                f"no window can be opened: {error}; start it on a desktop, choose the screen"
                " 'framebuffer', or run with --headless"
            ) from error
        pygame.display.set_caption(TITLE)
        pygame.key.set_repeat(_REPEAT_DELAY_MS, _REPEAT_INTERVAL_MS)
        pygame.key.start_text_input()
        self._held = False

    @property
    def size(self) -> tuple[int, int]:
        return self._canvas.get_size()

    @property
    def canvas(self) -> pygame.Surface:
        return self._canvas

    def present(self, rects: Sequence[pygame.Rect]) -> None:
        if rects:
            pygame.display.update(list(rects))

    def events(self) -> list[ScreenEvent]:
        translated = (self._translate(event) for event in pygame.event.get())
        return [event for event in translated if event is not None]

    def descriptors(self) -> Sequence[int]:
        return ()

    @property
    def touchable(self) -> bool:
        return True

    @property
    def touch(self) -> None:
        """A mouse needs no calibration."""

    def open_plane(self, area: pygame.Rect) -> bool:  # noqa: ARG002 - the interface's
        return False

    def close_plane(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        pygame.display.quit()

    def _translate(self, event: pygame.event.Event) -> ScreenEvent | None:
        if event.type == pygame.QUIT:
            return Closed()
        if event.type == pygame.KEYDOWN and event.key in _KEYS:
            return KeyPressed(_KEYS[event.key])
        if event.type == pygame.TEXTINPUT:
            return TypedText(event.text)
        if event.type == pygame.MOUSEWHEEL:
            return Wheel(*pygame.mouse.get_pos(), event.y)
        return self._pointer(event)

    def _pointer(self, event: pygame.event.Event) -> Pointer | None:
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == _LEFT:
            self._held = True
            return Pointer(TouchPhase.DOWN, *event.pos)
        if event.type == pygame.MOUSEBUTTONUP and event.button == _LEFT and self._held:
            self._held = False
            return Pointer(TouchPhase.UP, *event.pos)
        if event.type == pygame.MOUSEMOTION and self._held:
            return Pointer(TouchPhase.MOVE, *event.pos)
        return None
