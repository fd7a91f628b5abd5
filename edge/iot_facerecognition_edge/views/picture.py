"""The camera's picture and what was recognised in it."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

from collections.abc import Callable, Sequence

import pygame

from iot_facerecognition_client.tag_layout import Rectangle, place_tags
from iot_facerecognition_edge.cameras.interface import PixelFormat, PreviewImage
from iot_facerecognition_edge.ui.colours import Rgb
from iot_facerecognition_edge.ui.look import Look
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.face_boxes import FaceBox, dashes

BLACK: Rgb = (0, 0, 0)
UNKNOWN: Rgb = (214, 219, 226)
"""Unknown faces: a dashed frame in this grey, for every accent colour."""
_GREYS = [(level, level, level) for level in range(256)]
_XRGB = (0xFF0000, 0x00FF00, 0x0000FF, 0)
"""The masks of `PixelFormat.BGRX` on a little-endian machine, which all of ours are."""
_POINT = 4 / 3
"""Pixels of the 480x320 design in a point."""


class PreviewWidget(Widget):
    """The preview, as large as it fits; black around it, words where there is none.

    With the camera on a plane of the hardware (`through`) it leaves a hole instead.
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._image: pygame.Surface | None = None
        self._colours: pygame.Surface | None = None
        """The newest preview in colour: a new one each time would have to be cleared first."""
        self._time = 0.0
        self._words = ""
        self._through = False
        self.area = pygame.Rect(0, 0, 0, 0)
        """Where the picture is."""
        self._words_room = (0, 0)

    def lay(self, area: pygame.Rect, *, through: bool) -> None:
        """Show the picture here; `through` leaves that to the hardware."""
        if (area, through) != (self.area, self._through):
            self.area, self._through = pygame.Rect(area), through
            self._image, self._time = None, 0.0
            self.changed()

    def show(self, image: PreviewImage | None) -> bool:
        """Show the newest picture; return whether it is another one."""
        if image is None or image.time == self._time or self._through or self._words:
            return False
        self._time = image.time
        self._image = self._scaled(image)
        self.changed(self.area)
        return True

    def _scaled(self, image: PreviewImage) -> pygame.Surface:
        """Return the picture as large as `area`; its pixels are converted when they are drawn."""
        size = (image.width, image.height)
        if image.format is PixelFormat.GREY:
            surface = pygame.image.frombuffer(image.pixels, size, "P")
            surface.set_palette(_GREYS)
        else:
            surface = self._colours or pygame.Surface(size, 0, 32, _XRGB)
            if surface.get_size() != size:
                surface = pygame.Surface(size, 0, 32, _XRGB)
            self._colours = surface
            surface.get_buffer().write(image.pixels)
        # Cameras that scale by hardware give even sizes; a black edge of a pixel costs nothing.
        pairs = zip(self.area.size, size, strict=True)
        if all(0 <= side - own <= 1 for side, own in pairs):
            return surface
        return pygame.transform.scale(surface, self.area.size)

    def say(self, words: str) -> None:
        """Show `words` instead of a picture; none when there is one."""
        if words != self._words:
            self._words = words
            self._image, self._time = (None, 0.0) if words else (self._image, self._time)
            self.changed()

    def keep_words_within(self, top: int, bottom: int) -> None:
        """Let the words stand between these heights: above and below is something else."""
        if (top, bottom) != self._words_room:
            self._words_room = (top, bottom)
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        area, rect = self.area, self.rect
        if self._image is None and not self._through:
            canvas.fill(BLACK, rect)
        else:
            for margin in (
                (rect.x, rect.y, rect.width, area.y - rect.y),
                (rect.x, area.bottom, rect.width, rect.bottom - area.bottom),
                (rect.x, area.y, area.x - rect.x, area.height),
                (area.right, area.y, rect.right - area.right, area.height),
            ):
                canvas.fill(BLACK, margin)
        if self._through and not self._words:
            canvas.fill((0, 0, 0, 0), self.area)
        elif self._image is not None:
            width, height = self._image.get_size()
            if width < area.width:
                canvas.fill(BLACK, (area.x + width, area.y, area.width - width, area.height))
            if height < area.height:
                canvas.fill(BLACK, (area.x, area.y + height, area.width, area.height - height))
            canvas.blit(self._image, area)
        if self._words:
            self._draw_words(canvas)

    def _draw_words(self, canvas: pygame.Surface) -> None:
        look = self.look
        width = self.rect.width - 4 * look.metrics.gap
        top, bottom = self._words_room
        room = pygame.Rect(self.rect.x, top, self.rect.width, bottom - top)
        lines, style = look.type.wrap_within(self._words, (width, room.height))
        step = look.type.height(style)
        top = room.centery - step * len(lines) // 2
        for number, line in enumerate(lines):
            place = pygame.Rect(self.rect.x, top + number * step, self.rect.width, step)
            look.text(canvas, line, place, (UNKNOWN, BLACK), style=style, align=0.5)


