"""The camera's picture, full screen, with what the server recognised in it."""

# ruff: noqa: D102 - overridden methods are those of `Widget` and `View`, told there

import pygame

from iot_facerecognition_client import State
from iot_facerecognition_client.tag_layout import Rectangle
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.events import CameraChanged, ConnectionChanged, Event
from iot_facerecognition_edge.settings import SettingChanged
from iot_facerecognition_edge.settings.labels import with_labels
from iot_facerecognition_edge.ui.colours import parse_colour
from iot_facerecognition_edge.ui.controls import Button
from iot_facerecognition_edge.ui.icons import Icon
from iot_facerecognition_edge.views.camera_controls import CameraControls
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.face_boxes import face_boxes, fitted
from iot_facerecognition_edge.views.link_plate import LinkPlate
from iot_facerecognition_edge.views.overlay import Overlay
from iot_facerecognition_edge.views.picture import Faces, FaceTags, Plate, PreviewWidget
from iot_facerecognition_edge.views.statistics import StatisticsPopup
from iot_facerecognition_edge.views.view import Navigator, Page, View
from iot_facerecognition_protocol import CameraState, ObjectLabel

_PREVIEW_INTERVAL = 1 / 30
"""Seconds between looks for another picture; cameras here give at most 30 a second."""
_FIGURES_INTERVAL = 0.5


