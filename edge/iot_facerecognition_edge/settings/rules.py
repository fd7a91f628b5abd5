"""Checks of text settings: each returns the text in its proper form or raises ValueError."""

import math
import re
import shlex

from iot_facerecognition_client.address import ServerAddress, split_address
from iot_facerecognition_client.fingerprint import fingerprint_digits
from iot_facerecognition_edge.settings.pin import kept

_CALIBRATION_NUMBERS = 6
_LEAST_DETERMINANT = 1e-6
_HOST = re.compile(r"[A-Za-z0-9_.:-]+(%[A-Za-z0-9_.-]+)?")
"""Host names, IPv4 and IPv6 addresses, an IPv6 zone at the end; `ServerAddress` looks closer."""

CAMERAS = ("auto", "picamera2", "v4l2", "moving", "folder")
"""The kinds of camera; those with a place may be followed by `:PLACE`."""
_CAMERAS_WITH_PLACE = {"v4l2", "moving", "folder"}
_CAMERAS_NEEDING_PLACE = {"moving", "folder"}

SCREENS = ("auto", "framebuffer", "drm", "window", "none")
_SCREENS_WITH_PLACE = {"framebuffer", "window"}


def host(text: str) -> str:
    """Check a host name or address; brackets around an IPv6 address are taken off."""
    try:
        bare, port = split_address(text)
        ServerAddress(bare)
        good = _HOST.fullmatch(bare) is not None
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f"must be a host name or an address such as server.local or 192.168.1.10, not {text!r}"
        )
    if port is not None:
        raise ValueError(
            f"must be a host name or an address alone, such as {bare}: the port of {text!r} goes "
            "into connection.port"
        )
    return bare


def fingerprint(text: str) -> str:
    """Check a SHA-256 fingerprint and return it as 64 small hexadecimal digits; empty for none."""
    return fingerprint_digits(text) if text else ""


def pin(text: str) -> str:
    """Return the hash of a PIN, which is what is kept of it; a hash stays as it is."""
    return kept(text)


def camera(text: str) -> str:
    """Check which camera to use: a kind, with a place behind a colon where it has one."""
    kind, colon, place = text.partition(":")
    allowed = "auto, picamera2, v4l2[:/dev/videoN], moving:FOLDER or folder:FOLDER"
    if kind not in CAMERAS or (colon and (not place or kind not in _CAMERAS_WITH_PLACE)):
        raise ValueError(f"must be {allowed}, not {text!r}")
    if kind in _CAMERAS_NEEDING_PLACE and not place:
        raise ValueError(f"{kind} needs a folder of photos: {kind}:FOLDER")
    return text


def screen(text: str) -> str:
    """Check which screen to use: a kind, with a place behind a colon where it has one."""
    kind, colon, place = text.partition(":")
    if kind not in SCREENS or (colon and (not place or kind not in _SCREENS_WITH_PLACE)):
        allowed = "auto, framebuffer[:/dev/fbN], drm, window[:WIDTHxHEIGHT] or none"
        raise ValueError(f"must be {allowed}, not {text!r}")
    return text


def command(text: str) -> str:
    """Check a command line, in words as a shell would split them; empty for none."""
    try:
        shlex.split(text)
    except ValueError as error:
        raise ValueError(f"must be a command line, which {text[:60]!r} is not: {error}") from None
    return text


def calibration(text: str) -> str:
    """Check a touch calibration: six numbers a to f with x' = ax + by + c, y' = dx + ey + f."""
    if not text:
        return text
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != _CALIBRATION_NUMBERS or not all(map(math.isfinite, numbers)):
        raise ValueError(
            "must be six numbers a,b,c,d,e,f with x' = ax + by + c and y' = dx + ey + f in 0 to 1 "
            f"of the screen, or empty, not {text[:60]!r}"
        )
    a, b, _, d, e, _ = numbers
    if abs(a * e - b * d) < _LEAST_DETERMINANT:
        raise ValueError(f"must not map the whole screen to one line, as {text[:60]!r} does")
    return text
