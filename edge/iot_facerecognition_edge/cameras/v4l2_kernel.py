"""The part of the kernel's V4L2 interface that a camera needs (linux/videodev2.h), and its calls.

Structures have the machine's own sizes and alignments, so the request numbers, which contain the
size, come out right on 32 and 64 bits.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import select
from ctypes import Structure, Union, c_char, c_int32, c_long, c_uint8, c_uint32, c_ulong, c_void_p
from enum import IntEnum
from typing import Protocol

VIDEO_CAPTURE = 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE"""
MEMORY_MMAP = 1
"""V4L2_MEMORY_MMAP"""
FIELD_NONE = 1
FRMSIZE_TYPE_DISCRETE = 1
CAP_VIDEO_CAPTURE = 0x00000001
CAP_STREAMING = 0x04000000
CAP_DEVICE_CAPS = 0x80000000
CAP_TIMEPERFRAME = 0x1000
BUF_FLAG_ERROR = 0x0040
BUF_FLAG_TIMESTAMP_MASK = 0xE000
BUF_FLAG_TIMESTAMP_MONOTONIC = 0x2000
CTRL_FLAG_DISABLED = 0x0001


def fourcc(code: str) -> int:
    """Return a pixel format's number, such as of `MJPG`."""
    return int.from_bytes(code.encode("ascii"), "little")


MJPG = fourcc("MJPG")
JPEG = fourcc("JPEG")
YUYV = fourcc("YUYV")


