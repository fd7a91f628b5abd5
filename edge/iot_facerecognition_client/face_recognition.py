"""The original package's class: threads inside, nothing to know about asyncio."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.client import Client
from iot_facerecognition_client.events import FacesResult, ObjectsResult
from iot_facerecognition_client.sources.interface import FrameSource, SourceError
from iot_facerecognition_client.sources.selection import open_source
from iot_facerecognition_client.status import State, Status
from iot_facerecognition_client.streaming import Handover
from iot_facerecognition_client.threaded import ThreadedClient
from iot_facerecognition_client.trust import CaFile, Fingerprint, NoVerification, SystemTrust, Trust
from iot_facerecognition_client.window import RecognitionWindow
from iot_facerecognition_protocol import SessionSettings

_TAGS_KEPT = 64
"""Faces that may wait for a slow callback; then the oldest are forgotten."""
_IDLE_SECONDS = 0.05

_log = logging.getLogger(__name__)


class FaceRecognition:
    """Sends a camera's pictures to a server and calls back with the name of each face it finds.

    Parameters and methods are those of `iot-facerecognition-client` 1.2.0. `connect` once, `start`
    to capture and send, `stop` to pause and `start` to go on. `callbackfunc(tag)` is called for
    every received face with its name, "" for an unknown one, on a thread of its own. New are
    `token`, `fingerprint` and `cafile` for servers that ask for proof and give it, `source` in
    place of the webcam, and `close`.
    """

    def __init__(  # noqa: PLR0917 - the original's parameters in the original's order
        self,
        clientname: str,
        ipaddress: str,
        port: int | str,
        capturewidth: int,
        captureheight: int,
        callbackfunc: Callable[[str], object] | None = None,
        targetwidth: int = 0,
        targetheight: int = 0,
        guienabled: bool = False,
        enablewstrace: bool = False,
        allowselfsign: bool = True,
        *,
        token: str | None = None,
        fingerprint: str | None = None,
        cafile: str | Path | None = None,
        source: FrameSource | str | None = None,
    ) -> None:
        """Prepare; nothing happens before `connect`. Raises ValueError, TrustError, SourceError.

        Pictures are captured at `capturewidth` by `captureheight` and sent at `targetwidth` by
        `targetheight`, or as captured when one of these is 0. `allowselfsign` accepts any
        certificate, as the original did, unless `fingerprint` (`sha256:…`) or `cafile` tells which
        is the right one. `source` is a `FrameSource` or what `open_source` understands.
        """
        self.clientname = clientname
        self.ipaddress = ipaddress
        self.port = int(port)
        self.callbackfunc = callbackfunc
        self.guienabled = guienabled
        self._server = ServerAddress(str(ipaddress), self.port)
        self._trust = _choose_trust(fingerprint, cafile, allowselfsign)
        self._token = token
        self._source = (
            _open(source or "webcam", (capturewidth, captureheight), (targetwidth, targetheight))
            if source is None or isinstance(source, str)
            else source
        )
        if enablewstrace:
            logging.getLogger("websockets.client").setLevel(logging.DEBUG)
            logging.getLogger("websockets.client").addHandler(logging.StreamHandler())
        self._client: ThreadedClient | None = None
        self._window: RecognitionWindow | None = None
        self._running = threading.Event()
        self._quiet = threading.Event()
        """Set while the capturing thread lets the source alone."""
        self._quiet.set()
        self._closed = threading.Event()
        self._ended: BaseException | None = None
        self._tags: queue.Queue[str | None] = queue.Queue(_TAGS_KEPT)
        self._threads: list[threading.Thread] = []

    def connect(self) -> None:
        """Connect, and stay so: a connection lost later comes back by itself.

        Raises ConnectionError with the reason and its cure when the first attempt fails.
        """
        if self._client is not None:
            raise RuntimeError("connected already")
        threaded = ThreadedClient(self._make_client)
        threaded.start()
        outcome: queue.SimpleQueue[Status] = queue.SimpleQueue()

        def begin(client: Client) -> None:
            client.subscribe(FacesResult, self._faces_found)
            client.subscribe(ObjectsResult, self._objects_found)
            client.start()

        unsubscribe = threaded.call(lambda client: client.subscribe(Status, outcome.put))
        threaded.call(begin)
        while (status := outcome.get()).state is State.CONNECTING:
            pass
        threaded.call(lambda _: unsubscribe())
        if status.state is not State.CONNECTED:
            threaded.close()
            raise ConnectionError(status.text)
        self._client = threaded

    def start(self) -> None:
        """Capture and send, from the begin or after `stop`. Raises SourceError, RuntimeError."""
        if self._client is None:
            raise RuntimeError("connect() comes before start()")
        if self._closed.is_set():
            raise RuntimeError("closed: make a new FaceRecognition")
        if self._running.is_set():
            return
        self._source.start()
        self._quiet.clear()
        self._running.set()
        if not self._threads:
            # Not daemons: a program may end its main thread and leave the rest to these.
            capture = threading.Thread(target=self._capture, name="capture")
            call_back = threading.Thread(target=self._call_back, name="callback", daemon=True)
            self._threads = [capture, call_back]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Pause: the camera is released and nobody is called back until `start`."""
        self._running.clear()
        self._source.stop()
        self._quiet.wait()

    def sendmessage(self, message: str) -> None:
        """Send a text to the server's log and screen.

        Raises RuntimeError before `connect`, OutboxFullError when too many wait.
        """
        if self._client is None:
            raise RuntimeError("connect() comes before sendmessage()")
        self._client.call(lambda client: client.message(str(message)))

    def close(self) -> None:
        """End everything. Not needed by programs that run until they are killed."""
        self._closed.set()
        self.stop()
        if threading.current_thread() not in self._threads:
            for thread in self._threads:
                thread.join()
        if self._client is not None:
            self._client.close()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the source or the window has ended; False when `timeout` passed first.

        Raises what ended it when that was an error.
        """
        for thread in self._threads[:1]:
            thread.join(timeout)
            if thread.is_alive():
                return False
        if self._ended is not None:
            raise self._ended
        return True

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make_client(self) -> Client:
        settings = SessionSettings().renamed(self.clientname)
        return Client(self._server, trust=self._trust, token=self._token, settings=settings)

    def _faces_found(self, result: FacesResult) -> None:
        if self._window is not None:
            self._window.show_faces(result.faces, time.monotonic(), result.scene)
        if self.callbackfunc is not None and self._running.is_set():
            for face in result.faces:
                self._keep_tag(face.tag)

    def _keep_tag(self, tag: str | None) -> None:
        """Let the callback's thread have `tag`, or None for its end; the oldest are dropped."""
        while True:
            try:
                self._tags.put_nowait(tag)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._tags.get_nowait()
            else:
                return

    def _objects_found(self, result: ObjectsResult) -> None:
        if self._window is not None:
            self._window.show_objects(result.objects, time.monotonic(), result.scene)

    def _call_back(self) -> None:
        """Call the program back, away from network and camera: it may take its time."""
        while (tag := self._tags.get()) is not None:
            if self.callbackfunc is not None and self._running.is_set():
                try:
                    self.callbackfunc(tag)
                except Exception:  # noqa: BLE001 - one failed call must not end them all
                    _log.exception("callbackfunc failed for %r", tag)

    def _capture(self) -> None:
        """Take pictures, send and show them until `close`, the window's end or an error."""
        try:
            if self.guienabled:
                self._window = RecognitionWindow(f"facerecognition {self._server}")
            self._capture_until_the_end()
        except SourceError as error:
            _log.error("%s", error)
            self._ended = error
        finally:
            self._running.clear()
            self._closed.set()
            self._quiet.set()
            if self._window is not None:
                self._window.close()
            self._keep_tag(None)

    def _capture_until_the_end(self) -> None:
        assert self._client is not None
        send = Handover(self._client.client, self._client.loop)
        while not (self._closed.is_set() and self._quiet.is_set()):
            if not self._quiet.is_set():
                self._take_frames(send)
            elif not self._running.wait(_IDLE_SECONDS) and not self._idle():
                return

    def _idle(self) -> bool:
        return self._window is None or self._window.idle()

    def _take_frames(self, send: Handover) -> None:
        """Send and show frames until the source ends or is stopped and has let its camera go."""
        while (frame := self._source.next_frame()) is not None:
            if not self._running.is_set():
                continue
            send(frame)
            if self._window is not None and not self._window.show(
                frame.jpeg, time.monotonic(), frame.scene
            ):
                self._closed.set()
                self._running.clear()
                self._source.stop()
        if self._running.is_set():
            self._closed.set()  # the source's own end
        self._quiet.set()


def _choose_trust(fingerprint: str | None, cafile: str | Path | None, anyone: bool) -> Trust:
    if fingerprint and cafile:
        raise ValueError("fingerprint and cafile are two answers to one question: give one")
    if fingerprint:
        return Fingerprint(fingerprint)
    if cafile:
        return CaFile(Path(cafile))
    return NoVerification() if anyone else SystemTrust()


def _open(spec: str, capture: tuple[int, int], target: tuple[int, int]) -> FrameSource:
    return open_source(spec, capture_size=capture, size=target if all(target) else capture)
