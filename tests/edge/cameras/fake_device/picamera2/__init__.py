"""A small picamera2 with a sensor of its own, faithful in what the appliance relies on.

Like the real one (0.3.36): buffers are shared memory that the camera writes and that is handed
round by reference counts; a request whose count reaches zero goes back to the camera, and a camera
without a free buffer takes no picture. Requests are worked on by the preview's thread under
`Picamera2.lock`, encoders have a thread and an output lock of their own, contiguous memory is
limited, and control names are checked. The sensor is a thread that exposes a moving test picture.
"""

import mmap
import os
import threading
import time
from enum import Enum
from typing import Any, ClassVar, Self

import numpy as np

from picamera2.sensor import Sensor, exposure

__all__ = ["MappedArray", "Picamera2", "Preview"]

CMA = 16 << 20
"""Contiguous memory that is left for the camera's streams, in bytes."""


class ContiguousMemory:
    """Counts what is allocated of the contiguous memory."""

    def __init__(self) -> None:
        self.used = 0
        self.peak = 0

    def take(self, size: int) -> None:
        if self.used + size > CMA:
            raise RuntimeError("failed to allocate capture buffers for stream 0")
        self.used += size
        self.peak = max(self.peak, self.used)

    def give(self, size: int) -> None:
        self.used -= size


class Buffer:
    """One dma-buf: memory that is read between the start and the end of a sync, never else."""

    def __init__(self, memory: ContiguousMemory, size: int) -> None:
        memory.take(size)
        self._memory = memory
        self.fd = os.memfd_create("picamera2")
        os.ftruncate(self.fd, size)
        self.map = mmap.mmap(self.fd, size)
        self.size = size
        self.syncs = 0

    def close(self) -> None:
        self.map.close()
        os.close(self.fd)
        self._memory.give(self.size)


class MappedArray:
    """A stream's memory as an array for the time of a `with`; afterwards it is the camera's."""

    def __init__(self, request: Any, stream: str, reshape: bool = True, write: bool = True) -> None:
        if request.ref_count <= 0:
            raise RuntimeError("the request went back to the camera")
        self._buffer = request.buffers[stream]
        self._config = request.config[stream]
        self._reshape = reshape

    def __enter__(self) -> Self:
        self._buffer.syncs += 1
        self._view = memoryview(self._buffer.map)
        self.array = np.frombuffer(self._view, dtype=np.uint8)
        if self._reshape:
            self.array = self.array.reshape(-1, self._config["stride"])
        return self

    def __exit__(self, *_: object) -> None:
        self._buffer.syncs -= 1
        del self.array
        # Fails with BufferError when a part of the array is still held: it would show the camera's
        # next picture while that is being written.
        self._view.release()


class CompletedRequest:
    """A picture of every stream; goes back to the camera with its last reference."""

    def __init__(self, camera: "Picamera2", buffers: dict[str, Buffer], stamp: int) -> None:
        self.picam2 = camera
        self.buffers = buffers
        self.config = camera.camera_config
        self.timestamp = stamp
        self.ref_count = 1
        self._lock = camera.request_lock

    def acquire(self) -> None:
        with self._lock:
            if self.ref_count == 0:
                raise RuntimeError("CompletedRequest: acquiring lock with ref_count 0")
            self.ref_count += 1

    def release(self) -> None:
        with self._lock:
            self.ref_count -= 1
            if self.ref_count < 0:
                raise RuntimeError("CompletedRequest: lock now has negative ref_count")
            if self.ref_count == 0:
                self.picam2.sensor.queue(self.buffers)


