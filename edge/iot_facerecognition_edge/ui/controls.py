"""Things to tap: buttons, chips, switches; and text that cannot be tapped."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable
from enum import Enum, auto

import pygame

from iot_facerecognition_edge.ui.colours import Rgb, mix
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget


class Panel(Widget):
    """A filled area, round or not, that others stand on."""

    def __init__(self, look: Look, fill: Rgb, radius: int = 0, frame: Rgb | None = None) -> None:
        super().__init__(look)
        self.fill = fill
        self._radius = radius
        self._frame = frame

    def draw(self, canvas: pygame.Surface) -> None:
        if self._frame is None:
            self.look.shapes.box(canvas, self.rect, self.fill, self._radius)
        else:
            shape = (self._radius, self.look.metrics.line)
            self.look.shapes.framed(canvas, self.rect, (self.fill, self._frame), shape)


class Label(Widget):
    """One line of text on a solid colour."""

    def __init__(
        self,
        look: Look,
        text: str,
        behind: Rgb,
        *,
        colour: Rgb | None = None,
        style: Style = Style.BODY,
        align: float = 0.0,
        shrink: bool = False,
    ) -> None:
        super().__init__(look)
        self._text = text
        self._behind = behind
        self._colour = colour or look.colours.text
        self._style = style
        self._align = align
        self._shrink = shrink

    @property
    def text(self) -> str:
        """What it says; another text redraws it."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self.say(text, self._colour)

    def say(self, text: str, colour: Rgb) -> None:
        """Show `text` in `colour`."""
        if (text, colour) != (self._text, self._colour):
            self._text, self._colour = text, colour
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        if self._text:
            self.look.text(
                canvas,
                self._text,
                self.rect,
                (self._colour, self._behind),
                style=self._style,
                align=self._align,
                shrink=self._shrink,
            )


class Paragraph(Widget):
    """Text in as many lines as it needs."""

    def __init__(
        self,
        look: Look,
        text: str,
        behind: Rgb,
        *,
        colour: Rgb | None = None,
        style: Style = Style.BODY,
    ) -> None:
        super().__init__(look)
        self._text = text
        self._behind = behind
        self._colour = colour or look.colours.text
        self._style = style

    def height(self, width: int) -> int:
        """Return the height that the text needs in this width."""
        lines = self.look.type.wrap(self._text, self.look.type.font(self._style), width)
        return len(lines) * self.look.type.height(self._style)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def say(self, text: str, colour: Rgb | None = None) -> None:
        """Show another text in the same place, in another colour if one is given."""
        colour = colour or self._colour
        if (text, colour) != (self._text, self._colour):
            self._text, self._colour = text, colour
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        font = self.look.type.font(self._style)
        step = self.look.type.height(self._style)
        line = pygame.Rect(self.rect.x, self.rect.y, self.rect.width, step)
        for text in self.look.type.wrap(self._text, font, self.rect.width):
            if text and line.colliderect(canvas.get_clip()):
                self.look.text(canvas, text, line, (self._colour, self._behind), style=self._style)
            line.move_ip(0, step)


class Pressable(Widget):
    """Anything that does something when tapped."""

    interactive = True

    def __init__(self, look: Look, on_press: Callable[[], None]) -> None:
        super().__init__(look)
        self._on_press = on_press
        self.pressed = False
        self._enabled = True

    @property
    def enabled(self) -> bool:
        """Whether it can be tapped."""
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        if enabled != self._enabled:
            self._enabled = enabled
            self.changed()

    def _hold(self, pressed: bool) -> None:
        if pressed != self.pressed:
            self.pressed = pressed
            self.changed()

    def press(self, x: int, y: int) -> None:  # noqa: ARG002 - anywhere within is the same
        if self._enabled:
            self._hold(True)

    def drag(self, x: int, y: int) -> None:
        slop = self.look.metrics.slop
        self._hold(self._enabled and self.rect.inflate(slop, slop).collidepoint(x, y))

    def release(self, x: int, y: int) -> None:  # noqa: ARG002 - `drag` followed the finger
        pressed = self.pressed
        self._hold(False)
        if pressed:
            self._on_press()

    def cancel(self) -> None:
        self._hold(False)


