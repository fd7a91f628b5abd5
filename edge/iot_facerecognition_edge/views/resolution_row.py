"""The size of the pictures as one row of the form: picked from those that the camera offers."""

# ruff: noqa: D102 - overridden methods are those of `Widget`, told there

import pygame

from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.ui.controls import Paragraph
from iot_facerecognition_edge.ui.popup import Choose
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.setting_row import ValueField
from iot_facerecognition_edge.views.view import Navigator

WIDTH, HEIGHT = CameraSettings.width.key, CameraSettings.height.key
_NAME = "Resolution"


class ResolutionRow(Widget):
    """Width and height together; a tap on them lists the sizes of the camera in use or last used.

    Where no camera has told yet, usual sizes are listed.
    """

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator.look)
        self._navigator = navigator
        self._appliance = navigator.appliance
        fill, dim = self.look.colours.surface, self.look.colours.dim
        self._label = self.add(Paragraph(self.look, _NAME, fill))
        self.value = self.add(ValueField(self.look, self._ask))
        help_text = "One of the sizes that the camera offers; others by width and height below."
        self._note = self.add(Paragraph(self.look, help_text, fill, colour=dim, style=Style.SMALL))
        self.refresh()

    def refresh(self) -> None:
        """Show the size that holds now."""
        self.value.show(_words(self._size()), None)

    def _size(self) -> tuple[int, int]:
        settings = self._appliance.settings
        return settings.camera.width, settings.camera.height

    # Places.

    def natural_height(self, width: int) -> int:
        """Return the height that the row needs in this width."""
        metrics = self.look.metrics
        return metrics.target + self._note.height(width - 4 * metrics.gap) + 2 * metrics.gap

    def arrange(self) -> None:
        metrics = self.look.metrics
        inner = self.rect.inflate(-4 * metrics.gap, -2 * metrics.gap)
        width = round(inner.width * 0.45)
        self.value.place(pygame.Rect(inner.right - width, inner.y, width, metrics.target))
        words = inner.width - width - metrics.gap
        high = self._label.height(words)
        self._label.place(pygame.Rect(inner.x, inner.y + (metrics.target - high) // 2, words, high))
        low = inner.y + metrics.target
        self._note.place(pygame.Rect(inner.x, low, inner.width, inner.bottom - low))

    def draw(self, canvas: pygame.Surface) -> None:
        self.look.shapes.box(canvas, self.rect, self.look.colours.surface, self.look.metrics.radius)

    # What it does.

    def _ask(self) -> None:
        sizes = {_words(size): size for size in self._appliance.camera_sizes}
        pairs = [(words, words) for words in sizes]

        def pick(words: str) -> None:
            def change() -> None:
                for key, number in zip((WIDTH, HEIGHT), sizes[words], strict=True):
                    self._appliance.settings.set(key, number)

            self._navigator.attempt_aloud(change)
            self.refresh()

        def close() -> None:
            self._navigator.remove(layer)

        layer = Choose(
            self.look, _NAME, pairs, _words(self._size()), on_choice=pick, on_close=close
        )
        self._navigator.push(layer)


def _words(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
