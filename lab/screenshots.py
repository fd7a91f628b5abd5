"""Pictures of every view from a running appliance, as a person's finger would come to them.

The appliance is the real one with a screen in memory: it connects to the server of the settings and
looks through the camera of the settings. Each view is taken in dark and light, in each size.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pygame

from iot_facerecognition_client import State
from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.assembly import Options, build
from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.settings import Value
from iot_facerecognition_edge.statistics.recorder import SAMPLE_INTERVAL
from iot_facerecognition_edge.ui.widget import Widget
from iot_facerecognition_edge.views.app import App
from iot_facerecognition_edge.views.calibrate import CalibrateTouch
from iot_facerecognition_edge.views.camera import CameraView
from iot_facerecognition_edge.views.main import MainView
from iot_facerecognition_edge.views.pin_entry import PinEntry
from iot_facerecognition_edge.views.settings import SettingsView
from iot_facerecognition_edge.views.statistics import StatisticsPopup, StatisticsView
from iot_facerecognition_protocol.records import dataclass

SIZES = ((480, 320), (800, 480))
_STEP = 0.02
_PATIENCE = 60.0
FIRST_FIGURES = 6.0
"""Seconds after which the charts have something to show."""


class NothingSeenError(Exception):
    """What a picture was waiting for did not happen in time."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """What the camera sees, as `camera.source`: a known face, and an unknown one.

    Empty is the camera of the settings.
    """

    known: str = ""
    unknown: str = ""


class StillPanel:
    """A touch panel that nobody touches, for the picture of the crosses."""

    measured = None

    def calibrate(self, calibration: Calibration) -> None:
        """Change nothing: there is nothing to map."""

    def on_panel(self, u: float, v: float) -> tuple[float, float]:
        """Return the same place."""
        return u, v


class Photographer:
    """Walks through the views of one appliance on one screen and keeps pictures of them."""

    def __init__(
        self,
        appliance: Appliance,
        size: tuple[int, int],
        folder: Path,
        scenes: Scenes,
        *,
        settle: float = FIRST_FIGURES,
    ) -> None:
        """`settle` is how long the camera runs before its first picture, in seconds."""
        self._appliance = appliance
        self._screen = MemoryScreen(size)
        self._app = App(appliance, self._screen)
        self._folder = folder
        self._scenes = scenes
        self._settle = settle
        folder.mkdir(parents=True, exist_ok=True)
        dark = appliance.settings.display.dark
        self._suffix = f"{size[0]}x{size[1]}-{'dark' if dark else 'light'}"
        self.taken: list[Path] = []

    async def walk(self) -> None:
        """Take all pictures. Raises NothingSeenError."""
        await self._pass(0.1)
        await self._until(lambda: self._app.toasts.shown is None, "the toasts to leave")
        self._keep("main")
        for visit in (self._connect, self._camera, self._pages, self._message):
            await visit()
        self._app.close()

    # The views.

    def _main(self) -> MainView:
        assert isinstance(self._app.view, MainView)
        return self._app.view

    async def _connect(self) -> None:
        await self._tap(self._main().status)
        self._keep("connect")
        await self._tap_at((3, 3))

    async def _camera(self) -> None:
        view = await self._look(self._scenes.known)
        boxes = view.faces
        objects = self._appliance.settings.recognition.objects
        await self._until(
            lambda: any(box.known for box in boxes.boxes) and (view.objects.visible or not objects),
            "a face that the server knows",
        )
        self._keep("camera")
        await self._tap(view.statistics_button)
        popup = next(la for la in self._app.stage.layers if isinstance(la, StatisticsPopup))
        await self._until(lambda: bool(boxes.boxes), "a face")
        self._keep("camera-statistics")
        await self._tap(popup.cross)
        await self._tap(view.adjust_button)
        await self._until(lambda: bool(boxes.boxes), "a face")
        self._keep("camera-settings")
        await self._tap(self._top().cross)
        await self._tap(view.back_button)
        view = await self._look(self._scenes.unknown)
        unknown = view.faces
        await self._until(
            lambda: bool(unknown.boxes) and not any(box.known for box in unknown.boxes),
            "a face that the server does not know",
        )
        self._keep("camera-unknown")
        await self._tap(view.back_button)

    async def _look(self, scene: str) -> CameraView:
        """Open the camera's page with this camera."""
        if scene:
            self._appliance.settings.override("camera.source", scene)
        await self._tap(self._main().tiles["Camera"])
        view = self._app.view
        assert isinstance(view, CameraView)
        await self._pass(self._settle)
        return view

    async def _pages(self) -> None:
        for tile in ("Statistics", "Logs", "Settings", "About"):
            await self._tap(self._main().tiles[tile])
            view = self._app.view
            self._keep(tile.lower())
            if isinstance(view, StatisticsView):
                await self._charts(view)
            elif isinstance(view, SettingsView):
                await self._groups(view)
            self._app.back()
            await self._pass(0.1)

    async def _groups(self, view: SettingsView) -> None:
        """Take the pages of the form, and what opens from them."""
        for group in ("recognition", "camera", "display", "device"):
            view.show_group(group)
            await self._pass(0.1)
            self._keep(f"settings-{group}")
            if view.resolution is not None:
                await self._tap(view.resolution.value)
                self._keep("settings-resolution")
                await self._tap_at((3, 3))
        self._app.push(PinEntry(self._app, lambda: None))
        self._top().typed("2718")
        await self._pass(0.1)
        self._keep("pin")
        self._app.remove(self._top())
        self._app.push(CalibrateTouch(self._app, StillPanel()))
        await self._pass(0.1)
        self._keep("calibrate")
        self._app.remove(self._top())

    def _top(self) -> Any:
        """Return what lies on top, below the toasts."""
        return self._app.stage.layers[-2]

    async def _charts(self, view: StatisticsView) -> None:
        """Take every chart, the last of them with a finger held on it too."""
        for chart, card in view.board.cards.items():
            view.board.reveal(card)
            await self._pass(0.6)
            self._keep(f"statistics-{chart.replace('_', '-')}")
        self._screen.push(Pointer(TouchPhase.DOWN, *card.rect.center))
        await self._pass(0.3)
        self._keep("statistics-history")
        self._screen.push(Pointer(TouchPhase.UP, *card.rect.center))
        await self._pass(0.1)

    async def _message(self) -> None:
        await self._tap(self._main().tiles["Message"])
        self._top().typed("Somebody is at the door")
        await self._pass(0.1)
        self._keep("message")

    # The finger, time and the film.

    async def _tap(self, widget: Widget) -> None:
        await self._tap_at(widget.rect.center)

    async def _tap_at(self, place: tuple[int, int]) -> None:
        self._screen.push(Pointer(TouchPhase.DOWN, *place), Pointer(TouchPhase.UP, *place))
        await self._pass(0.15)

    async def _pass(self, seconds: float) -> None:
        end = self._appliance.clock() + seconds
        while self._appliance.clock() < end:
            self._draw()
            await asyncio.sleep(_STEP)
        self._draw()

    async def _until(self, seen: Callable[[], bool], what: str) -> None:
        """Wait until `seen` has held for a while: results are older than the picture."""
        clock = self._appliance.clock
        end, since = clock() + _PATIENCE, clock()
        while clock() < since + min(1.0, self._settle):
            if clock() > end:
                raise NothingSeenError(f"waited {_PATIENCE:.0f} s for {what}")
            self._draw()
            if not seen():
                since = clock()
            await asyncio.sleep(_STEP)

    def _draw(self) -> None:
        self._app.step(self._screen.events(), self._appliance.clock())

    def _keep(self, name: str) -> None:
        """Write a picture; those with a photo in them as JPEG."""
        ending = "jpg" if name.startswith("camera") else "png"
        path = self._folder / f"{name}-{self._suffix}.{ending}"
        pygame.image.save(self._screen.canvas, str(path))
        self.taken.append(path)


