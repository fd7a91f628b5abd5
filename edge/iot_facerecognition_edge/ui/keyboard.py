"""An on-screen keyboard."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable
from enum import Enum

import pygame

from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.ui.colours import mix
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_protocol.records import dataclass


class KeyPage(Enum):
    """The layouts. Each row is a string of keys; the names in braces are those below."""

    LETTERS = (
        "q w e r t y u i o p",
        "a s d f g h j k l",
        "{shift} z x c v b n m {back}",
        "{symbols} , {space} . {enter}",
    )
    CAPITALS = (
        "Q W E R T Y U I O P",
        "A S D F G H J K L",
        "{shift} Z X C V B N M {back}",
        "{symbols} ! {space} ? {enter}",
    )
    SYMBOLS = (
        "1 2 3 4 5 6 7 8 9 0",
        "- _ / : ; ( ) & @ #",
        "{more} ' \" + = * % $ {back}",
        "{letters} , {space} . {enter}",
    )
    MORE = (
        "ä ö ü ß à â ç é è ê",
        "ë î ï ô œ ù û ñ á í",
        "{symbols} ó ú ø å æ ł € {back}",
        "{letters} < {space} > {enter}",
    )
    NUMBER = (
        "1 2 3",
        "4 5 6",
        "7 8 9",
        "- 0 . {back} {enter}",
    )
    DIGITS = (
        "1 2 3",
        "4 5 6",
        "7 8 9",
        "{back} 0 {enter}",
    )


class Action(Enum):
    """Keys that are not characters: what stands on them, and their width in keys."""

    SHIFT = ("{shift}", "", 1.5)
    BACK = ("{back}", "", 1.5)
    SYMBOLS = ("{symbols}", "123", 1.7)
    MORE = ("{more}", "äéñ", 1.5)
    LETTERS = ("{letters}", "abc", 1.7)
    SPACE = ("{space}", "space", 4.6)
    ENTER = ("{enter}", "", 1.7)

    @property
    def label(self) -> str:
        """The text on the key, empty for an icon."""
        return str(self.value[1])

    @property
    def width(self) -> float:
        """The width, in keys."""
        return float(self.value[2])


_ACTIONS = {action.value[0]: action for action in Action}
_EVEN = {KeyPage.NUMBER, KeyPage.DIGITS}
"""Layouts whose keys are all of one width."""
_TURNS = {
    Action.SYMBOLS: KeyPage.SYMBOLS,
    Action.MORE: KeyPage.MORE,
    Action.LETTERS: KeyPage.LETTERS,
}


@dataclass(frozen=True, slots=True)
class Cap:
    """One key: a character or an action, where it is."""

    rect: pygame.Rect
    text: str
    action: Action | None


def lay_out(page: KeyPage, area: pygame.Rect, gap: int) -> list[Cap]:
    """Return the keys of `page`, filling `area` but for the gaps between them."""
    caps: list[Cap] = []
    rows = [row.split() for row in page.value]
    widest = max(sum(_width(word, page) for word in row) for row in rows)
    unit = area.width / widest
    height = area.height / len(rows)
    for number, row in enumerate(rows):
        x = area.x + (area.width - unit * sum(_width(word, page) for word in row)) / 2
        for word in row:
            end = x + unit * _width(word, page)
            top, bottom = area.y + height * number, area.y + height * (number + 1)
            rect = pygame.Rect(round(x), round(top), round(end) - round(x), round(bottom - top))
            action = _ACTIONS.get(word)
            caps.append(Cap(rect.inflate(-gap, -gap), "" if action else word, action))
            x = end
    return caps


def _width(word: str, page: KeyPage) -> float:
    action = _ACTIONS.get(word)
    return 1.0 if action is None or page in _EVEN else action.width


class Keyboard(Widget):
    """Keys to tap. `on_text` gets characters, `on_key` ENTER and BACKSPACE."""

    interactive = True

    def __init__(
        self,
        look: Look,
        on_text: Callable[[str], None],
        on_key: Callable[[Key], None],
        *,
        page: KeyPage = KeyPage.LETTERS,
    ) -> None:
        super().__init__(look)
        self._on_text = on_text
        self._on_key = on_key
        self._page = page
        self._caps: list[Cap] = []
        self._held: Cap | None = None

    @property
    def caps(self) -> list[Cap]:
        """The keys that are shown."""
        return self._caps

    def arrange(self) -> None:
        gap = max(2, self.look.metrics.gap // 2)
        self._caps = lay_out(self._page, self.rect, gap)

    def turn(self, page: KeyPage) -> None:
        """Show another layout."""
        self._page = page
        self.arrange()
        self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        clip = canvas.get_clip()
        canvas.fill(self.look.colours.background, self.rect)
        for cap in self._caps:
            if cap.rect.colliderect(clip):
                self._draw_cap(canvas, cap)

    def _draw_cap(self, canvas: pygame.Surface, cap: Cap) -> None:
        look, colours = self.look, self.look.colours
        fill, front = colours.surface, colours.text
        if cap.action is Action.ENTER:
            fill, front = colours.accent, colours.on_accent
        elif cap.action not in (None, Action.SPACE):
            fill = colours.raised
        if cap is self._held:
            fill = mix(fill, front, 0.35)
        look.shapes.box(canvas, cap.rect, fill, look.metrics.radius // 2)
        icon = self._icon(cap)
        if icon is not None:
            side = min(look.metrics.px(22), *cap.rect.size)
            area = pygame.Rect(0, 0, side, side)
            area.center = cap.rect.center
            look.icons.draw(canvas, icon, area, front)
        else:
            words = cap.action.label if cap.action else cap.text
            style = Style.SMALL if cap.action else Style.BODY
            look.text(canvas, words, cap.rect, (front, fill), style=style, align=0.5)

    def _icon(self, cap: Cap) -> Icon | None:
        if cap.action is Action.SHIFT:
            return Icon.CAPITALS if self._page is KeyPage.CAPITALS else Icon.SHIFT
        return {Action.BACK: Icon.BACKSPACE, Action.ENTER: Icon.ENTER}.get(
            cap.action or Action.SPACE
        )

    # Touch.

    def press(self, x: int, y: int) -> None:
        self._hold(self._nearest(x, y))

    def drag(self, x: int, y: int) -> None:
        self._hold(self._nearest(x, y) if self.rect.collidepoint(x, y) else None)

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - `drag` followed the finger
        held = self._held
        self._hold(None)
        if held is not None:
            self._tapped(held)

    def cancel(self) -> None:
        self._hold(None)

    def _nearest(self, x: int, y: int) -> Cap | None:
        """Return the key under the finger, or the one next to the gap that it hit."""
        gap = self.look.metrics.gap
        for cap in self._caps:
            if cap.rect.inflate(gap, gap).collidepoint(x, y):
                return cap
        return None

    def _hold(self, cap: Cap | None) -> None:
        if cap is not self._held:
            for changed in (self._held, cap):
                if changed is not None:
                    self.changed(changed.rect)
            self._held = cap

    def _tapped(self, cap: Cap) -> None:
        if cap.action is None:
            self._on_text(cap.text)
            if self._page is KeyPage.CAPITALS:
                self.turn(KeyPage.LETTERS)
        elif cap.action is Action.SPACE:
            self._on_text(" ")
        elif cap.action is Action.BACK:
            self._on_key(Key.BACKSPACE)
        elif cap.action is Action.ENTER:
            self._on_key(Key.ENTER)
        elif cap.action is Action.SHIFT:
            self.turn(KeyPage.LETTERS if self._page is KeyPage.CAPITALS else KeyPage.CAPITALS)
        else:
            self.turn(_TURNS[cap.action])
