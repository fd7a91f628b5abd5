"""A retained tree of things on the screen. Each knows its place and draws only itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import pygame

from iot_facerecognition_edge.ui.look import Look


class Host(Protocol):
    """What a tree of widgets hangs on."""

    now: float
    """The time, as last told."""

    def damage(self, rect: pygame.Rect) -> None:
        """Remember that this part must be redrawn."""

    def animate(self, step: Callable[[float], bool]) -> None:
        """Call `step` with the time, again and again until it returns False."""


_Child = TypeVar("_Child", bound="Widget")


class Widget:
    """A rectangle of the canvas that draws itself and may hold others.

    Children are drawn after their parent, in order. A widget draws only within `rect`, and calls
    `changed` when it must be redrawn. One that is `interactive` gets the finger: `press`,
    then `drag` for each move, then `release` where it was lifted, or `cancel` when it turned out to
    be a scroll.
    """

    interactive = False

    def __init__(self, look: Look) -> None:
        self.look = look
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.children: list[Widget] = []
        self.parent: Widget | None = None
        self._visible = True
        self._host: Host | None = None
        self.kept = False
        """Whether the drawing is kept and copied: for a leaf above something that moves."""
        self._drawing: pygame.Surface | None = None

    # The tree.

    def add(self, child: _Child) -> _Child:
        """Put `child` on top of the others, and return it."""
        child.parent = self
        self.children.append(child)
        return child

    def clear(self) -> None:
        """Remove all children."""
        for child in self.children:
            child.parent = None
        self.children.clear()
        self.changed()

    def attach(self, host: Host | None) -> None:
        """Hang this tree on `host`, or take it off."""
        self._host = host

    @property
    def host(self) -> Host | None:
        """What the tree hangs on, None while it hangs on nothing."""
        return self.parent.host if self.parent is not None else self._host

    @property
    def visible(self) -> bool:
        """Whether it is drawn and touched, if its parents are."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        if visible != self._visible:
            self._visible = True
            self.changed()
            self._visible = visible

    # Place.

    def place(self, rect: pygame.Rect) -> None:
        """Take this place and arrange the children within it."""
        if rect != self.rect:
            self.changed()
            self.rect = pygame.Rect(rect)
            self.changed()
        self.arrange()

    def arrange(self) -> None:
        """Place the children. Called when the place is new."""

    def shift(self, dx: int, dy: int) -> None:
        """Move this and everything in it, without drawing."""
        self.rect.move_ip(dx, dy)
        for child in self.children:
            child.shift(dx, dy)

    # Drawing.

    def changed(self, rect: pygame.Rect | None = None) -> None:
        """Ask for `rect`, or for everything of this widget, to be redrawn."""
        self._drawing = None
        if self._visible:
            self._damage(self.rect if rect is None else rect.clip(self.rect))

    def _damage(self, rect: pygame.Rect) -> None:
        if not rect.width or not rect.height:
            return
        if self.parent is not None:
            if self.parent.visible:
                self.parent.damage_within(rect)
        elif self._host is not None:
            self._host.damage(rect)

    def damage_within(self, rect: pygame.Rect) -> None:
        """Pass on what a child must draw; one that cuts its children passes on what is seen."""
        self._damage(rect)

    def paint(self, canvas: pygame.Surface, clip: pygame.Rect) -> None:
        """Draw what of this tree lies in `clip`."""
        if not self._visible or not self.rect.colliderect(clip):
            return
        canvas.set_clip(clip)
        if self.kept:
            canvas.blit(self._kept_drawing(), self.rect, None, pygame.BLEND_ALPHA_SDL2)
        else:
            self.draw(canvas)
        for child in self.children:
            child.paint(canvas, clip)

    def _kept_drawing(self) -> pygame.Surface:
        """Return what `draw` draws, with nothing where it draws nothing."""
        if self._drawing is None:
            self._drawing = pygame.Surface(self.rect.size, pygame.SRCALPHA, 32)
            place, self.rect = self.rect, pygame.Rect((0, 0), self.rect.size)
            self.draw(self._drawing)
            self.rect = place
        return self._drawing

    def draw(self, canvas: pygame.Surface) -> None:
        """Draw this widget, not its children. The canvas is clipped already."""

    # Touch.

    def target(self, x: int, y: int) -> Widget | None:
        """Return the topmost interactive widget at (x, y), None where there is none."""
        if not self._visible or not self.rect.collidepoint(x, y):
            return None
        for child in reversed(self.children):
            found = child.target(x, y)
            if found is not None:
                return found
        return self if self.interactive else None

    def claims(self, dx: int, dy: int) -> bool:  # noqa: ARG002 - for those that drag
        """Return whether a finger that moved so far, from within, is this widget's to follow."""
        return False

    def press(self, x: int, y: int) -> None:
        """Handle a finger that came down at (x, y)."""

    def drag(self, x: int, y: int) -> None:
        """Handle a finger that moved to (x, y), perhaps beyond this widget."""

    def release(self, x: int, y: int) -> None:
        """Handle a finger that was lifted at (x, y)."""

    def cancel(self) -> None:
        """Cancel the touch: the finger belongs to another widget, as if it had never come down."""

    def wheel(self, steps: int) -> bool:  # noqa: ARG002 - for those that scroll
        """Scroll by the steps of a wheel; return whether this widget does that."""
        return False
