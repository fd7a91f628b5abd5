"""The settings of the camera; which of them a camera obeys, its capabilities say."""

from iot_facerecognition_edge.settings import rules
from iot_facerecognition_edge.settings.page import (
    Declared,
    SettingsPage,
    choice,
    decimal,
    number,
    switch,
    text,
)
from iot_facerecognition_edge.settings.setting import Applies, Group


def _percent(label: str, help_: str, *, default: int, low: int, high: int) -> Declared[int]:
    return number(default, minimum=low, maximum=high, step=5, unit="%", label=label, help=help_)


def _choice(label: str, help_: str, choices: tuple[str, ...]) -> Declared[str]:
    return choice(choices[0], choices, label=label, help=help_)


class CameraSettings(SettingsPage):
    """The camera's page."""

    group = Group.CAMERA

    source = text(
        "auto",
        label="Camera",
        help="auto, picamera2, v4l2[:/dev/videoN], moving:FOLDER (photos) or folder:FOLDER.",
        applies=Applies.ON_CAMERA_START,
        rule=rules.camera,
    )
    device_number = number(
        0,
        minimum=0,
        maximum=63,
        step=1,
        label="Camera number",
        help="Which camera where there are several: its place in the list, or N of /dev/videoN.",
        applies=Applies.ON_CAMERA_START,
    )
    sensor_mode = number(
        0,
        minimum=0,
        maximum=15,
        step=1,
        label="Sensor mode",
        help="0: chosen by size and frame rate; else the sensor's mode of that number, from 1.",
        applies=Applies.ON_CAMERA_START,
    )
    width = number(
        1280,
        minimum=160,
        maximum=3840,
        step=16,
        unit="px",
        label="Width",
        help="Width of the pictures that are sent.",
        applies=Applies.ON_CAMERA_START,
    )
    height = number(
        720,
        minimum=120,
        maximum=2160,
        step=8,
        unit="px",
        label="Height",
        help="Height of the pictures that are sent.",
        applies=Applies.ON_CAMERA_START,
    )
    fps = number(
        15,
        minimum=1,
        maximum=60,
        step=1,
        unit="fps",
        label="Frame rate",
        help="Pictures a second that are taken, and sent as far as the server keeps up.",
        applies=Applies.ON_CAMERA_START,
    )
    bit_rate = number(
        4096,
        minimum=256,
        maximum=25000,
        step=256,
        unit="kb/s",
        label="Bit rate",
        help="What the hardware encoder of the Raspberry Pi may produce: size against quality.",
        applies=Applies.ON_CAMERA_START,
    )
    jpeg_quality = number(
        80,
        minimum=10,
        maximum=100,
        step=5,
        label="JPEG quality",
        help="Quality where pictures are encoded by the processor.",
        applies=Applies.ON_CAMERA_START,
    )
    brightness = _percent("Brightness", "0 leaves it to the sensor.", default=0, low=-100, high=100)
    contrast = _percent("Contrast", "100: the sensor's own.", default=100, low=0, high=400)
    saturation = _percent("Saturation", "100: the sensor's own.", default=100, low=0, high=400)
    sharpness = _percent("Sharpness", "100: the sensor's own.", default=100, low=0, high=400)
    white_balance = _choice(
        "White balance",
        "By what light the camera takes white for white.",
        ("auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy"),
    )
    exposure_mode = _choice(
        "Exposure mode",
        "Whether dark scenes rather get longer exposures or more gain; off: only the values below.",
        ("normal", "short", "long", "off"),
    )
    metering_mode = _choice(
        "Metering mode",
        "Which part of the picture decides on the exposure.",
        ("centre", "spot", "matrix"),
    )
    exposure_compensation = decimal(
        0.0,
        minimum=-8,
        maximum=8,
        step=0.5,
        unit="EV",
        label="Exposure compensation",
        help="Makes pictures darker or lighter than the metering would.",
    )
    iso = number(
        0,
        minimum=0,
        maximum=1600,
        step=100,
        label="ISO",
        help="Sensitivity; 0: automatic. 100 is an analogue gain of 1.",
    )
    shutter_speed = number(
        0,
        minimum=0,
        maximum=1000000,
        step=1000,
        unit="µs",
        label="Shutter speed",
        help="Exposure time; 0: automatic. It cannot be longer than a frame.",
    )
    stabilisation = switch(
        False,
        label="Stabilisation",
        help="Takes camera shake out of the video, where the camera can do that.",
        applies=Applies.ON_CAMERA_START,
    )
    mirror_horizontal = switch(
        False,
        label="Mirror left and right",
        help="As a looking-glass does.",
        applies=Applies.ON_CAMERA_START,
    )
    mirror_vertical = switch(
        False,
        label="Mirror top and bottom",
        help="For a camera that hangs upside down together with a left-right mirror.",
        applies=Applies.ON_CAMERA_START,
    )
    rotation = choice(
        "0",
        choices=("0", "90", "180", "270"),
        unit="°",
        label="Rotation",
        help="Turns the picture clockwise, for a camera that hangs sideways or upside down.",
        applies=Applies.ON_CAMERA_START,
    )
