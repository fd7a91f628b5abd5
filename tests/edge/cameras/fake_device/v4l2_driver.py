"""A V4L2 capture driver in Python: what a camera program asks for, checked as a kernel does.

Requests are told apart by number and structure size alone, as in the kernel. Buffers belong either
to the driver or to the program; the driver writes only to its own, and fills the oldest queued one.
Wrong order is refused with the kernel's error.
"""

import ctypes
import errno
import os
import threading
from collections import deque
from typing import Any

from iot_facerecognition_edge.cameras import v4l2_kernel as v4l2
from iot_facerecognition_edge.cameras.v4l2_kernel import Request


class FakeDriver:
    """One device at `path`. `expose` gives it a picture; use it in place of `Kernel`."""

    def __init__(
        self, path: str = "/dev/video0", formats: tuple[str, ...] = ("YUYV", "MJPG")
    ) -> None:
        self.path = path
        self.formats = formats
        self.capabilities = v4l2.CAP_VIDEO_CAPTURE | v4l2.CAP_STREAMING
        self.largest = (1280, 720)
        self.interval = (1, 30)
        self.sizes: dict[str, list[tuple[int, int]]] = {}
        """Format to the sizes that it lists; without any it does not list sizes."""
        self.stepwise = False
        """Whether every size up to `largest` is possible."""
        self.controls: dict[int, list[int]] = {}
        """Control to its minimum, maximum, default and value."""
        self.open_descriptors: set[int] = set()
        self.unplugged = False
        self.streaming = False
        self.buffers: list[bytearray] = []
        self.mapped = 0
        self._queued: deque[int] = deque()
        self._filled: deque[tuple[int, int, int, float]] = deque()
        self._news = threading.Condition()
        self._layout = (640, 480, v4l2.fourcc("YUYV"))
        self._sequence = 0

    # What the camera does

    def expose(self, content: bytes, time: float = 1.5, flags: int = 0x2000) -> None:
        """Fill the oldest queued buffer once there is one."""
        with self._news:
            assert self._news.wait_for(lambda: self._queued and self.streaming, 10)
            index = self._queued.popleft()
            self.buffers[index][: len(content)] = content
            self._filled.append((index, len(content), flags, time))
            self._news.notify_all()

    def drained(self) -> None:
        """Wait until the program has fetched every picture."""
        with self._news:
            assert self._news.wait_for(lambda: not self._filled, 10)

    def unplug(self) -> None:
        with self._news:
            self.unplugged = True
            self._news.notify_all()

    # What the program calls

    def open(self, path: str) -> int:
        if path != self.path:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if self.open_descriptors:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        descriptor = 100 + len(self.open_descriptors)
        self.open_descriptors.add(descriptor)
        return descriptor

    def close(self, descriptor: int) -> None:
        self.open_descriptors.remove(descriptor)
        assert not self.mapped, "closed with buffers mapped"
        self.streaming = False

    def wait(self, descriptor: int, seconds: float) -> bool:
        assert descriptor in self.open_descriptors
        with self._news:
            return self._news.wait_for(lambda: bool(self._filled) or self.unplugged, seconds)

    def map(self, descriptor: int, length: int, offset: int) -> "Mapping":
        index = offset // 4096
        assert offset % 4096 == 0
        assert length == len(self.buffers[index])
        self.mapped += 1
        return Mapping(self, self.buffers[index])

    def ioctl(self, descriptor: int, request: Request, argument: Any) -> None:
        assert descriptor in self.open_descriptors
        if self.unplugged:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        number, size = request & 0xFF, request >> 16 & 0x3FFF
        assert size == ctypes.sizeof(argument)
        with self._news:
            refused = getattr(self, f"_do_{number}", lambda _: errno.ENOTTY)(argument)
            if refused:
                raise OSError(refused, os.strerror(refused))
            self._news.notify_all()

    def _do_0(self, capability: Any) -> int:
        capability.card = b"Fake Camera: Fake Camera"
        capability.capabilities = self.capabilities | v4l2.CAP_DEVICE_CAPS
        capability.device_caps = self.capabilities
        return 0

    def _do_2(self, description: Any) -> int:
        if description.index >= len(self.formats):
            return errno.EINVAL
        description.pixelformat = v4l2.fourcc(self.formats[description.index])
        return 0

    def _do_74(self, entry: Any) -> int:
        if self.stepwise:
            if entry.index:
                return errno.EINVAL
            entry.type = 3
            steps = entry.size.stepwise
            steps.min_width, steps.min_height = 16, 16
            steps.step_width = steps.step_height = 2
            steps.max_width, steps.max_height = self.largest
            return 0
        if not self.sizes:
            return errno.ENOTTY
        listed = self.sizes.get(entry.pixel_format.to_bytes(4, "little").decode(), [])
        if entry.index >= len(listed):
            return errno.EINVAL
        entry.type = 1
        entry.size.discrete.width, entry.size.discrete.height = listed[entry.index]
        return 0

    def _do_5(self, layout: Any) -> int:
        if self.buffers:
            return errno.EBUSY
        pix = layout.fmt.pix
        offered = [v4l2.fourcc(name) for name in self.formats]
        if pix.pixelformat not in offered:
            pix.pixelformat = offered[0]
        pix.width, pix.height = min(pix.width, self.largest[0]), min(pix.height, self.largest[1])
        pix.bytesperline = pix.width * 2 + 32 if pix.pixelformat == v4l2.YUYV else 0
        pix.sizeimage = max(pix.bytesperline * pix.height, pix.width * pix.height)
        self._layout = (pix.width, pix.height, pix.sizeimage)
        return 0

    def _do_22(self, parameters: Any) -> int:
        capture = parameters.parm.capture
        capture.capability = v4l2.CAP_TIMEPERFRAME
        capture.timeperframe.numerator, capture.timeperframe.denominator = self.interval
        return 0

    def _do_8(self, request: Any) -> int:
        if request.memory != v4l2.MEMORY_MMAP or self.streaming:
            return errno.EINVAL
        request.count = min(request.count, 3)
        self.buffers = [bytearray(self._layout[2]) for _ in range(request.count)]
        return 0

    def _do_9(self, buffer: Any) -> int:
        if buffer.index >= len(self.buffers):
            return errno.EINVAL
        buffer.length = self._layout[2]
        buffer.m.offset = buffer.index * 4096
        return 0

    def _do_15(self, buffer: Any) -> int:
        if buffer.index >= len(self.buffers) or buffer.index in self._queued:
            return errno.EINVAL
        self._queued.append(buffer.index)
        return 0

    def _do_17(self, buffer: Any) -> int:
        if not self.streaming:
            return errno.EINVAL
        if not self._filled:
            return errno.EAGAIN
        buffer.index, buffer.bytesused, buffer.flags, time = self._filled.popleft()
        buffer.timestamp.tv_sec, buffer.timestamp.tv_usec = int(time), round(time % 1 * 1e6)
        self._sequence += 1
        buffer.sequence = self._sequence
        return 0

    def _do_18(self, kind: Any) -> int:
        if kind.value != v4l2.VIDEO_CAPTURE or not self._queued:
            return errno.EINVAL
        self.streaming = True
        return 0

    def _do_19(self, kind: Any) -> int:
        self.streaming = False
        self._queued.clear()
        self._filled.clear()
        self.buffers = []
        return 0

    def _do_28(self, control: Any) -> int:
        if control.id not in self.controls:
            return errno.EINVAL
        minimum, maximum, _, _ = self.controls[control.id]
        if not minimum <= control.value <= maximum:
            return errno.ERANGE
        self.controls[control.id][3] = control.value
        return 0

    def _do_36(self, query: Any) -> int:
        if query.id not in self.controls:
            return errno.EINVAL
        query.minimum, query.maximum, query.default_value, _ = self.controls[query.id]
        return 0


class Mapping:
    """A buffer as the program sees it."""

    def __init__(self, driver: FakeDriver, memory: bytearray) -> None:
        self._driver = driver
        self._memory: bytearray | None = memory

    def __getitem__(self, part: slice) -> bytes:
        assert self._memory is not None
        return bytes(self._memory[part])

    def close(self) -> None:
        self._memory = None
        self._driver.mapped -= 1
