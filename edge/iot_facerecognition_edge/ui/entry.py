"""A page on which one line of text is written, with the on-screen keyboard or a real one."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.ui.controls import Button, ButtonKind, Label, Pressable
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.keyboard import Keyboard, KeyPage
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_protocol.records import dataclass

_DOT = "•"


@dataclass(frozen=True, slots=True)
class TextRequest:
    """What is asked for: the title above, the word on the button, the text to begin with.

    `number` shows digits only; `most` is the largest count of characters; `hint` stands where
    nothing has been written yet. `hidden` shows a dot for each character.
    """

    title: str
    done: str = "Done"
    text: str = ""
    number: bool = False
    most: int = 1000
    hint: str = ""
    hidden: bool = False

    @property
    def page(self) -> KeyPage:
        """The keys to begin with."""
        if not self.number:
            return KeyPage.LETTERS
        return KeyPage.DIGITS if self.hidden else KeyPage.NUMBER


class TextEntry(Layer):
    """Calls `on_done` with the text; what that returns is an objection, None for none.

    It closes by itself, through `on_close`, when there is no objection.
    """

    opaque = True

    def __init__(
        self,
        look: Look,
        request: TextRequest,
        on_done: Callable[[str], str | None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(look)
        self._request = request
        self._on_done = on_done
        self._on_close = on_close
        back = look.colours.background
        self._cancel = self.add(Button(look, on_close, icon=Icon.BACK, kind=ButtonKind.QUIET))
        self._title = self.add(Label(look, request.title, back, style=Style.TITLE, shrink=True))
        self._done = self.add(
            Button(look, self._finish, request.done, Icon.CHECK, kind=ButtonKind.PRIMARY)
        )
        self._line = self.add(_Line(look, request.hint, self._move_caret, request.hidden))
        self.keyboard = self.add(Keyboard(look, self.typed, self.key, page=request.page))
        self._note = self.add(Objection(look))
        self._text = request.text
        self._caret = len(request.text)
        self._line.show(self._text, self._caret)

    @property
    def text(self) -> str:
        """What stands there now."""
        return self._text

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        gap, target = metrics.gap, metrics.target
        top = rect.y + gap // 2
        self._cancel.place(pygame.Rect(rect.x + gap // 2, top, target, target))
        width = min(self._done.natural_width(), rect.width // 3)
        self._done.place(pygame.Rect(rect.right - gap - width, top, width, target))
        left = self._cancel.rect.right + gap
        self._title.place(pygame.Rect(left, top, self._done.rect.x - gap - left, target))
        low = self.look.type.height(Style.SMALL)
        wide = rect.width - 2 * gap
        line = pygame.Rect(rect.x + gap, top + target + gap // 2, wide, target)
        self._line.place(line)
        self._note.lay(pygame.Rect(line.x, line.bottom, wide, rect.bottom - line.bottom))
        self.keyboard.place(self._keyboard_place(line.bottom + low))

    def _keyboard_place(self, top: int) -> pygame.Rect:
        """Return the keyboard's place: as low as it can be, no larger than two hands want."""
        metrics, rect = self.look.metrics, self.rect
        height = min(rect.bottom - top, round(metrics.target * 5.2))
        width = rect.width
        if self._request.number:
            width = min(width, metrics.px(360))
        place = pygame.Rect(0, rect.bottom - height, width, height)
        place.centerx = rect.centerx
        return place.inflate(-2, -2)

    def draw(self, canvas: pygame.Surface) -> None:
        canvas.fill(self.look.colours.background, self.rect)

    # What is written.

    def typed(self, text: str) -> None:
        text = "".join(character for character in text if character.isprintable())
        text = text[: self._request.most - len(self._text)]
        self._set(self._text[: self._caret] + text + self._text[self._caret :], len(text))

    def key(self, key: Key) -> None:
        if key is Key.ENTER:
            self._finish()
        elif key is Key.ESCAPE:
            self._on_close()
        elif self._caret:
            self._set(self._text[: self._caret - 1] + self._text[self._caret :], -1)

    def clear(self) -> None:
        """Let the line be empty."""
        self._set("", -self._caret)

    def say(self, note: str) -> None:
        """Show `note` next to the line, until something is written."""
        self._note.say(note)

    def _set(self, text: str, moved: int) -> None:
        self._text = text
        self._caret += moved
        self._line.show(text, self._caret)
        self._note.say("")

    def _move_caret(self, caret: int) -> None:
        self._caret = caret
        self._line.show(self._text, caret)

    def _finish(self) -> None:
        objection = self._on_done(self._text)
        if objection is None:
            self._on_close()
        else:
            self._note.say(objection)