class Faces(Widget):
    """Frames of faces, and where their tags are; only what differs from before is redrawn."""

    def __init__(
        self, look: Look, accent: Rgb, line: int, points: int, picture: Callable[[], Rectangle]
    ) -> None:
        """`line` is the frames' width in pixels, `points` the tags' size."""
        super().__init__(look)
        self._accent = accent
        self._front = look.colours.on(accent)
        self._line = line
        self._font = look.type.sized(max(9, round(points * _POINT * look.metrics.scale)), bold=True)
        self._picture = picture
        self.boxes: list[FaceBox] = []
        self._tags: dict[FaceBox, pygame.Rect] = {}

    def show(self, boxes: Sequence[FaceBox]) -> None:
        """Show these faces."""
        new = list(boxes)
        if new != self.boxes:
            before, self._tags = self._tags, self._placed(new)
            for box in {*before, *self._tags}:
                old, now = before.get(box), self._tags.get(box)
                if old != now:
                    self.changed(pygame.Rect(box.rect).unionall([tag for tag in (old, now) if tag]))
            self.boxes = new

    def tag(self, box: FaceBox) -> pygame.Rect:
        """Return where the tag of a face that is shown stands."""
        return self._tags[box]

    def _placed(self, boxes: Sequence[FaceBox]) -> dict[FaceBox, pygame.Rect]:
        gap = self.look.metrics.gap
        sizes = []
        for box in boxes:
            width, height = self.look.type.size(_words(box), self._font)
            sizes.append((width + gap, height + gap // 4))
        places = place_tags([box.rect for box in boxes], sizes, self._picture())
        return {box: pygame.Rect(place) for box, place in zip(boxes, places, strict=True)}

    def draw(self, canvas: pygame.Surface) -> None:
        clip = canvas.get_clip()
        for box in self.boxes:
            if clip.colliderect(box.rect):
                self._draw_frame(canvas, box)

    def draw_tags(self, canvas: pygame.Surface) -> None:
        """Draw the tags, which stand above everything that is drawn after the frames."""
        clip = canvas.get_clip()
        for box in self.boxes:
            if clip.colliderect(self._tags[box]):
                self._draw_tag(canvas, box)

    def _draw_frame(self, canvas: pygame.Surface, box: FaceBox) -> None:
        rect = pygame.Rect(box.rect)
        line = min(self._line, *rect.size)
        if not box.known:
            for dash in dashes(box.rect, line, self.look.metrics.px(12)):
                canvas.fill(UNKNOWN, dash)
            return
        canvas.fill(self._accent, (rect.x, rect.y, rect.width, line))
        canvas.fill(self._accent, (rect.x, rect.bottom - line, rect.width, line))
        canvas.fill(self._accent, (rect.x, rect.y, line, rect.height))
        canvas.fill(self._accent, (rect.right - line, rect.y, line, rect.height))

    def _draw_tag(self, canvas: pygame.Surface, box: FaceBox) -> None:
        place = self._tags[box]
        fill, front = (self._accent, self._front) if box.known else (UNKNOWN, (30, 34, 40))
        canvas.fill(fill, place)
        gap = self.look.metrics.gap
        text = self.look.type.fit(_words(box), self._font, place.width - gap + 1)
        drawn = self.look.type.draw(text, self._font, front, fill)
        canvas.blit(drawn, drawn.get_rect(center=place.center))


def _words(box: FaceBox) -> str:
    return box.tag or "unknown"


class FaceTags(Widget):
    """The tags of `faces`, to lie above what the frames lie beneath."""

    def __init__(self, look: Look, faces: Faces) -> None:
        super().__init__(look)
        self._faces = faces

    def draw(self, canvas: pygame.Surface) -> None:
        self._faces.draw_tags(canvas)


class Plate(Widget):
    """Lines of small text on a dark plate above the picture."""

    FILL: Rgb = (20, 23, 28)
    FRONT: Rgb = (238, 241, 245)

    STYLE = Style.SMALL

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.lines: tuple[str, ...] = ()

    def natural_size(self, lines: Sequence[str], widest: int) -> tuple[int, int]:
        """Return the size that `lines` need, no wider than `widest`."""
        if not lines:
            return (0, 0)
        gap = self.look.metrics.gap
        width = max(self.look.type.width(line, self.STYLE) for line in lines) + 2 * gap
        return min(width, widest), len(lines) * self.look.type.height(self.STYLE) + gap

    def show(self, lines: Sequence[str], place: pygame.Rect) -> None:
        """Show `lines` in `place`."""
        if place != self.rect:
            self.place(place)
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.changed()

    def draw(self, canvas: pygame.Surface) -> None:
        look, gap = self.look, self.look.metrics.gap
        look.shapes.box(canvas, self.rect, self.FILL, look.metrics.radius // 2)
        step = look.type.height(self.STYLE)
        for number, text in enumerate(self.lines):
            top = self.rect.y + gap // 2 + number * step
            line = pygame.Rect(self.rect.x + gap, top, self.rect.width - 2 * gap, step)
            look.text(canvas, text, line, (self.FRONT, self.FILL), style=self.STYLE)