class NullPreview:
    """Runs the event loop of the camera on a thread of its own."""

    def __init__(self, **area: int) -> None:
        self.area = area
        self.overlays: list[Any] = []
        self._abort = threading.Event()

    def start(self, picam2: "Picamera2") -> None:
        self.picam2 = picam2
        picam2.attach_preview(self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._abort.is_set():
            if self.picam2.notified.wait(0.2):
                self.picam2.notified.clear()
                self.picam2.process_requests(self)

    def render_request(self, request: CompletedRequest) -> None:
        """Show nothing."""

    def set_overlay(self, overlay: Any) -> None:
        """Show nothing."""

    def stop(self) -> None:
        self._abort.set()
        self._thread.join()
        self.picam2.detach_preview()


class DrmPreview(NullPreview):
    """Shows the display stream on a plane; here it remembers what it was told to show."""

    shown: ClassVar[list[Any]] = []

    def start(self, picam2: "Picamera2") -> None:
        DrmPreview.shown.append(self)
        self.rendered = 0
        self.drew = threading.Event()
        super().start(picam2)

    def render_request(self, request: CompletedRequest) -> None:
        if request.config["display"] is not None:
            self.rendered += 1
            self.drew.set()

    def set_overlay(self, overlay: Any) -> None:
        self.overlays.append(overlay)


class Preview(Enum):
    NULL = NullPreview
    DRM = DrmPreview


class Job:
    def __init__(self, work: Any) -> None:
        self._work = work
        self.done = threading.Event()

    def execute(self) -> None:
        self._work()


CONTROLS = {
    "Brightness": (-1.0, 1.0, 0.0),
    "Contrast": (0.0, 32.0, 1.0),
    "Saturation": (0.0, 32.0, 1.0),
    "Sharpness": (0.0, 16.0, 1.0),
    "AwbMode": (0, 7, 0),
    "AeEnable": (False, True, True),
    "AeExposureMode": (0, 3, 0),
    "AeMeteringMode": (0, 3, 0),
    "ExposureValue": (-8.0, 8.0, 0.0),
    "AnalogueGain": (1.0, 16.0, None),
    "ExposureTime": (0, 66666, None),
    "FrameDurationLimits": (16666, 10_000_000, None),
}


class Picamera2:
    """One camera, opened by its constructor and to be closed."""

    memory = ContiguousMemory()
    models: ClassVar[list[str]] = ["imx219"]
    opened: ClassVar[list[Any]] = []
    busy = False

    def __init__(self, camera_num: int = 0) -> None:
        self.model = self.models[camera_num]
        if Picamera2.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        Picamera2.busy = True
        Picamera2.opened.append(self)
        self.is_open = True
        self.started = False
        self.camera_controls = dict(CONTROLS)
        self.camera_properties = {
            "Model": self.model,
            "ColorFilterArrangement": 0,
            "PixelArraySize": (3280, 2464),
        }
        self.sensor_modes = [
            {"size": (640, 480), "bit_depth": 10, "fps": 103.33},
            {"size": (1640, 1232), "bit_depth": 10, "fps": 41.85},
        ]
        self.camera_config: dict[str, Any] = {}
        self.controls: dict[str, Any] = {}
        self.request_lock = threading.Lock()
        self.lock = threading.Lock()
        self.notified = threading.Event()
        self.post_callback: Any = None
        self.encode_stream_name: str | None = None
        self._encoders: set[Any] = set()
        self._requests: list[CompletedRequest] = []
        self._requestslock = threading.Lock()
        self._jobs: list[Job] = []
        self._buffers: list[dict[str, Buffer]] = []
        self._preview: Any = None

    def create_video_configuration(  # noqa: PLR0917 - the real one's
        self,
        main: dict[str, Any],
        lores: dict[str, Any] | None = None,
        raw: dict[str, Any] | None = {},  # noqa: B006 - the real default
        transform: Any = None,
        colour_space: Any = None,
        buffer_count: int = 6,
        controls: dict[str, Any] = {},  # noqa: B006
        display: str | None = "main",
        encode: str | None = "main",
        queue: bool = True,
        sensor: dict[str, Any] | None = {},  # noqa: B006
        use_case: str = "video",
    ) -> dict[str, Any]:
        main = {"format": "XBGR8888", "size": (1280, 720)} | main
        if raw is not None:
            raw = {"format": "SBGGR10_CSI2P", "size": main["size"], **raw}
        config = {"transform": transform, "buffer_count": buffer_count, "sensor": sensor}
        config |= {"controls": {"FrameDurationLimits": (33333, 33333)} | controls}
        config |= {"main": dict(main), "lores": lores and dict(lores), "raw": raw, "queue": queue}
        for name in (display, encode):
            if name is not None and config.get(name) is None:
                raise RuntimeError(f"stream {name} was not defined")
        return config | {"display": display, "encode": encode}

    def configure(self, config: dict[str, Any]) -> None:
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        for name in ("main", "lores"):
            stream = config[name]
            if stream is None:
                continue
            width, height = stream["size"]
            if width % 2 or height % 2:
                raise RuntimeError("width and height should be even")
            if stream["format"] not in {"YUV420", "XBGR8888"}:
                raise RuntimeError(f"Bad format {stream['format']} in stream {name}")
            if any(l > m for l, m in zip(stream["size"], config["main"]["size"], strict=True)):  # noqa: E741
                raise RuntimeError("lores stream dimensions may not exceed main stream")
            planar = stream["format"] == "YUV420"
            stream["stride"] = -(-(width if planar else width * 4) // 64) * 64
            stream["framesize"] = stream["stride"] * height * (3 if planar else 2) // 2
        self._free()
        for _ in range(config["buffer_count"]):
            streams = {n: config[n] for n in ("main", "lores") if config[n] is not None}
            self._buffers.append({})
            for name, stream in streams.items():
                self._buffers[-1][name] = Buffer(self.memory, stream["framesize"])
            if config["raw"] is not None:
                raw = config["raw"]["size"]
                self._buffers[-1]["raw"] = Buffer(self.memory, raw[0] * raw[1] * 5 // 4)
        self.camera_config = config
        self.encode_stream_name = config["encode"]
        self.controls = {}
        self.set_controls(config["controls"])

    def camera_configuration(self) -> dict[str, Any]:
        return self.camera_config

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name, value in controls.items():
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
            self.controls[name] = value

    def start_encoder(self, encoder: Any, output: Any = None, quality: Any = None) -> None:
        if output is not None:
            encoder.output = output
        encoder.name = self.encode_stream_name
        stream = self.camera_config[encoder.name]
        encoder.size, encoder.stride = stream["size"], stream["stride"]
        encoder.start(quality=quality)
        with self.lock:
            self._encoders.add(encoder)

    def stop_encoder(self, encoder: Any) -> None:
        encoder.stop()
        with self.lock:
            self._encoders.remove(encoder)

    def start(self) -> None:
        if not self.camera_config:
            raise RuntimeError("Camera has not been configured")
        if self._preview is None:
            self.start_preview(None)
        duration = self.controls["FrameDurationLimits"][0] / 1e6
        self.sensor = Sensor(duration, self._completed, self._expose)
        self.sensor.start(self._buffers)
        self.started = True

    def stop(self) -> None:
        """Stop on the event loop's thread, which must be running to answer."""
        if not self.started:
            return
        if self._preview is None:
            self._stop()
            return
        job = Job(self._stop)
        with self.lock:
            self._jobs.append(job)
        self.notified.set()
        job.done.wait()

    def _stop(self) -> None:
        self.sensor.stop()
        self.started = False
        with self._requestslock:
            unseen, self._requests = self._requests, []
        for request in unseen:
            request.release()

    def close(self) -> None:
        if self._preview is not None:
            self.stop_preview()
        if not self.is_open:
            return
        self.stop()
        self._free()
        self.is_open = False
        Picamera2.busy = False

    def _free(self) -> None:
        for streams in self._buffers:
            for buffer in streams.values():
                buffer.close()
        self._buffers = []

    def start_preview(self, preview: Any = None, **area: int) -> None:
        if self._preview is not None:
            raise RuntimeError("An event loop is already running")
        (preview or Preview.NULL).value(**area).start(self)

    def stop_preview(self) -> None:
        if self._preview is None:
            raise RuntimeError("No preview specified.")
        self._preview.stop()

    def attach_preview(self, preview: Any) -> None:
        self._preview = preview

    def detach_preview(self) -> None:
        self._preview = None

    def set_overlay(self, overlay: Any) -> None:
        if self._preview is None:
            raise RuntimeError("No preview specified.")
        if overlay is not None and (overlay.ndim != 3 or overlay.shape[2] != 4):
            raise RuntimeError("Overlay must be a 4-channel image")
        self._preview.set_overlay(overlay)

    def _expose(self, buffers: dict[str, Buffer], number: int) -> None:
        """Let the sensor fill `buffers`; nobody may be reading them."""
        for name, buffer in buffers.items():
            if buffer.syncs:
                raise AssertionError(f"{name} is read while the camera writes it")
            if name != "raw":
                config, transform = self.camera_config[name], self.camera_config["transform"]
                buffer.map[:] = exposure(config["size"], config["stride"], number, transform)

    def _completed(self, buffers: dict[str, Buffer]) -> None:
        request = CompletedRequest(self, buffers, time.monotonic_ns())
        with self._requestslock:
            self._requests.append(request)
        self.notified.set()

    def process_requests(self, display: Any) -> None:
        with self._requestslock:
            requests, self._requests = self._requests, []
        with self.lock:
            jobs, self._jobs = self._jobs, []
            for request in requests:
                if self.post_callback:
                    self.post_callback(request)
                for encoder in self._encoders:
                    encoder.encode(encoder.name, request)
        if requests:
            display.render_request(requests[-1])
        for request in requests:
            request.release()
        for job in jobs:
            job.execute()
            job.done.set()