async def take(
    folder: Path,
    overrides: dict[str, Value],
    scenes: Scenes,
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> list[Path]:
    """Run an appliance with these settings and return the pictures of its views.

    Raises EdgeError where the settings are wrong, NothingSeenError without server or faces.
    """
    taken: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="iot-facerecognition-") as state:
        graph = build(Options(Path(state), overrides))
        appliance = graph.appliance
        appliance.start()
        sampling = asyncio.create_task(_sample(appliance))
        try:
            appliance.connect()
            await _connected(appliance)
            for size in sizes:
                for dark in (True, False):
                    appliance.settings.override("display.dark", dark)
                    photographer = Photographer(appliance, size, folder, scenes)
                    await photographer.walk()
                    taken += photographer.taken
        finally:
            sampling.cancel()
            appliance.close_camera()
            await _closing(appliance.stop(), graph.settings_keeper.close())
            graph.log_keeper.close()
    return taken


async def _closing(*work: Awaitable[None]) -> None:
    for one in work:
        await one


async def _sample(appliance: Appliance) -> None:
    while True:
        await asyncio.sleep(SAMPLE_INTERVAL)
        appliance.tick()


async def _connected(appliance: Appliance) -> None:
    end = appliance.clock() + _PATIENCE
    while appliance.connection.state is not State.CONNECTED:
        if appliance.connection.state is State.REFUSED or appliance.clock() > end:
            raise NothingSeenError(f"no connection: {appliance.connection.text}")
        await asyncio.sleep(_STEP)
