"""Runs the camera while it is wanted, and again when it fails."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.interface import (
    Camera,
    Capabilities,
    Picture,
    PreviewImage,
    PreviewPlane,
)
from iot_facerecognition_edge.capture.status import CameraStatus
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_protocol import CameraState
from iot_facerecognition_protocol.rates import RecentRate
from iot_facerecognition_protocol.records import dataclass

SILENCE = 10.0
"""Seconds without a picture after which a running camera is taken for broken."""
_LOOK = 1.0
"""Seconds between two looks at it."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class _Wish:
    """That the camera runs, with a preview of about that size if any."""

    preview: tuple[int, int] | None


class Capture:
    """One camera at a time, started and stopped on a thread of its own: drivers may block.

    `open_camera` makes the camera that the settings name; `deliver` gets every picture that was
    fetched in time, `changed` every change of `status`, `warned` sentences for people, `moved`
    each sign of life; all on the loop's thread.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        apply: Callable[[Camera], tuple[str, ...]],
        *,
        deliver: Callable[[Picture], None],
        changed: Callable[[CameraStatus], None],
        warned: Callable[[str], None],
        moved: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._open_camera = open_camera
        self._apply = apply
        self._deliver = deliver
        self._changed = changed
        self._warned = warned
        self._moved = moved
        self._clock = clock
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="camera")
        self._wish: _Wish | None = None
        self._news = asyncio.Event()
        self._camera: Camera | None = None
        self._failure: str | None = None
        self._rate = RecentRate(1.0)
        self._last = 0.0
        self._number = 0
        self.missed = 0
        """Pictures that nobody fetched in time."""
        self.status = CameraStatus(CameraState.OFF, "the camera is off")
        self.scene = Scene(0, (0, 0))
        """What pictures show that do not tell by themselves; its size is (0, 0) at first."""

    @property
    def wanted(self) -> bool:
        """Whether the camera is to run."""
        return self._wish is not None

    @property
    def state(self) -> CameraState:
        """What the camera is doing; while it is wanted, a restart is no pause."""
        if not self.wanted:
            return CameraState.OFF
        return CameraState.STARTING if self.status.state is CameraState.OFF else self.status.state

    def want(self, preview: tuple[int, int] | None) -> None:
        """Let the camera run, with a preview of about that size if any."""
        self._wish = _Wish(preview)
        self._news.set()

    def release(self) -> None:
        """Let the camera stop."""
        self._wish = None
        self._news.set()

    def follow_settings(self) -> None:
        """Let a running camera's controls follow the settings."""
        if self._camera is not None and self.status.state is CameraState.RUNNING:
            for sentence in self._apply(self._camera):
                self._warned(sentence)

    def fps(self, now: float) -> float:
        """Return the pictures of the last second."""
        return self._rate.rate(now)

    def preview(self) -> PreviewImage | None:
        """Return the newest preview, None without one."""
        return None if self._camera is None else self._camera.preview()

    def plane(self) -> PreviewPlane | None:
        """Return the camera's hardware preview, where it has one."""
        return None if self._camera is None else self._camera.plane

    async def run(self) -> None:
        """Keep the camera as it is wanted, until cancelled; then it is off."""
        pause = _FIRST_PAUSE
        held: _Wish | None = None
        try:
            while True:
                if self._failure is not None:
                    await self._stop(CameraState.FAILED, self._failure)
                    held = None
                    if self._wish is not None and not await self._news_within(pause):
                        pause = min(pause * 2, _LONGEST_PAUSE)
                    self._failure = None
                    if self._wish is None:
                        self._show(CameraState.OFF, "the camera is off")
                if self._wish != held:
                    self._news.clear()
                    held = await self._follow(self._wish)
                    continue
                if held is None:
                    await self._news_within(None)
                elif not await self._news_within(_LOOK):
                    if self._clock() - self._last > SILENCE:
                        self._failure = f"camera: no picture for {SILENCE:.0f} seconds"
                    elif self._rate.rate(self._clock()) > 0:
                        pause = _FIRST_PAUSE
        finally:
            await self._stop(CameraState.OFF, "the camera is off")
            self._executor.shutdown(wait=False)

    async def _news_within(self, seconds: float | None) -> bool:
        """Wait for a wish or a failure; False when `seconds` passed without."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True

    async def _follow(self, wish: _Wish | None) -> _Wish | None:
        """Stop what runs and start what is wished for; return what runs now."""
        await self._stop(CameraState.OFF, "the camera is off")
        if wish is None:
            return None
        self._moved()
        self._show(CameraState.STARTING, "the camera starts")
        loop = asyncio.get_running_loop()

        def arrived() -> None:
            loop.call_soon_threadsafe(self._fetch)

        def failed(reason: str) -> None:
            loop.call_soon_threadsafe(self._fail, reason)

        try:
            self._camera = camera = self._open_camera()
            await loop.run_in_executor(self._executor, camera.start, wish.preview, arrived, failed)
        except CameraError as error:
            self._failure = str(error)
            return None
        self._last = self._clock()
        self._number = 0
        self._moved()
        capabilities = camera.capabilities
        width, height = capabilities.size
        self.scene = Scene(0, capabilities.size, capabilities.turn)
        text = f"{capabilities.name}, {width}x{height} at {capabilities.fps:g} fps"
        self._show(CameraState.RUNNING, text, capabilities)
        self.follow_settings()
        self._fetch()
        return wish

    async def _stop(self, state: CameraState, text: str) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            self._moved()
            loop = asyncio.get_running_loop()
            await asyncio.shield(loop.run_in_executor(self._executor, camera.stop))
            self._moved()
        if self.status.state is not state or self.status.text != text:
            self._show(state, text)

    def _fetch(self) -> None:
        if self._camera is None or self.status.state is not CameraState.RUNNING:
            return  # what its pictures show, and how they are turned, is known when it has started
        picture = self._camera.newest()
        if picture is None:
            return
        now = self._clock()
        if self._number:
            self.missed += max(0, picture.number - self._number - 1)
        self._number = picture.number
        self._last = now
        self._rate.count(now)
        self._moved()
        self._deliver(picture)

    def _fail(self, reason: str) -> None:
        if self._camera is not None:
            self._failure = reason
            self._news.set()

    def _show(
        self, state: CameraState, text: str, capabilities: Capabilities | None = None
    ) -> None:
        self.status = CameraStatus(state, text, capabilities)
        self._changed(self.status)
