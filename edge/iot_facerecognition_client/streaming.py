"""From a source's thread to a client's event loop."""

import asyncio
import threading
from collections.abc import Callable

from iot_facerecognition_client.client import Client
from iot_facerecognition_client.sources.interface import FrameSource, SourceFrame


class Handover:
    """Room for one frame between two threads: the newest wins, so that nothing piles up.

    Any thread calls it with a frame; `client.send` happens on the loop's thread.
    """

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop
        self._lock = threading.Lock()
        self._newest: SourceFrame | None = None

    def __call__(self, frame: SourceFrame) -> None:
        """Hand `frame` over and return at once."""
        with self._lock:
            idle = self._newest is None
            self._newest = frame
        if idle:
            self._loop.call_soon_threadsafe(self._send)

    def _send(self) -> None:
        with self._lock:
            frame, self._newest = self._newest, None
        if frame is not None:
            self._client.send(
                frame.jpeg, captured=frame.captured, mark=frame.index, scene=frame.scene
            )


class SourceStream:
    """A thread that takes frames from a source as they come.

    `deliver` gets each frame and `ended` is told, once, that there are no more: with the error that
    ended them, or None. Both are called on the stream's thread.
    """

    def __init__(
        self,
        source: FrameSource,
        deliver: Callable[[SourceFrame], None],
        ended: Callable[[Exception | None], None],
    ) -> None:
        self._source = source
        self._deliver = deliver
        self._ended = ended
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the source and the thread. Raises SourceError."""
        if self._thread is not None:
            raise RuntimeError("the stream is started already")
        self._source.start()
        self._thread = threading.Thread(target=self._run, name="frame source", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the source and wait for its thread; then it may be started again."""
        self._source.stop()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        try:
            while (frame := self._source.next_frame()) is not None:
                self._deliver(frame)
        except Exception as error:  # noqa: BLE001 - whatever it is, its owner has to know
            self._ended(error)
        else:
            self._ended(None)
