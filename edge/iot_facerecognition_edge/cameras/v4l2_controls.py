"""The camera settings as V4L2 controls (linux/v4l2-controls.h)."""

import errno
from collections.abc import Iterator, Mapping

from iot_facerecognition_edge.cameras.v4l2_device import Range, V4l2Device
from iot_facerecognition_edge.settings import Settings

_BASE = 0x00980900
_CAMERA = 0x009A0900
PERCENTS = {
    "brightness": _BASE,
    "contrast": _BASE + 1,
    "saturation": _BASE + 2,
    "sharpness": _BASE + 27,
}
"""Settings in percent of the camera's own; brightness counts from 0, the others from 100."""
HORIZONTAL_FLIP = _BASE + 20
VERTICAL_FLIP = _BASE + 21
AUTO_WHITE_BALANCE = _BASE + 12
WHITE_BALANCE_TEMPERATURE = _BASE + 26
EXPOSURE_AUTO = _CAMERA + 1
EXPOSURE_ABSOLUTE = _CAMERA + 2
STABILISATION = _CAMERA + 22
ISO = _CAMERA + 23
ISO_AUTO = _CAMERA + 24

_EXPOSURE_MANUAL = 1
_EXPOSURE_APERTURE_PRIORITY = 3
"""What USB cameras call automatic."""
_EXPOSURE_UNIT = 100
"""µs of one step of EXPOSURE_ABSOLUTE."""
_KELVIN = {
    "incandescent": 2850,
    "tungsten": 3200,
    "fluorescent": 4000,
    "indoor": 4500,
    "daylight": 5500,
    "cloudy": 6500,
}
"""Colour temperatures of the usual lights."""
_NEEDS = {
    "white_balance": WHITE_BALANCE_TEMPERATURE,
    "shutter_speed": EXPOSURE_ABSOLUTE,
    "stabilisation": STABILISATION,
    "iso": ISO,
    "mirror_horizontal": HORIZONTAL_FLIP,
    "mirror_vertical": VERTICAL_FLIP,
    **PERCENTS,
}
_UNKNOWN = ("exposure_mode", "metering_mode", "exposure_compensation", "sensor_mode")
"""Settings that no USB camera has."""
_WHOLE = 100


def known(device: V4l2Device) -> dict[str, Range]:
    """Return the settings that the camera obeys, and what each control allows."""
    found = {name: device.range_of(control) for name, control in _NEEDS.items()}
    ranges = {name: allowed for name, allowed in found.items() if allowed is not None}
    if {"mirror_horizontal", "mirror_vertical"} <= ranges.keys():
        ranges["rotation"] = Range(0, 1, 0)
    return ranges


def apply(device: V4l2Device, settings: Settings, ranges: Mapping[str, Range]) -> tuple[str, ...]:
    """Set the controls by `settings`; return a sentence for each that does nothing."""
    sentences = _strangers(settings, ranges)
    for control, value in _wanted(settings, ranges):
        try:
            device.control(control, value)
        except OSError as error:
            # A control may be inactive because of another one, or refuse a value of its range.
            if error.errno not in {errno.EBUSY, errno.EINVAL, errno.EACCES, errno.ERANGE}:
                raise
            sentences.append(f"camera: control {control:#x} refuses {value} ({error.strerror})")
    return tuple(sentences)


def _wanted(settings: Settings, ranges: Mapping[str, Range]) -> list[tuple[int, int]]:
    """Return control and value of each setting, those that switch others on or off first."""
    return [*_light(settings, ranges), *_exposure(settings, ranges), *_picture(settings, ranges)]


def _light(settings: Settings, ranges: Mapping[str, Range]) -> Iterator[tuple[int, int]]:
    if "white_balance" in ranges:
        light = settings.camera.white_balance
        yield AUTO_WHITE_BALANCE, int(light == "auto")
        if light != "auto":
            yield WHITE_BALANCE_TEMPERATURE, _clamped(_KELVIN[light], ranges["white_balance"])


def _exposure(settings: Settings, ranges: Mapping[str, Range]) -> Iterator[tuple[int, int]]:
    if "shutter_speed" in ranges:
        speed = settings.camera.shutter_speed
        yield EXPOSURE_AUTO, _EXPOSURE_MANUAL if speed else _EXPOSURE_APERTURE_PRIORITY
        if speed:
            yield EXPOSURE_ABSOLUTE, _clamped(speed // _EXPOSURE_UNIT, ranges["shutter_speed"])
    if "iso" in ranges:
        iso = settings.camera.iso
        yield ISO_AUTO, int(iso == 0)
        if iso:
            yield ISO, _clamped(iso, ranges["iso"])


def _picture(settings: Settings, ranges: Mapping[str, Range]) -> Iterator[tuple[int, int]]:
    if "stabilisation" in ranges:
        yield STABILISATION, int(settings.camera.stabilisation)
    turned = settings.camera.rotation == "180"
    for name in ("mirror_horizontal", "mirror_vertical"):
        if name in ranges:
            yield _NEEDS[name], int(bool(settings.value(f"camera.{name}")) != turned)
    for name, control in PERCENTS.items():
        if name in ranges:
            percent = int(settings.value(f"camera.{name}")) + (
                _WHOLE if name == "brightness" else 0
            )
            yield control, scaled(percent, name == "brightness", ranges[name])


def scaled(percent: int, symmetric: bool, allowed: Range) -> int:
    """Return the control's value for `percent`, where 100 is the camera's own.

    Below it goes in proportion to the minimum at 0, above to the maximum at 400 (at 200 where
    `symmetric`).
    """
    if percent <= _WHOLE:
        return round(allowed.minimum + (allowed.default - allowed.minimum) * percent / _WHOLE)
    span = _WHOLE if symmetric else 3 * _WHOLE
    above = (allowed.maximum - allowed.default) * (percent - _WHOLE) / span
    return round(allowed.default + above)


def _clamped(value: int, allowed: Range) -> int:
    return max(allowed.minimum, min(value, allowed.maximum))


def _strangers(settings: Settings, ranges: Mapping[str, Range]) -> list[str]:
    sentences = []
    for name in (*_NEEDS, "rotation", *_UNKNOWN):
        key = f"camera.{name}"
        if name not in ranges and settings.value(key) != settings.setting(key).default:
            sentences.append(f"{key} does nothing: this camera cannot do that")
    return sentences
