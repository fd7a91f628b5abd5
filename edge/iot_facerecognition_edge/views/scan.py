"""The camera's picture, in which the server's QR code is looked for."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `Layer`, told there

from collections.abc import Callable

import pygame

from iot_facerecognition_edge.connection.introduction import Declined
from iot_facerecognition_edge.screens.interface import Key
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.controls import Button
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.ui.stage import Layer
from iot_facerecognition_edge.ui.typeface import Style
from iot_facerecognition_edge.views.face_boxes import fitted
from iot_facerecognition_edge.views.picture import Plate, PreviewWidget
from iot_facerecognition_edge.views.view import Navigator
from iot_facerecognition_protocol import CameraState
from iot_facerecognition_protocol.pairing.text import (
    PairingText,
    PairingTextError,
    parse_pairing_text,
)

_PREVIEW_INTERVAL = 1 / 30
_SCAN_INTERVAL = 0.2
"""Seconds from the beginning of one search to the next, at least: the picture has to move, too."""
_HINT = ("Hold the QR code that the server's", "pair NAME shows before the camera")


class ScanLayer(Layer):
    """Runs the camera until a pairing text is read, or somebody goes back."""

    opaque = True

    def __init__(
        self,
        navigator: Navigator,
        on_read: Callable[[PairingText], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(navigator.look)
        self._appliance = navigator.appliance
        self._on_read = on_read
        self._on_close = on_close
        self.picture = self.add(PreviewWidget(self.look))
        self.hint = self.add(Plate(self.look))
        self.back_button = self.add(Button(self.look, on_close, icon=Icon.BACK))
        self.hint.kept = self.back_button.kept = True
        self._searching = False
        self._searched_at = 0.0
        self._searched = 0.0
        self._open = True
        self._camera_ran = self._appliance.camera.state is not CameraState.OFF
        self._appliance.open_camera(self.look.size)

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        self.picture.place(rect)
        top = rect.y + metrics.gap
        self.back_button.place(
            pygame.Rect(rect.x + metrics.gap, top, metrics.target, metrics.target)
        )
        self._say(_HINT)

    def draw(self, canvas: pygame.Surface) -> None:
        """Draw nothing: the picture and its margins cover the page."""

    def key(self, key: Key) -> None:
        if key is Key.ESCAPE:
            self._on_close()

    def advance(self, now: float) -> float | None:
        if not self._open:
            return None
        self._show_camera()
        preview = self._appliance.preview()
        self.picture.show(preview)
        due = now >= self._searched_at + _SCAN_INTERVAL
        if preview is not None and preview.time != self._searched and due and not self._searching:
            self._searching, self._searched, self._searched_at = True, preview.time, now
            mirrored = self._mirrored("horizontal") != self._mirrored("vertical")
            self._appliance.introduction.read(preview, self._answered, mirrored=mirrored)
        return now + _PREVIEW_INTERVAL

    def _show_camera(self) -> None:
        status = self._appliance.camera
        if status.state is not CameraState.RUNNING or status.capabilities is None:
            self.picture.lay(self.rect, through=False)
            self.picture.keep_words_within(self.back_button.rect.bottom, self.hint.rect.y)
            self.picture.say(with_labels(status.text) or "The camera is starting")
            return
        self.picture.say("")
        whole = (self.rect.x, self.rect.y, self.rect.width, self.rect.height)
        self.picture.lay(pygame.Rect(fitted(status.capabilities.size, whole)), through=False)

    def _mirrored(self, way: str) -> bool:
        """Return whether the camera mirrors its pictures, as its settings want it."""
        name = f"mirror_{way}"
        controls = self._appliance.camera_controls or frozenset()
        return name in controls and bool(self._appliance.settings.value(f"camera.{name}"))

    def _answered(self, found: str | Declined | None) -> None:
        """Take what was read in a picture."""
        if not self._open:
            return
        if isinstance(found, Declined):
            self._say((found.reason,))  # and search no more: the next picture would say the same
            return
        self._searching = False
        if found is None:
            return
        try:
            text = parse_pairing_text(found)
        except PairingTextError as error:
            self._say((str(error),))
        else:
            self._on_close()
            self._on_read(text)

    def _say(self, sentences: tuple[str, ...]) -> None:
        look, gap = self.look, self.look.metrics.gap
        font, room = look.type.font(Style.SMALL), self.rect.width - 4 * gap
        lines = [line for words in sentences for line in look.type.wrap(words, font, room)]
        place = pygame.Rect((0, 0), self.hint.natural_size(lines, self.rect.width - 2 * gap))
        place.midbottom = (self.rect.centerx, self.rect.bottom - gap)
        self.hint.show(lines, place)

    def removed(self) -> None:
        """Give the camera back, unless the page beneath runs it."""
        self._open = False
        if not self._camera_ran:
            self._appliance.close_camera()
