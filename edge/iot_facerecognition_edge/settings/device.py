"""The settings of the device: what it keeps and shows, and what it does when somebody comes."""

from iot_facerecognition_edge.settings import rules
from iot_facerecognition_edge.settings.page import (
    Declared,
    SettingsPage,
    number,
    secret,
    switch,
    text,
)
from iot_facerecognition_edge.settings.setting import Applies, Group


def _chart(label: str) -> Declared[bool]:
    return switch(True, label=label, help=f"Show the chart “{label}”.")


class StatisticsSettings(SettingsPage):
    """The statistics' page; a chart's switch has the name of its `ChartId`."""

    group = Group.STATISTICS

    window = number(
        3,
        minimum=1,
        maximum=3600,
        step=1,
        unit="s",
        label="Window",
        help="How far back the line charts reach; a finger held on a chart shows everything.",
    )
    antialiasing = switch(
        True,
        label="Smooth lines",
        help="Draw charts with smooth edges; costs some time on a small processor.",
    )
    animations = switch(
        False,
        label="Animations",
        help="Let charts move between two states; costs much time on a small processor.",
    )
    objects = _chart("Recognised objects")
    faces = _chart("Recognised faces")
    faces_over_time = _chart("Faces over time")
    prediction = _chart("Best prediction over time")
    traffic_total = _chart("Traffic")
    traffic_rate = _chart("Traffic per second")
    fps = _chart("Frames per second")


class LogSettings(SettingsPage):
    """The log's page."""

    group = Group.LOG

    to_file = switch(
        False,
        label="Log to file",
        help="Also write the log to a file in the state directory. Off spares the memory card.",
    )
    file_size = number(
        1024,
        minimum=64,
        maximum=102400,
        step=64,
        unit="KiB",
        label="File size",
        help="At this size the file is put aside and a new one begun; one old file is kept.",
    )


class DeviceSettings(SettingsPage):
    """The device's page."""

    group = Group.DEVICE

    test_mode = switch(
        False,
        label="Test mode",
        help="Take moving photos instead of the camera where there is none.",
        applies=Applies.ON_CAMERA_START,
    )
    power_off = switch(
        False,
        label="Power off",
        help="“Shut down” also switches the machine off. For a device without a desktop.",
    )
    pin = secret(
        label="PIN",
        help="4 to 12 digits that are asked for before settings are seen or changed on the screen.",
        rule=rules.pin,
    )


def _command(name: str, when: str) -> Declared[str]:
    return text(
        "",
        label=f"Command, {name}",
        help=f"Run {when}, without a shell; FACE_KIND and FACE_NAMES are in its environment.",
        applies=Applies.ON_START,
        rule=rules.command,
        on_screen=False,
    )


def _pin(name: str, when: str) -> Declared[int]:
    return number(
        -1,
        minimum=-1,
        maximum=27,
        step=1,
        label=f"Pin, {name}",
        help=f"GPIO (BCM number) that is switched on {when}, for as long; -1: none.",
        applies=Applies.ON_START,
    )


_KNOWN = "when somebody comes whom the server knows"
_UNKNOWN = "when only unknown faces are there"
_NOBODY = "when nobody is there any more"


class HookSettings(SettingsPage):
    """What is run or switched when somebody comes or goes."""

    group = Group.HOOKS

    on_known = _command("known", _KNOWN)
    pin_known = _pin("known", _KNOWN)
    on_unknown = _command("unknown", _UNKNOWN)
    pin_unknown = _pin("unknown", _UNKNOWN)
    on_nobody = _command("nobody", _NOBODY)
    pin_nobody = _pin("nobody", _NOBODY)
