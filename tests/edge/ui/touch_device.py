"""A touch panel's input device whose events a test puts in, as the kernel reports them."""

from types import SimpleNamespace

from iot_facerecognition_edge.screens.touch import (
    ABS_X,
    ABS_Y,
    BTN_TOUCH,
    EV_ABS,
    EV_KEY,
    EV_SYN,
    SYN_REPORT,
)


def event(kind, code, value):
    return SimpleNamespace(type=kind, code=code, value=value)


def report(x=None, y=None, touch=None):
    events = []
    if x is not None:
        events.append(event(EV_ABS, ABS_X, x))
    if y is not None:
        events.append(event(EV_ABS, ABS_Y, y))
    if touch is not None:
        events.append(event(EV_KEY, BTN_TOUCH, int(touch)))
    return [*events, event(EV_SYN, SYN_REPORT, 0)]


class FakeDevice:
    """An input device whose events are put in by the test."""

    def __init__(self):
        self.waiting = []
        self.fd = 7
        self.closed = False

    def read(self):
        if not self.waiting:
            raise BlockingIOError
        events, self.waiting = self.waiting, []
        return iter(events)

    def close(self):
        self.closed = True
