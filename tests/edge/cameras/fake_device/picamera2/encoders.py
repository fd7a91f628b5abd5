"""The hardware's MJPEG encoder: reads the camera's buffer by reference, on a thread of its own."""

import queue
import threading
from typing import Any

import numpy as np
import turbojpeg

from picamera2.outputs import Output

CODEC_BUFFERS = 16


class MJPEGEncoder:
    """Encodes every request it is given; keeps it until its frame is out."""

    def __init__(self, bitrate: int | None = None) -> None:
        self.bitrate = bitrate
        self.name: str | None = None
        self.size = (0, 0)
        self.stride = 0
        self.running = False
        self.firsttimestamp: int | None = None
        self._output: list[Output] = []
        self._lock = threading.Lock()
        self._output_lock = threading.Lock()
        self._available: queue.Queue[int] = queue.Queue()
        self._frames: queue.Queue[Any] = queue.Queue()
        self._codec = turbojpeg.TurboJPEG()

    @property
    def output(self) -> Output | list[Output]:
        return self._output[0] if len(self._output) == 1 else self._output

    @output.setter
    def output(self, value: Output) -> None:
        if not isinstance(value, Output):
            raise RuntimeError("Must pass Output")  # noqa: TRY004 - as the real one
        self._output = [value]

    def start(self, quality: Any = None) -> None:
        with self._lock:
            if self.running:
                raise RuntimeError("Encoder already running")
            if quality is not None or self.bitrate is None:
                # The real one computes a bit rate from a quality and forgets the one it was given.
                self.bitrate = 30_000_000
            for index in range(CODEC_BUFFERS):
                self._available.put(index)
            self.running = True
            self.firsttimestamp = None
            for output in self._output:
                output.start()
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self._lock:
            if not self.running:
                raise RuntimeError("Encoder already stopped")
            self.running = False
            self._thread.join()
            for output in self._output:
                output.stop()

    def encode(self, name: str, request: Any) -> None:
        with self._lock:
            if not self.running:
                return
            request.acquire()
            stamp = request.timestamp // 1000
            if self.firsttimestamp is None:
                self.firsttimestamp = stamp
            self._frames.put((self._available.get(), request, stamp - self.firsttimestamp))

    def _run(self) -> None:
        while self.running or self._frames.qsize():
            try:
                index, request, stamp = self._frames.get(timeout=0.4)
            except queue.Empty:
                continue
            jpeg = self._jpeg(request.buffers[self.name])
            self._available.put(index)
            request.release()
            with self._output_lock:
                for output in self._output:
                    output.outputframe(jpeg, True, stamp, None, False)

    def _jpeg(self, buffer: Any) -> bytes:
        width, height = self.size
        samples = np.frombuffer(bytes(buffer.map[: buffer.size]), np.uint8)
        luma = samples[: self.stride * height].reshape(height, self.stride)[:, :width]
        chroma = np.full((height // 2, -(-(width // 2) // 4) * 4), 128, np.uint8)
        padded = np.pad(luma, ((0, 0), (0, -width % 4)), "edge")
        joined = np.concatenate([padded.ravel(), chroma.ravel(), chroma.ravel()])
        jpeg: bytes = self._codec.encode_from_yuv(joined, height, width, 80, turbojpeg.TJSAMP_420)
        return jpeg
