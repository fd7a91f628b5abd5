"""The layers of a screen: what must be redrawn, and which widget a finger belongs to.

Plain: events and the time come in, changed rectangles go out.
"""

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_edge.screens.interface import (
    Key,
    KeyPressed,
    Pointer,
    ScreenEvent,
    TouchPhase,
    TypedText,
    Wheel,
)
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.widget import Widget

_MOST_RECTS = 12
"""More separate rectangles than this are drawn as one: finding them costs more than drawing."""


class Layer(Widget):
    """A whole tree above the others: a page, a pop-up, a toast.

    `opaque` ones hide what lies beneath; `modal` ones keep touches from it.
    """

    opaque = False
    modal = True

    def outside(self) -> None:
        """Handle a finger that came down outside a modal layer's widgets."""

    def removed(self) -> None:
        """Handle the removal of this layer."""

    def key(self, key: Key) -> None:
        """Handle a key of a real keyboard that went down while this was the topmost modal layer."""

    def typed(self, text: str) -> None:
        """Text came from a real keyboard."""

    def advance(self, now: float) -> float | None:  # noqa: ARG002 - for those with a clock
        """Let time pass; return when to be called again at the latest, None for whenever."""
        return None


class Stage:
    """Holds the layers over one canvas, the topmost last."""

    def __init__(self, look: Look, canvas: pygame.Surface) -> None:
        self._look = look
        self._canvas = canvas
        self._bounds = canvas.get_rect()
        self.layers: list[Layer] = []
        self._dirty: list[pygame.Rect] = []
        self._steps: list[Callable[[float], bool]] = []
        self._held: Widget | None = None
        self._start = (0, 0)
        self._decided = False
        self.now = 0.0

    # Layers.

    def push(self, layer: Layer, rect: pygame.Rect | None = None) -> None:
        """Put `layer` on top, at `rect` or over everything."""
        self._let_go()
        self.layers.append(layer)
        layer.attach(self)
        layer.place(self._bounds if rect is None else rect)
        layer.changed()

    def remove(self, layer: Layer) -> None:
        """Take `layer` away; harmless when it is not there."""
        if layer in self.layers:
            self._let_go()
            layer.changed()
            self.layers.remove(layer)
            layer.attach(None)
            layer.removed()

    # Drawing (Host).

    def damage(self, rect: pygame.Rect) -> None:
        """Remember that this part must be redrawn."""
        rect = rect.clip(self._bounds)
        if rect.width and rect.height and not any(old.contains(rect) for old in self._dirty):
            self._dirty = [old for old in self._dirty if not rect.contains(old)]
            self._dirty.append(rect)

    def animate(self, step: Callable[[float], bool]) -> None:
        """Call `step` with the time, again and again until it returns False."""
        if step not in self._steps:
            self._steps.append(step)

    def advance(self, now: float) -> float | None:
        """Let time pass in all layers that are seen; return when to be called again at the latest.

        A page that lies whole beneath another one does no work.
        """
        self.now = now
        self._steps = [step for step in self._steps if step(now)]
        due = [layer.advance(now) for layer in tuple(self.layers[self._lowest(self._bounds) :])]
        if self._steps:
            due.append(now)
        return min((time for time in due if time is not None), default=None)

    def render(self) -> Sequence[pygame.Rect]:
        """Draw what changed, and return where."""
        rects, self._dirty = _merged(self._dirty), []
        for rect in rects:
            for layer in self.layers[self._lowest(rect) :]:
                layer.paint(self._canvas, rect)
        self._canvas.set_clip(None)
        return rects

    def _lowest(self, rect: pygame.Rect) -> int:
        """Return the index of the first layer that is seen in `rect`."""
        for index in range(len(self.layers) - 1, 0, -1):
            layer = self.layers[index]
            if layer.opaque and layer.visible and layer.rect.contains(rect):
                return index
        return 0

    # Events.

    def handle(self, event: ScreenEvent) -> None:
        """Give an event to the widget that it belongs to."""
        if isinstance(event, Pointer):
            self._pointer(event)
        elif isinstance(event, Wheel):
            self._wheel(event)
        elif isinstance(event, KeyPressed):
            self._top().key(event.key)
        elif isinstance(event, TypedText):
            self._top().typed(event.text)

    def _pointer(self, pointer: Pointer) -> None:
        x, y = pointer.x, pointer.y
        if pointer.phase is TouchPhase.DOWN:
            self._let_go()
            self._held, self._start, self._decided = self._find(x, y), (x, y), False
            if self._held is not None:
                self._held.press(x, y)
        elif self._held is None:
            return
        elif pointer.phase is TouchPhase.MOVE:
            self._decide(x - self._start[0], y - self._start[1])
            self._held.drag(x, y)
        else:
            held, self._held = self._held, None
            held.release(x, y)

    def _decide(self, dx: int, dy: int) -> None:
        """Once the finger has moved enough, settle whose it is: the innermost that claims it."""
        if self._decided or max(abs(dx), abs(dy)) <= self._look.metrics.slop:
            return
        self._decided = True
        widget = held = self._held
        while widget is not None and not widget.claims(dx, dy):
            widget = widget.parent
        if widget is not None and widget is not held and held is not None:
            held.cancel()
            self._held = widget
            widget.press(*self._start)

    def _find(self, x: int, y: int) -> Widget | None:
        for layer in reversed(self.layers):
            found = layer.target(x, y)
            if found is not None:
                return found
            if layer.modal:
                if layer.visible and not layer.rect.collidepoint(x, y):
                    layer.outside()
                return None
        return None

    def _wheel(self, wheel: Wheel) -> None:
        layer = self._top()
        widget: Widget | None = _deepest(layer, wheel.x, wheel.y)
        while widget is not None and not widget.wheel(wheel.steps):
            widget = widget.parent

    def _top(self) -> Layer:
        return next(layer for layer in reversed(self.layers) if layer.modal)

    def _let_go(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            held.cancel()


def _deepest(widget: Widget, x: int, y: int) -> Widget | None:
    if not widget.visible or not widget.rect.collidepoint(x, y):
        return None
    for child in reversed(widget.children):
        found = _deepest(child, x, y)
        if found is not None:
            return found
    return widget


def _merged(rects: Sequence[pygame.Rect]) -> list[pygame.Rect]:
    """Return rectangles that cover the same, none of them overlapping another."""
    merged: list[pygame.Rect] = []
    for rect in rects:
        whole = pygame.Rect(rect)
        while True:
            index = whole.collidelist(merged)
            if index < 0:
                break
            whole.union_ip(merged.pop(index))
        merged.append(whole)
    if len(merged) > _MOST_RECTS:
        return [merged[0].unionall(merged[1:])]
    return merged