class ButtonKind(Enum):
    """How much a button stands out."""

    PRIMARY = auto()
    NORMAL = auto()
    CARD = auto()
    QUIET = auto()
    DANGER = auto()


class Button(Pressable):
    """A button with an icon, a text, or both; `tall` puts the icon above the text."""

    def __init__(
        self,
        look: Look,
        on_press: Callable[[], None],
        text: str = "",
        icon: Icon | None = None,
        *,
        kind: ButtonKind = ButtonKind.NORMAL,
        tall: bool = False,
        behind: Rgb | None = None,
    ) -> None:
        super().__init__(look, on_press)
        self.text = text
        self._icon = icon
        self._kind = kind
        self._tall = tall
        self._behind = behind or look.colours.background

    def natural_width(self) -> int:
        """Return the width that the text and the icon need."""
        metrics = self.look.metrics
        width = self.look.type.width(self.text, Style.BOLD) if self.text else 0
        if self._icon and self.text:
            width += metrics.body + metrics.gap
        return max(metrics.target, width + 3 * metrics.gap)

    def _colours(self) -> tuple[Rgb, Rgb]:
        """Return the fill and what is drawn on it."""
        colours = self.look.colours
        match self._kind:
            case ButtonKind.PRIMARY:
                fill, front = colours.accent, colours.on_accent
            case ButtonKind.NORMAL:
                fill, front = colours.raised, colours.text
            case ButtonKind.CARD:
                fill, front = colours.surface, colours.text
            case ButtonKind.QUIET:
                fill, front = self._behind, colours.text
            case ButtonKind.DANGER:
                fill, front = colours.error, colours.on(colours.error)
        if not self.enabled:
            fill, front = mix(fill, self._behind, 0.6), colours.dim
        if self.pressed:
            fill = mix(fill, front, 0.22)
        return fill, front

    def draw(self, canvas: pygame.Surface) -> None:
        fill, front = self._colours()
        self.look.shapes.box(canvas, self.rect, fill, self.look.metrics.radius)
        if self._tall:
            self._draw_tall(canvas, fill, front)
        elif self.text:
            self._draw_in_row(canvas, fill, front)
        elif self._icon:
            side = min(self.rect.size)
            area = pygame.Rect(0, 0, side // 2, side // 2)
            area.center = self.rect.center
            self.look.icons.draw(canvas, self._icon, area, front)

    def _draw_tall(self, canvas: pygame.Surface, fill: Rgb, front: Rgb) -> None:
        metrics = self.look.metrics
        line = self.look.type.height(Style.BODY)
        side = min(metrics.px(40), self.rect.height - line - 3 * metrics.gap)
        top = self.rect.y + (self.rect.height - side - metrics.gap - line) // 2
        if self._icon and side >= metrics.px(14):
            area = pygame.Rect(self.rect.centerx - side // 2, top, side, side)
            card = self._kind is ButtonKind.CARD and self.enabled
            mark = self.look.colours.accent_mark if card else front
            self.look.icons.draw(canvas, self._icon, area, mark)
            place = pygame.Rect(self.rect.x, area.bottom + metrics.gap, self.rect.width, line)
        else:
            place = self.rect
        text = place.inflate(-metrics.gap // 2, 0)
        ink = (front, fill)
        self.look.text(canvas, self.text, text, ink, align=0.5, shrink=True)

    def _draw_in_row(self, canvas: pygame.Surface, fill: Rgb, front: Rgb) -> None:
        metrics = self.look.metrics
        ink = (front, fill)
        room = self.rect.inflate(-2 * metrics.gap, 0)
        width = min(self.look.type.width(self.text, Style.BOLD), room.width)
        side = round(metrics.body * 1.2) if self._icon else 0
        if self._icon:
            whole = width + side + metrics.gap
            left = room.x + max(0, (room.width - whole) // 2)
            area = pygame.Rect(left, self.rect.centery - side // 2, side, side)
            self.look.icons.draw(canvas, self._icon, area, front)
            room = pygame.Rect(
                area.right + metrics.gap, room.y, room.right - area.right - metrics.gap, room.height
            )
            self.look.text(canvas, self.text, room, ink, style=Style.BOLD, shrink=True)
        else:
            self.look.text(canvas, self.text, room, ink, style=Style.BOLD, align=0.5, shrink=True)


class Chip(Pressable):
    """A small choice that is on or off; one with a `mark` shows that colour while it is on."""

    def __init__(
        self,
        look: Look,
        text: str,
        on_press: Callable[[], None],
        *,
        behind: Rgb,
        mark: Rgb | None = None,
    ) -> None:
        super().__init__(look, on_press)
        self.text = text
        self._behind = behind
        self._mark = mark
        self._selected = False

    @property
    def selected(self) -> bool:
        """Whether it is on."""
        return self._selected

    @selected.setter
    def selected(self, selected: bool) -> None:
        if selected != self._selected:
            self._selected = selected
            self.changed()

    def natural_width(self) -> int:
        """Return the width that its text needs."""
        metrics = self.look.metrics
        mark = metrics.px(16) if self._mark else 0
        return max(
            metrics.target, self.look.type.width(self.text, Style.BODY) + 4 * metrics.gap + mark
        )

    def draw(self, canvas: pygame.Surface) -> None:
        colours, metrics = self.look.colours, self.look.metrics
        inset = max(2, metrics.target // 12)
        body = self.rect.inflate(0, -2 * inset)
        if self._mark is not None:
            fill = colours.raised if self._selected else self._behind
            front = colours.text if self._selected else colours.dim
        elif self._selected:
            fill, front = colours.accent, colours.on_accent
        else:
            fill, front = colours.raised, colours.text
        if self.pressed:
            fill = mix(fill, front, 0.2)
        shape = (body.height // 2, metrics.line)
        self.look.shapes.framed(canvas, body, (fill, colours.raised), shape)
        room = body.inflate(-2 * metrics.gap, 0)
        if self._mark:
            radius = metrics.px(5)
            dot = self._mark if self._selected else colours.outline
            self.look.shapes.disc(canvas, (room.x + radius, body.centery), radius, dot)
            room = pygame.Rect(
                room.x + metrics.px(16), room.y, room.width - metrics.px(16), room.height
            )
        self.look.text(canvas, self.text, room, (front, fill), align=0.5, shrink=True)


class Switch(Pressable):
    """On or off. `pending` marks a change that the server has not confirmed yet."""

    def __init__(self, look: Look, on_press: Callable[[], None], behind: Rgb) -> None:
        super().__init__(look, on_press)
        self._behind = behind
        self._on = False
        self._pending = False

    def show(self, on: bool, *, pending: bool = False) -> None:
        """Show this state."""
        if (on, pending) != (self._on, self._pending):
            self._on, self._pending = on, pending
            self.changed()

    @property
    def on(self) -> bool:
        """What is shown."""
        return self._on

    def draw(self, canvas: pygame.Surface) -> None:
        colours, metrics = self.look.colours, self.look.metrics
        track = pygame.Rect(0, 0, metrics.px(44), metrics.px(26))
        track.midright = self.rect.midright
        fill = colours.accent if self._on else colours.outline
        if not self.enabled:
            fill = mix(fill, self._behind, 0.6)
        if self.pressed:
            fill = mix(fill, colours.text, 0.2)
        self.look.shapes.box(canvas, track, fill, track.height // 2)
        radius = track.height // 2 - metrics.px(3)
        x = track.right - track.height // 2 if self._on else track.x + track.height // 2
        knob = colours.warning if self._pending else (255, 255, 255)
        self.look.shapes.disc(canvas, (x, track.centery), radius, knob)
