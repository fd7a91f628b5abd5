"""A small libcamera: transforms and the names of controls, as far as the appliance uses them."""

from enum import IntEnum


class Transform:
    def __init__(self, hflip: int = 0, vflip: int = 0, transpose: int = 0) -> None:
        self.hflip, self.vflip, self.transpose = bool(hflip), bool(vflip), bool(transpose)


class controls:  # noqa: N801 - libcamera's name
    class AwbModeEnum(IntEnum):
        Auto = 0
        Incandescent = 1
        Tungsten = 2
        Fluorescent = 3
        Indoor = 4
        Daylight = 5
        Cloudy = 6
        Custom = 7

    class AeExposureModeEnum(IntEnum):
        Normal = 0
        Short = 1
        Long = 2
        Custom = 3

    class AeMeteringModeEnum(IntEnum):
        CentreWeighted = 0
        Spot = 1
        Matrix = 2
        Custom = 3
