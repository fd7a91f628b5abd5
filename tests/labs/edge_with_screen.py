"""The appliance with its camera view on a framebuffer in a file, for `test_armv6`.

    edge_with_screen.py STATE FRAMEBUFFER JPEG PREVIEW KEY=VALUE…

Everything is the appliance's own but two things that are hardware: the camera, which takes the same
JPEG fifteen times a second with PREVIEW, 448 by 252 pixels in BGRX, next to it; and the kernel's
answer about the framebuffer, 480 by 320 pixels of RGB565. Needs nothing that is not on the device.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from iot_facerecognition_edge.postponed import postpone

postpone()

from iot_facerecognition_edge import assembly  # noqa: E402 - after postpone(), as in `cli`
from iot_facerecognition_edge.appliance import Appliance  # noqa: E402
from iot_facerecognition_edge.cameras import (  # noqa: E402
    Capabilities,
    Picture,
    PixelFormat,
    PreviewImage,
)
from iot_facerecognition_edge.screens.lean import load_pygame  # noqa: E402
from iot_facerecognition_edge.settings import setting  # noqa: E402

load_pygame()

from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo  # noqa: E402
from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen  # noqa: E402
from iot_facerecognition_edge.views.app import App  # noqa: E402
from iot_facerecognition_edge.views.view import Page  # noqa: E402

SCREEN, PREVIEW = (480, 320), (448, 252)
INFO = FramebufferInfo(
    width=SCREEN[0],
    height=SCREEN[1],
    bits=16,
    stride=SCREEN[0] * 2,
    offset=0,
    length=SCREEN[0] * SCREEN[1] * 2,
    masks=(0xF800, 0x07E0, 0x001F),
    opaque=0,
)


class StillCamera:
    """Takes the same picture again and again, on the event loop."""

    plane = None
    capabilities = Capabilities("still", (1280, 720), 15.0)

    def __init__(self, jpeg: bytes, preview: bytes) -> None:
        self._jpeg, self._pixels = jpeg, preview
        self._number = 0
        self._fetched = True
        self._timer: asyncio.TimerHandle | None = None

    def start(self, preview: object, arrived: Callable[[], None], failed: object) -> None:
        """Begin. Called on a worker thread, as a camera's driver may block."""
        self._arrived = arrived
        LOOP.call_soon_threadsafe(self._expose)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    def newest(self) -> Picture | None:
        """Return the picture if it was not fetched yet."""
        if self._fetched:
            return None
        self._fetched = True
        return Picture(self._jpeg, time.monotonic(), self._number)

    def preview(self) -> PreviewImage:
        """Return the small picture."""
        return PreviewImage(*PREVIEW, PixelFormat.BGRX, self._pixels, self._number / 15)

    def apply(self, settings: object) -> tuple[str, ...]:
        """Change nothing."""
        return ()

    def _expose(self) -> None:
        self._number += 1
        self._fetched = False
        self._arrived()
        self._timer = LOOP.call_later(1 / 15, self._expose)


async def show(appliance: Appliance) -> None:
    """Show the camera view until the appliance stops."""
    screen = FramebufferScreen(Path(sys.argv[2]), info_of=lambda _: INFO)
    app = App(appliance, screen)
    app.open(Page.CAMERA)
    while not appliance.stopping.is_set():
        app.step(screen.events(), appliance.clock())
        await asyncio.sleep(1 / 60)
    app.close()
    screen.close()


def main() -> None:
    """Run it until SIGTERM."""
    state, _, jpeg, preview = map(Path, sys.argv[1:5])
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    camera = StillCamera(jpeg.read_bytes(), preview.read_bytes())
    assembly.open_camera = lambda *_: camera  # type: ignore[assignment, return-value]
    overrides = {}
    for word in sys.argv[5:]:
        key, _, value = word.partition("=")
        overrides[key] = setting(key).parse(value)
    LOOP.run_until_complete(assembly.run(assembly.Options(state, overrides), show))


if __name__ == "__main__":
    LOOP = asyncio.new_event_loop()
    main()
