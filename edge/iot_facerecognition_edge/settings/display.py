"""The settings of what is seen on the screen."""

from iot_facerecognition_edge.settings import rules
from iot_facerecognition_edge.settings.page import (
    SettingsPage,
    choice,
    colour,
    number,
    switch,
    text,
)
from iot_facerecognition_edge.settings.setting import Applies, Group


class DisplaySettings(SettingsPage):
    """The display's page."""

    group = Group.DISPLAY

    dark = switch(
        True,
        label="Dark mode",
        help="Light text on a dark ground.",
    )
    accent_colour = colour(
        "#8b0000",
        label="Accent colour",
        help="Colour of the rectangles around faces, of buttons and of charts.",
    )
    line_width = number(
        4,
        minimum=1,
        maximum=20,
        step=1,
        unit="px",
        label="Line width",
        help="Width of the rectangles around faces.",
    )
    label_size = number(
        12,
        minimum=6,
        maximum=48,
        step=1,
        unit="pt",
        label="Label size",
        help="Size of names and labels over the picture.",
    )
    face_duration = number(
        3000,
        minimum=-1,
        maximum=60000,
        step=500,
        unit="ms",
        label="Keep faces for",
        help="How long faces stay on the screen when no newer result arrives; negative: always.",
    )
    object_duration = number(
        3000,
        minimum=-1,
        maximum=60000,
        step=500,
        unit="ms",
        label="Keep objects for",
        help="How long labels stay on the screen when no newer result arrives; negative: always.",
    )
    show_fps = switch(
        True,
        label="Show frame rate",
        help="Results a second, in the camera view's bottom right corner.",
    )
    show_traffic = switch(
        True,
        label="Show traffic",
        help="What was sent and received so far, at the camera view's bottom.",
    )
    colour_preview = switch(
        True,
        label="Preview in colour",
        help="In grey, showing the Raspberry Pi's camera costs a quarter of the work.",
        applies=Applies.ON_CAMERA_START,
    )
    dim_after = number(
        600,
        minimum=0,
        maximum=7200,
        step=60,
        unit="s",
        label="Dim after",
        help="Without a touch for so long the screen goes dark; a touch wakes it. 0: never.",
    )
    screen = text(
        "auto",
        label="Screen",
        help="auto, framebuffer[:/dev/fbN], drm, window[:WIDTHxHEIGHT] or none.",
        applies=Applies.ON_START,
        rule=rules.screen,
    )
    rotation = choice(
        "0",
        choices=("0", "90", "180", "270"),
        unit="°",
        label="Screen rotation",
        help="Turns what is drawn clockwise, and the touch with it.",
        applies=Applies.ON_START,
    )
    touch_calibration = text(
        "",
        label="Touch calibration",
        help="Tap to touch five crosses. Kept as six numbers a,b,c,d,e,f with x' = ax + by + c and "
        "y' = dx + ey + f; empty: the range that the touch screen reports.",
        rule=rules.calibration,
    )