class CameraView(View):
    """Runs the camera for as long as it is open."""

    def __init__(self, navigator: Navigator) -> None:
        super().__init__(navigator, None)
        look, settings = self.look, self.appliance.settings
        self.picture = self.add(PreviewWidget(look))
        self.faces = self.add(
            Faces(
                look,
                parse_colour(settings.display.accent_colour),
                settings.display.line_width,
                settings.display.label_size,
                self._picture_rect,
            )
        )
        self.objects = self.add(Plate(look))
        self.traffic = self.add(Plate(look))
        self.fps = self.add(Plate(look))
        self._tags = self.add(FaceTags(look, self.faces))
        self.back_button = self.add(Button(look, navigator.back, icon=Icon.BACK))
        self.settings_button = self.add(
            Button(look, lambda: navigator.open(Page.SETTINGS), icon=Icon.SETTINGS)
        )
        self.adjust_button = self.add(Button(look, self._adjust, icon=Icon.ADJUST))
        self.statistics_button = self.add(Button(look, self._statistics, icon=Icon.CHART))
        self.link_plate = self.add(LinkPlate(look, self._connect))
        # These lie above a picture that changes many times a second; they do not.
        for widget in (
            self.objects, self.traffic, self.fps,
            self.back_button, self.settings_button, self.adjust_button, self.statistics_button,
        ):  # fmt: skip
            widget.kept = True
        self._popup: StatisticsPopup | CameraControls | None = None
        self._overlay = Overlay(settings)
        self._figures_at: float | None = None

    # The camera runs only while this view is open.

    def opened(self) -> None:
        self.appliance.open_camera(self.look.size)
        self._follow(self.appliance.camera)

    def closed(self) -> None:
        self._close_popup()
        self.navigator.screen.close_plane()
        self.appliance.close_camera()

    def accept(self, event: Event) -> None:
        self._overlay.accept(event)
        if isinstance(event, CameraChanged):
            self._follow(event.status)
        elif isinstance(event, ConnectionChanged):
            if event.connection.state is not State.CONNECTED:
                self._overlay.clear()
            self._show_figures()
        elif isinstance(event, SettingChanged):
            self._figures_at = None
            if isinstance(self._popup, CameraControls):
                self._popup.refresh()

    def _follow(self, status: CameraStatus) -> None:
        """Show what the camera is doing."""
        running = status.state is CameraState.RUNNING
        capabilities = status.capabilities
        if not running or capabilities is None:
            self._overlay.clear()
            self.navigator.screen.close_plane()
            self.picture.lay(self.rect, through=False)
            self.picture.say(with_labels(status.text) or "The camera is starting")
            return
        area = pygame.Rect(fitted(capabilities.size, self._whole()))
        through = capabilities.plane and self.navigator.screen.open_plane(area)
        self.picture.say("")
        self.picture.lay(area, through=through)

    # Places.

    def arrange(self) -> None:
        metrics, rect = self.look.metrics, self.rect
        self.picture.place(rect)
        self.faces.place(rect)
        self._tags.place(rect)
        target, gap = metrics.target, metrics.gap
        left, top = rect.x + gap, rect.y + gap
        self.back_button.place(pygame.Rect(left, top, target, target))
        right = rect.right - gap - target
        self.statistics_button.place(pygame.Rect(right, top, target, target))
        for button in (self.settings_button, self.adjust_button):
            right -= gap + target
            button.place(pygame.Rect(right, top, target, target))

    def draw(self, canvas: pygame.Surface) -> None:
        """Draw nothing: the picture and its margins cover the page."""

    def _whole(self) -> Rectangle:
        return self.rect.x, self.rect.y, self.rect.width, self.rect.height

    def _picture_rect(self) -> Rectangle:
        area = self.picture.area
        return area.x, area.y, area.width, area.height

    # What it shows.

    def advance(self, now: float) -> float | None:
        preview = self.appliance.preview()
        scene = None if preview is None else preview.scene
        if scene is not None and self.appliance.camera.state is CameraState.RUNNING:
            # Of photos each has proportions of its own.
            self.picture.lay(pygame.Rect(fitted(scene.size, self._whole())), through=False)
        self.picture.show(preview)
        if self._overlay.size[0] and self.picture.area.width:
            faces = self._overlay.faces(now, scene)
            self.faces.show(face_boxes(faces, self._overlay.size, self._picture_rect()))
        if self._figures_at is None or now >= self._figures_at + _FIGURES_INTERVAL:
            self._figures_at = now
            self._show_figures()
        self._show_objects(self._overlay.objects(now, scene))
        return now + _PREVIEW_INTERVAL

    def _show_figures(self) -> None:
        settings, gap = self.appliance.settings, self.look.metrics.gap
        area = self._uncovered()
        bottom = area.bottom - gap
        traffic = self.appliance.traffic
        words = [f"sent {amount(traffic.sent)} · received {amount(traffic.received)}"]
        place = self._plate(self.traffic, words, settings.display.show_traffic)
        place.midbottom = (area.centerx, bottom)
        fps_words = [f"{self.appliance.fps:.0f} FPS"]
        corner = self._plate(self.fps, fps_words, settings.display.show_fps)
        corner.bottomright = (area.right - gap, bottom)
        if self.fps.visible and place.right > corner.x - gap:
            place.right = corner.x - gap
        # Next to the statistics, which tell the same, there may be no room.
        self.traffic.visible &= place.x >= area.x + gap
        self.fps.visible &= corner.x >= area.x + gap
        self.traffic.show(words, place)
        self.fps.show(fps_words, corner)
        self._show_link(area, min(place.y, corner.y))

    def _show_link(self, area: pygame.Rect, bottom: int) -> None:
        """Say between the buttons and the figures that there is no server, while that is so."""
        gap = self.look.metrics.gap
        top = self.back_button.rect.bottom + gap
        room = pygame.Rect(area.x + gap, top, area.width - 2 * gap, bottom - gap - top)
        self.link_plate.show(self.appliance.connection, room)
        plate = self.link_plate
        self.picture.keep_words_within(plate.rect.bottom if plate.visible else top, bottom)

    def _connect(self) -> None:
        self.navigator.guard(lambda: self.navigator.push(ConnectPopup(self.navigator)))

    def _uncovered(self) -> pygame.Rect:
        """Return what the statistics leave of the page."""
        area = pygame.Rect(self.rect)
        if self._popup is not None:
            popup = self._popup.rect
            if popup.x > area.x:
                area.width = popup.x - area.x
            else:
                area.height = popup.y - area.y
        return area

    def _plate(self, plate: Plate, words: list[str], wanted: bool) -> pygame.Rect:
        plate.visible = wanted
        return pygame.Rect((0, 0), plate.natural_size(words, self.rect.width))

    def _show_objects(self, labels: tuple[ObjectLabel, ...]) -> None:
        """List the labels in the bottom left corner, above the traffic where both want it."""
        lines = [f"{100 * label.prediction:.0f} %  {label.label}" for label in labels]
        gap = self.look.metrics.gap
        area = self._uncovered()
        self.objects.visible = bool(lines) and area.width > self.look.metrics.target * 2
        if not self.objects.visible:
            return
        size = self.objects.natural_size(lines, min(self.rect.width // 2, area.width - 2 * gap))
        place = pygame.Rect((0, 0), size)
        place.bottomleft = (area.x + gap, area.bottom - gap)
        for plate in (self.traffic, self.fps):
            if plate.visible and place.inflate(gap, 0).colliderect(plate.rect):
                place.bottom = plate.rect.y - gap // 2
        room = place.bottom - self.back_button.rect.bottom - gap
        while place.height > room and len(lines) > 1:
            lines.pop()
            height = self.objects.natural_size(lines, size[0])[1]
            place = pygame.Rect(place.x, place.bottom - height, place.width, height)
        self.objects.show(lines, place)

    # What opens over the picture, which goes on.

    def _statistics(self) -> None:
        self._open(StatisticsPopup(self.navigator, self._close_popup))

    def _adjust(self) -> None:
        self.navigator.guard(lambda: self._open(CameraControls(self.navigator, self._close_popup)))

    def _open(self, popup: StatisticsPopup | CameraControls) -> None:
        self._popup = popup
        self.navigator.push(popup, popup.natural_place(self.rect))
        self._show_figures()

    def _close_popup(self) -> None:
        if self._popup is not None:
            self.navigator.remove(self._popup)
            self._popup = None
            self._show_figures()


def amount(size: int) -> str:
    """Return a number of bytes for people, in units of 1000."""
    for power, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size} B"
