"""Touch panels' input devices whose events a test puts in, as the kernel reports them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from iot_facerecognition_edge.screens.touch import (
    ABS_X,
    ABS_Y,
    BTN_LEFT,
    BTN_TOUCH,
    EV_ABS,
    EV_KEY,
    EV_SYN,
    SYN_REPORT,
)


@dataclass
class FakeEvent:
    """An input event."""

    type: int
    code: int
    value: int


def report(
    x: int | None = None, y: int | None = None, touch: bool | None = None
) -> list[FakeEvent]:
    """Return what the kernel reports of one moment."""
    events = []
    if x is not None:
        events.append(FakeEvent(EV_ABS, ABS_X, x))
    if y is not None:
        events.append(FakeEvent(EV_ABS, ABS_Y, y))
    if touch is not None:
        events.append(FakeEvent(EV_KEY, BTN_TOUCH, int(touch)))
    return [*events, FakeEvent(EV_SYN, SYN_REPORT, 0)]


class FakeDevice:
    """An input device whose events are put in by the test."""

    def __init__(self) -> None:
        self.waiting: list[FakeEvent] = []
        self.fd = 7
        self.closed = False

    def read(self) -> Iterable[FakeEvent]:
        if not self.waiting:
            raise BlockingIOError
        events, self.waiting = self.waiting, []
        return iter(events)

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Range:
    """What an axis measures, as evdev's `AbsInfo` names it."""

    min: int
    max: int


class FakeEvdev:
    """An input device as python-evdev opens it by its path."""

    KINDS: ClassVar[dict[str, dict[int, list[int]]]] = {
        "event0": {EV_KEY: [30, 48]},
        "event1": {EV_ABS: [ABS_X, ABS_Y], EV_KEY: [BTN_LEFT]},
        "event2": {EV_ABS: [ABS_X, ABS_Y], EV_KEY: [BTN_TOUCH]},
        "event10": {EV_ABS: [ABS_X, ABS_Y], EV_KEY: [BTN_TOUCH]},
    }
    opened: ClassVar[list["FakeEvdev"]] = []

    def __init__(self, path: str) -> None:
        self.name = PurePath(path).name
        self.fd = int(self.name.removeprefix("event")) + 50
        self.closed = False
        self.opened.append(self)

    def capabilities(self, absinfo: bool) -> dict[int, list[int]]:
        assert not absinfo
        return self.KINDS[self.name]

    def absinfo(self, code: int) -> Range:
        return Range(200, 3900 if code == ABS_X else 1800)

    def read(self) -> Iterable[FakeEvent]:
        return iter(report(3900, 200, touch=True))

    def close(self) -> None:
        self.closed = True