class Capability(Structure):
    """struct v4l2_capability."""

    _fields_ = (
        ("driver", c_char * 16),
        ("card", c_char * 32),
        ("bus_info", c_char * 32),
        ("version", c_uint32),
        ("capabilities", c_uint32),
        ("device_caps", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class FormatDescription(Structure):
    """struct v4l2_fmtdesc."""

    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("flags", c_uint32),
        ("description", c_uint8 * 32),
        ("pixelformat", c_uint32),
        ("mbus_code", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class DiscreteSize(Structure):
    """struct v4l2_frmsize_discrete."""

    _fields_ = (("width", c_uint32), ("height", c_uint32))


class StepwiseSize(Structure):
    """struct v4l2_frmsize_stepwise."""

    _fields_ = (
        ("min_width", c_uint32),
        ("max_width", c_uint32),
        ("step_width", c_uint32),
        ("min_height", c_uint32),
        ("max_height", c_uint32),
        ("step_height", c_uint32),
    )


class _SizeUnion(Union):
    _fields_ = (("discrete", DiscreteSize), ("stepwise", StepwiseSize))


class FrameSize(Structure):
    """struct v4l2_frmsizeenum."""

    _fields_ = (
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("type", c_uint32),
        ("size", _SizeUnion),
        ("reserved", c_uint32 * 2),
    )


class PixelLayout(Structure):
    """struct v4l2_pix_format."""

    _fields_ = (
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("bytesperline", c_uint32),
        ("sizeimage", c_uint32),
        ("colorspace", c_uint32),
        ("priv", c_uint32),
        ("flags", c_uint32),
        ("ycbcr_enc", c_uint32),
        ("quantization", c_uint32),
        ("xfer_func", c_uint32),
    )


class _FormatUnion(Union):
    # Its largest member has pointers, which decide on the alignment.
    _fields_ = (("pix", PixelLayout), ("raw_data", c_uint8 * 200), ("align", c_void_p))


class Format(Structure):
    """struct v4l2_format."""

    _fields_ = (("type", c_uint32), ("fmt", _FormatUnion))


class Fraction(Structure):
    """struct v4l2_fract."""

    _fields_ = (("numerator", c_uint32), ("denominator", c_uint32))


class CaptureParameters(Structure):
    """struct v4l2_captureparm."""

    _fields_ = (
        ("capability", c_uint32),
        ("capturemode", c_uint32),
        ("timeperframe", Fraction),
        ("extendedmode", c_uint32),
        ("readbuffers", c_uint32),
        ("reserved", c_uint32 * 4),
    )


class _ParameterUnion(Union):
    _fields_ = (("capture", CaptureParameters), ("raw_data", c_uint8 * 200))


class StreamParameters(Structure):
    """struct v4l2_streamparm."""

    _fields_ = (("type", c_uint32), ("parm", _ParameterUnion))


class RequestBuffers(Structure):
    """struct v4l2_requestbuffers."""

    _fields_ = (
        ("count", c_uint32),
        ("type", c_uint32),
        ("memory", c_uint32),
        ("capabilities", c_uint32),
        ("flags", c_uint32),
    )


class TimeValue(Structure):
    """struct timeval as the kernel of this machine's word size has it."""

    _fields_ = (("tv_sec", c_long), ("tv_usec", c_long))


class TimeCode(Structure):
    """struct v4l2_timecode."""

    _fields_ = (
        ("type", c_uint32),
        ("flags", c_uint32),
        ("frames", c_uint8),
        ("seconds", c_uint8),
        ("minutes", c_uint8),
        ("hours", c_uint8),
        ("userbits", c_uint8 * 4),
    )


class _Memory(Union):
    _fields_ = (("offset", c_uint32), ("userptr", c_ulong), ("planes", c_void_p), ("fd", c_int32))


class Buffer(Structure):
    """struct v4l2_buffer."""

    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("bytesused", c_uint32),
        ("flags", c_uint32),
        ("field", c_uint32),
        ("timestamp", TimeValue),
        ("timecode", TimeCode),
        ("sequence", c_uint32),
        ("memory", c_uint32),
        ("m", _Memory),
        ("length", c_uint32),
        ("reserved2", c_uint32),
        ("request_fd", c_int32),
    )


class Control(Structure):
    """struct v4l2_control."""

    _fields_ = (("id", c_uint32), ("value", c_int32))


class QueryControl(Structure):
    """struct v4l2_queryctrl."""

    _fields_ = (
        ("id", c_uint32),
        ("type", c_uint32),
        ("name", c_uint8 * 32),
        ("minimum", c_int32),
        ("maximum", c_int32),
        ("step", c_int32),
        ("default_value", c_int32),
        ("flags", c_uint32),
        ("reserved", c_uint32 * 2),
    )


_WRITE, _READ = 1, 2


def _request(direction: int, number: int, size: int) -> int:
    """Return a request number: asm-generic/ioctl.h, with the type 'V'."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


class Request(IntEnum):
    """The requests, by the names of videodev2.h without VIDIOC_."""

    QUERYCAP = _request(_READ, 0, ctypes.sizeof(Capability))
    ENUM_FMT = _request(_READ | _WRITE, 2, ctypes.sizeof(FormatDescription))
    G_FMT = _request(_READ | _WRITE, 4, ctypes.sizeof(Format))
    S_FMT = _request(_READ | _WRITE, 5, ctypes.sizeof(Format))
    REQBUFS = _request(_READ | _WRITE, 8, ctypes.sizeof(RequestBuffers))
    QUERYBUF = _request(_READ | _WRITE, 9, ctypes.sizeof(Buffer))
    QBUF = _request(_READ | _WRITE, 15, ctypes.sizeof(Buffer))
    DQBUF = _request(_READ | _WRITE, 17, ctypes.sizeof(Buffer))
    STREAMON = _request(_WRITE, 18, ctypes.sizeof(c_int32))
    STREAMOFF = _request(_WRITE, 19, ctypes.sizeof(c_int32))
    S_PARM = _request(_READ | _WRITE, 22, ctypes.sizeof(StreamParameters))
    G_CTRL = _request(_READ | _WRITE, 27, ctypes.sizeof(Control))
    S_CTRL = _request(_READ | _WRITE, 28, ctypes.sizeof(Control))
    QUERYCTRL = _request(_READ | _WRITE, 36, ctypes.sizeof(QueryControl))
    ENUM_FRAMESIZES = _request(_READ | _WRITE, 74, ctypes.sizeof(FrameSize))


class Mapping(Protocol):
    """Memory of the driver, as far as it is used."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return a copy of a part."""

    def close(self) -> None:
        """Unmap it."""


class Kernel:
    """The calls themselves; tests put a device of their own in its place."""

    def open(self, path: str) -> int:
        """Open `path` without blocking. Raises OSError."""
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self, descriptor: int) -> None:
        """Close it."""
        os.close(descriptor)

    def ioctl(self, descriptor: int, request: Request, argument: Structure | c_int32) -> None:
        """Make a request, again when a signal interrupts it. Raises OSError."""
        while True:
            try:
                fcntl.ioctl(descriptor, request, argument)
            except OSError as error:
                if error.errno != errno.EINTR:
                    raise
            else:
                return

    def map(self, descriptor: int, length: int, offset: int) -> Mapping:
        """Map a buffer of the driver for reading."""
        return mmap.mmap(descriptor, length, mmap.MAP_SHARED, mmap.PROT_READ, offset=offset)

    def wait(self, descriptor: int, seconds: float) -> bool:
        """Wait until a picture is there; False after `seconds`."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLERR)
        return bool(poll.poll(seconds * 1000))
