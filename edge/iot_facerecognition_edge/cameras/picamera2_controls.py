"""The camera settings as libcamera's controls."""

from collections.abc import Set as AbstractSet
from typing import Any

from iot_facerecognition_edge.settings import Settings

CONTROLS = frozenset(
    {
        "brightness",
        "contrast",
        "saturation",
        "sharpness",
        "white_balance",
        "exposure_mode",
        "metering_mode",
        "exposure_compensation",
        "iso",
        "shutter_speed",
    }
)
"""The settings that have a counterpart; stabilisation has none in libcamera."""

_PERCENT = 0.01
_ISO_OF_GAIN_ONE = 100
"""ISO 100 is an analogue gain of 1 (picamera2 manual, appendix C)."""
_METERING = {"centre": "CentreWeighted", "spot": "Spot", "matrix": "Matrix"}
_NAMES = {
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "sharpness": "Sharpness",
    "white_balance": "AwbMode",
    "exposure_mode": "AeExposureMode",
    "metering_mode": "AeMeteringMode",
    "exposure_compensation": "ExposureValue",
    "iso": "AnalogueGain",
    "shutter_speed": "ExposureTime",
}
"""Setting to the control that it needs."""


def controls_for(
    settings: Settings, known: AbstractSet[str], enums: Any, *, running: bool
) -> dict[str, Any]:
    """Return the controls for `settings`, of those that the camera advertises (`known`).

    `enums` is `libcamera.controls`. A gain or exposure time of 0 means automatic: picamera2 sends
    the mode instead of the value to a running camera, and a starting one begins that way.
    """
    automatic = settings.camera.exposure_mode != "off"
    wanted: dict[str, Any] = {
        "Brightness": settings.camera.brightness * _PERCENT,
        "Contrast": settings.camera.contrast * _PERCENT,
        "Saturation": settings.camera.saturation * _PERCENT,
        "Sharpness": settings.camera.sharpness * _PERCENT,
        "AwbMode": getattr(enums.AwbModeEnum, settings.camera.white_balance.capitalize()),
        "AeMeteringMode": getattr(
            enums.AeMeteringModeEnum, _METERING[settings.camera.metering_mode]
        ),
        "ExposureValue": settings.camera.exposure_compensation,
        "AnalogueGain": settings.camera.iso / _ISO_OF_GAIN_ONE,
        "ExposureTime": settings.camera.shutter_speed,
    }
    if automatic:
        mode = settings.camera.exposure_mode.capitalize()
        wanted["AeExposureMode"] = getattr(enums.AeExposureModeEnum, mode)
    else:
        wanted["AeEnable"] = False
    if not (automatic and running):
        wanted = {n: v for n, v in wanted.items() if v or n not in {"AnalogueGain", "ExposureTime"}}
    return {name: value for name, value in wanted.items() if name in known}


def strangers(settings: Settings, known: AbstractSet[str]) -> tuple[str, ...]:
    """Return a sentence for each setting other than its default that this camera cannot follow."""
    sentences = []
    if settings.camera.stabilisation:
        sentences.append("camera.stabilisation has no counterpart in libcamera and does nothing")
    for name, control in _NAMES.items():
        key = f"camera.{name}"
        if control not in known and settings.value(key) != settings.setting(key).default:
            sentences.append(f"{key} does nothing: this camera has no control {control}")
    return tuple(sentences)
