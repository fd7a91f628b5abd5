"""One V4L2 capture device: formats, buffers, pictures and controls, without a thread."""

import errno
import time
from ctypes import c_int32

from iot_facerecognition_edge.cameras.sizes import Size, usual_up_to
from iot_facerecognition_edge.cameras.v4l2_kernel import (
    BUF_FLAG_ERROR,
    BUF_FLAG_TIMESTAMP_MASK,
    BUF_FLAG_TIMESTAMP_MONOTONIC,
    CAP_DEVICE_CAPS,
    CAP_STREAMING,
    CAP_TIMEPERFRAME,
    CAP_VIDEO_CAPTURE,
    CTRL_FLAG_DISABLED,
    FIELD_NONE,
    FRMSIZE_TYPE_DISCRETE,
    JPEG,
    MEMORY_MMAP,
    MJPG,
    VIDEO_CAPTURE,
    YUYV,
    Buffer,
    Capability,
    Control,
    Format,
    FormatDescription,
    FrameSize,
    Kernel,
    Mapping,
    QueryControl,
    Request,
    RequestBuffers,
    StreamParameters,
)
from iot_facerecognition_edge.errors import CameraError
from iot_facerecognition_protocol.records import dataclass

BUFFERS = 4
"""One being filled, one waiting, one being copied, and one to spare."""
PREFERRED = (MJPG, JPEG, YUYV)
"""Formats that are understood, the cheapest for this side first."""
_MOST_FORMATS = 64
_MOST_SIZES = 256


@dataclass(frozen=True, slots=True)
class Layout:
    """What the driver agreed to: pixel format, size in pixels, bytes from row to row, and rate."""

    pixel_format: int
    width: int
    height: int
    stride: int
    fps: float


@dataclass(frozen=True, slots=True)
class Range:
    """What a control allows."""

    minimum: int
    maximum: int
    default: int


@dataclass(frozen=True, slots=True)
class Captured:
    """One picture as the driver filled it in, copied; `time` is monotonic seconds."""

    content: bytes
    time: float


