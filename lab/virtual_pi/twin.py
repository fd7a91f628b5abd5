"""What the emulated screen should show: the same appliance on this machine, on a screen in memory.

The twin has the server, the picture and the settings of the virtual Pi, and is led to the same
pages. So places to touch and pictures to compare with come out of the views themselves.
"""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pygame
from PIL import Image

from iot_facerecognition_client import State
from iot_facerecognition_client.tag_layout import Rectangle
from iot_facerecognition_edge.assembly import Options, build
from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.settings import Value
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.camera import CameraView
from iot_facerecognition_edge.views.face_boxes import FaceBox
from iot_facerecognition_edge.views.main import MainView
from iot_facerecognition_edge.views.picture import Faces
from iot_facerecognition_edge.views.settings import SettingsView

_STEP = 0.02
_PATIENCE = 60.0


class TwinError(Exception):
    """The twin did not come to the page in time; the message says to which."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Places in pixels of the screen, and pictures of it.

    `box` is the frame around the named face, `tag` where its name stands; `other_tag` is the same
    place with another name in it.
    """

    camera_tile: tuple[int, int]
    settings_button: tuple[int, int]
    main: Image.Image
    camera: Image.Image
    settings: Image.Image
    box: Rectangle
    tag: Rectangle
    other_tag: Image.Image


def expected(
    size: tuple[int, int], settings: Mapping[str, Value], name: str, other: str
) -> Expected:
    """Return what a screen of `size` shows with these settings once `name` was recognised.

    `other` is the name in `Expected.other_tag`. Raises TwinError.
    """
    with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as state:
        return asyncio.run(_run(Options(Path(state), settings), size, name, other))


async def _run(options: Options, size: tuple[int, int], name: str, other: str) -> Expected:
    graph = build(options)
    appliance = graph.appliance
    appliance.start()
    twin = _Twin(App(appliance, screen := MemoryScreen(size)), screen)
    try:
        return await twin.walk(name, other)
    finally:
        twin.app.close()
        appliance.close_camera()
        await appliance.stop()
        await graph.settings_keeper.close()
        graph.log_keeper.close()


class _Twin:
    def __init__(self, app: App, screen: MemoryScreen) -> None:
        self.app = app
        self._screen = screen

    async def walk(self, name: str, other: str) -> Expected:
        main = self.app.view
        assert isinstance(main, MainView)
        connected = State.CONNECTED
        await self._until(lambda: self.app.appliance.connection.state is connected, "a connection")
        await self._until(lambda: self.app.toasts.shown is None, "the toast of it to leave")
        first = self._picture()
        tile = main.tiles["Camera"]
        await self._tap(tile)
        view = self.app.view
        assert isinstance(view, CameraView)
        await self._until(lambda: _named(view, name) is not None, f"the face of {name}")
        box = _named(view, name)
        assert box is not None
        tag, camera = view.faces.tag(box), self._picture()
        other_tag = _with_other_name(view.faces, box, other, self._screen.size).crop(_corners(tag))
        await self._tap(view.settings_button)
        assert isinstance(self.app.view, SettingsView)
        return Expected(
            tile.rect.center,
            view.settings_button.rect.center,
            first,
            camera,
            self._picture(),
            box.rect,
            (tag.x, tag.y, tag.width, tag.height),
            other_tag,
        )

    async def _tap(self, widget: Widget) -> None:
        place = widget.rect.center
        self._screen.push(Pointer(TouchPhase.DOWN, *place), Pointer(TouchPhase.UP, *place))
        for _ in range(10):
            await self._step()

    async def _until(self, seen: Callable[[], bool], what: str) -> None:
        clock = self.app.appliance.clock
        end = clock() + _PATIENCE
        while not seen():
            if clock() > end:
                raise TwinError(f"waited {_PATIENCE:.0f} seconds for {what} on this machine")
            await self._step()

    async def _step(self) -> None:
        self.app.step(self._screen.events(), self.app.appliance.clock())
        await asyncio.sleep(_STEP)

    def _picture(self) -> Image.Image:
        return _as_image(self._screen.canvas)


def _named(view: CameraView, name: str) -> FaceBox | None:
    return next((box for box in view.faces.boxes if box.tag == name), None)


def _with_other_name(faces: Faces, box: FaceBox, other: str, size: tuple[int, int]) -> Image.Image:
    """Return a black screen with `box`, drawn as `faces` does, but with another name."""
    renamed = FaceBox(box.rect, other)
    canvas = pygame.Surface(size, 0, 32)
    faces.show([renamed])
    faces.draw_tags(canvas)
    return _as_image(canvas)


def _as_image(canvas: pygame.Surface) -> Image.Image:
    pixels = pygame.image.tobytes(canvas, "RGB")
    return Image.frombytes("RGB", canvas.get_size(), pixels)


def _corners(rect: pygame.Rect) -> tuple[int, int, int, int]:
    return rect.left, rect.top, rect.right, rect.bottom