class Objection(Pressable):
    """Why the text is not taken, whole: over the keyboard's upper rows where it needs them.

    A tap on it, or on a key next to it, removes it.
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look, lambda: self.say(""))
        self.text = ""
        self._room = pygame.Rect(0, 0, 0, 0)
        self.visible = False

    def lay(self, room: pygame.Rect) -> None:
        """Take as much of `room`, from its top, as the text needs."""
        self._room = pygame.Rect(room)
        self._fit()

    def say(self, text: str) -> None:
        """Show `text`; nothing when it is empty."""
        if text != self.text:
            self.text = text
            self.changed()
            self.visible = bool(text)
            self._fit()

    def _lines(self) -> tuple[list[str], Style]:
        gap = self.look.metrics.gap
        return self.look.type.wrap_within(
            self.text, (self._room.width - 2 * gap, self._room.height - gap)
        )

    def _fit(self) -> None:
        lines, style = self._lines()
        height = len(lines) * self.look.type.height(style) + self.look.metrics.gap
        place = pygame.Rect(self._room.x, self._room.y, self._room.width, height)
        if self.text and self._room.width:
            self.place(place)
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours, gap = self.look, self.look.colours, self.look.metrics.gap
        shape = (look.metrics.radius, look.metrics.line)
        look.shapes.framed(canvas, self.rect, (colours.surface, colours.error), shape)
        lines, style = self._lines()
        step = look.type.height(style)
        line = pygame.Rect(
            self.rect.x + gap, self.rect.y + gap // 2, self.rect.width - 2 * gap, step
        )
        for text in lines:
            look.text(canvas, text, line, (colours.error, colours.surface), style=style)
            line.y += step


class _Line(Widget):
    """The line that is written on, scrolled so that the caret is seen."""

    interactive = True

    def __init__(
        self, look: Look, hint: str, on_caret: Callable[[int], None], hidden: bool
    ) -> None:
        super().__init__(look)
        self._hint = hint
        self._hidden = hidden
        self._on_caret = on_caret
        self._text = ""
        self._caret = 0
        self._scrolled = 0

    def show(self, text: str, caret: int) -> None:
        """Show `text` with the caret before its character number `caret`."""
        self._text, self._caret = _DOT * len(text) if self._hidden else text, caret
        room = max(1, self._room().width)
        place = self._width(self._text[:caret])
        self._scrolled = max(place - room, min(self._scrolled, place))
        if self._width(self._text) <= room:
            self._scrolled = 0
        self.changed()

    def arrange(self) -> None:
        self.show(self._text, self._caret)

    def press(self, x: int, y: int) -> None:  # noqa: ARG002 - one line
        wanted = x - self._room().x + self._scrolled
        ends = [self._width(self._text[:count]) for count in range(len(self._text) + 1)]
        nearest = min(range(len(ends)), key=lambda count: abs(ends[count] - wanted))
        self._on_caret(nearest)

    def _width(self, text: str) -> int:
        return self.look.type.width(text, Style.BODY)

    def _room(self) -> pygame.Rect:
        return self.rect.inflate(-2 * self.look.metrics.gap, 0)

    def draw(self, canvas: pygame.Surface) -> None:
        look, colours = self.look, self.look.colours
        shape = (look.metrics.radius, max(2, look.metrics.line))
        look.shapes.framed(canvas, self.rect, (colours.surface, colours.accent_mark), shape)
        room = self._room()
        clip = canvas.get_clip()
        canvas.set_clip(clip.clip(room.inflate(4, 0)))
        if not self._text and self._hint:
            look.text(canvas, self._hint, room, (colours.dim, colours.surface))
        line = pygame.Rect(room.x - self._scrolled, room.y, self._width(self._text), room.height)
        if self._text:
            look.text(canvas, self._text, line, (colours.text, colours.surface))
        caret = pygame.Rect(0, 0, max(2, look.metrics.line), look.type.height(Style.BODY))
        caret.midleft = (line.x + self._width(self._text[: self._caret]), room.centery)
        canvas.fill(colours.accent_mark, caret)
        canvas.set_clip(clip)