class V4l2Device:
    """An open capture device. Not for several threads at once, except `control` and `range_of`."""

    def __init__(self, path: str, kernel: Kernel) -> None:
        """Open `path`. Raises CameraError for what is no camera."""
        self.path = path
        self._kernel = kernel
        self._mappings: list[Mapping] = []
        try:
            self._descriptor = kernel.open(path)
        except OSError as error:
            raise CameraError(_cannot_open(path, error)) from error
        try:
            self.name = self._identify()
        except OSError as error:
            self.close()
            raise CameraError(f"camera: {path} is no camera ({error.strerror})") from error
        except CameraError:
            self.close()
            raise

    def _identify(self) -> str:
        capability = Capability()
        self._ioctl(Request.QUERYCAP, capability)
        caps = capability.capabilities
        if caps & CAP_DEVICE_CAPS:
            caps = capability.device_caps
        if not caps & CAP_VIDEO_CAPTURE or not caps & CAP_STREAMING:
            raise CameraError(
                f"camera: {self.path} takes no pictures; a USB camera often has two devices, "
                "try the other one"
            )
        return str(capability.card.decode("utf-8", "replace"))

    def formats(self) -> list[int]:
        """Return the pixel formats that the camera offers."""
        found: list[int] = []
        for index in range(_MOST_FORMATS):
            description = FormatDescription(index=index, type=VIDEO_CAPTURE)
            try:
                self._ioctl(Request.ENUM_FMT, description)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    break
                raise
            found.append(description.pixelformat)
        return found

    def sizes(self, pixel_format: int) -> tuple[Size, ...]:
        """Return the pixel sizes that the camera offers in a format; none where it does not say."""
        found: list[Size] = []
        for index in range(_MOST_SIZES):
            entry = FrameSize(index=index, pixel_format=pixel_format)
            try:
                self._ioctl(Request.ENUM_FRAMESIZES, entry)
            except OSError as error:
                if error.errno in {errno.EINVAL, errno.ENOTTY}:
                    break
                raise
            if entry.type != FRMSIZE_TYPE_DISCRETE:
                steps = entry.size.stepwise
                return usual_up_to((steps.max_width, steps.max_height))
            found.append((entry.size.discrete.width, entry.size.discrete.height))
        return tuple(found)

    def configure(self, width: int, height: int, fps: int) -> Layout:
        """Agree with the driver on the best format near to what is wanted. Raises CameraError."""
        offered = self.formats()
        pixel_format = next((code for code in PREFERRED if code in offered), None)
        if pixel_format is None:
            names = ", ".join(code.to_bytes(4, "little").decode("latin-1") for code in offered)
            raise CameraError(
                f"camera: {self.path} gives neither MJPEG nor YUYV, only {names or 'nothing'}"
            )
        wanted = Format(type=VIDEO_CAPTURE)
        wanted.fmt.pix.width, wanted.fmt.pix.height = width, height
        wanted.fmt.pix.pixelformat = pixel_format
        wanted.fmt.pix.field = FIELD_NONE
        try:
            self._ioctl(Request.S_FMT, wanted)
        except OSError as error:
            raise CameraError(_cannot_open(self.path, error)) from error
        agreed = wanted.fmt.pix
        if agreed.pixelformat != pixel_format:
            raise CameraError(f"camera: {self.path} does not keep to the format that it offers")
        rate = self._set_rate(fps)
        return Layout(agreed.pixelformat, agreed.width, agreed.height, agreed.bytesperline, rate)

    def _set_rate(self, fps: int) -> float:
        parameters = StreamParameters(type=VIDEO_CAPTURE)
        capture = parameters.parm.capture
        capture.timeperframe.numerator, capture.timeperframe.denominator = 1, fps
        try:
            self._ioctl(Request.S_PARM, parameters)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTTY}:
                raise
            return 0.0
        period = capture.timeperframe
        if not capture.capability & CAP_TIMEPERFRAME or not period.numerator:
            return 0.0
        return float(period.denominator / period.numerator)

    def start(self) -> None:
        """Share buffers with the driver and begin. Raises OSError."""
        request = RequestBuffers(count=BUFFERS, type=VIDEO_CAPTURE, memory=MEMORY_MMAP)
        self._ioctl(Request.REQBUFS, request)
        for index in range(request.count):
            buffer = self._buffer(index)
            self._ioctl(Request.QUERYBUF, buffer)
            mapping = self._kernel.map(self._descriptor, buffer.length, buffer.m.offset)
            self._mappings.append(mapping)
            self._ioctl(Request.QBUF, buffer)
        self._ioctl(Request.STREAMON, c_int32(VIDEO_CAPTURE))

    def capture(self, timeout: float) -> Captured | None:
        """Return the next picture, None after `timeout` seconds or for a damaged one.

        Raises OSError when the camera is gone.
        """
        if not self._kernel.wait(self._descriptor, timeout):
            return None
        buffer = self._buffer(0)
        try:
            self._ioctl(Request.DQBUF, buffer)
        except BlockingIOError:
            return None
        content = bytes(self._mappings[buffer.index][: buffer.bytesused])
        damaged = buffer.flags & BUF_FLAG_ERROR
        taken = _time_of(buffer)
        self._ioctl(Request.QBUF, self._buffer(buffer.index))
        return None if damaged or not content else Captured(content, taken)

    def range_of(self, control: int) -> Range | None:
        """Return what `control` allows, None where the camera has none."""
        query = QueryControl(id=control)
        try:
            self._ioctl(Request.QUERYCTRL, query)
        except OSError as error:
            if error.errno in {errno.EINVAL, errno.ENOTTY}:
                return None
            raise
        if query.flags & CTRL_FLAG_DISABLED:
            return None
        return Range(query.minimum, query.maximum, query.default_value)

    def control(self, control: int, value: int) -> None:
        """Set `control`. Raises OSError."""
        self._ioctl(Request.S_CTRL, Control(id=control, value=value))

    def close(self) -> None:
        """Stop, give the buffers back and close; nothing is left to do after it."""
        if self._descriptor < 0:
            return
        try:
            if self._mappings:
                self._ioctl(Request.STREAMOFF, c_int32(VIDEO_CAPTURE))
        except OSError as error:
            # A camera that was pulled out has stopped anyway.
            if error.errno != errno.ENODEV:
                raise
        finally:
            for mapping in self._mappings:
                mapping.close()
            self._mappings = []
            descriptor, self._descriptor = self._descriptor, -1
            self._kernel.close(descriptor)

    def _buffer(self, index: int) -> Buffer:
        return Buffer(index=index, type=VIDEO_CAPTURE, memory=MEMORY_MMAP)

    def _ioctl(self, request: Request, argument: object) -> None:
        self._kernel.ioctl(self._descriptor, request, argument)  # type: ignore[arg-type]


def _time_of(buffer: Buffer) -> float:
    """Return the driver's time where it is of the monotonic clock, else now."""
    if buffer.flags & BUF_FLAG_TIMESTAMP_MASK == BUF_FLAG_TIMESTAMP_MONOTONIC:
        return float(buffer.timestamp.tv_sec + buffer.timestamp.tv_usec * 1e-6)
    return time.monotonic()


def _cannot_open(path: str, error: OSError) -> str:
    cures = {
        errno.ENOENT: "is the camera plugged in? `v4l2-ctl --list-devices` lists what there is",
        errno.EACCES: "add the user to the group video",
        errno.EBUSY: "another program is using it",
        errno.ENODEV: "the camera was pulled out",
    }
    cure = cures.get(error.errno or 0, "see the kernel's log with `dmesg`")
    return f"camera: {path} cannot be used ({error.strerror}): {cure}"
