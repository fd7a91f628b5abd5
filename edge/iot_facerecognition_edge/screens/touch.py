"""A touch panel (or a tablet, or a mouse in absolute mode) through evdev.

Event codes: include/uapi/linux/input-event-codes.h. Only the first finger counts, which the kernel
reports as ABS_X and ABS_Y for single and multi-touch devices alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from iot_facerecognition_edge.screens.calibration import Calibration
from iot_facerecognition_edge.screens.interface import Pointer, ScreenError, TouchPhase
from iot_facerecognition_edge.screens.rotation import Rotation

EV_SYN, EV_KEY, EV_ABS = 0x00, 0x01, 0x03
SYN_REPORT, SYN_DROPPED = 0, 3
ABS_X, ABS_Y = 0x00, 0x01
BTN_LEFT, BTN_TOUCH = 0x110, 0x14A


class InputEvent(Protocol):
    """struct input_event as python-evdev gives it."""

    type: int
    code: int
    value: int


class InputDevice(Protocol):
    """As much of `evdev.InputDevice` as is used here."""

    fd: int

    def read(self) -> Iterable[InputEvent]:
        """Return what waits; raises BlockingIOError when nothing does."""

    def close(self) -> None:
        """Give the device back."""


class TouchTracker:
    """Turns the kernel's reports into touches. Plain: events go in, touches come out.

    `x_range` and `y_range` are the least and the largest value of each axis.
    """

    def __init__(
        self, x_range: tuple[int, int], y_range: tuple[int, int], calibration: Calibration
    ) -> None:
        self._ranges = (x_range, y_range)
        self.calibration = calibration
        self.measured: tuple[float, float] | None = None
        """Where a finger last was as the panel measures it: fractions before the calibration."""
        self._raw = [x_range[0], y_range[0]]
        self._pressed = False
        self._reported: tuple[bool, float, float] = (False, 0.0, 0.0)
        self._skipping = False

    def feed(self, events: Iterable[InputEvent]) -> Iterator[tuple[TouchPhase, float, float]]:
        """Yield (phase, x, y) per report that changes something; x and y are fractions, 0 to 1."""
        for event in events:
            if event.type == EV_SYN and event.code == SYN_DROPPED:
                # The kernel's buffer ran over: everything up to the next report is incomplete.
                self._skipping = True
            elif event.type == EV_SYN and event.code == SYN_REPORT:
                if not self._skipping:
                    yield from self._report()
                self._skipping = False
            elif not self._skipping:
                self._take(event)

    def _take(self, event: InputEvent) -> None:
        if event.type == EV_ABS and event.code in (ABS_X, ABS_Y):
            self._raw[event.code - ABS_X] = event.value
        elif event.type == EV_KEY and event.code in (BTN_TOUCH, BTN_LEFT):
            self._pressed = event.value != 0

    def _report(self) -> Iterator[tuple[TouchPhase, float, float]]:
        was_pressed, last_x, last_y = self._reported
        measured = self._fraction(0), self._fraction(1)
        x, y = self.calibration.apply(*measured)
        if self._pressed:
            self.measured = measured
        if self._pressed and not was_pressed:
            yield TouchPhase.DOWN, x, y
        elif was_pressed and not self._pressed:
            # A panel may report nonsense with the finger gone: the last place held counts.
            x, y = last_x, last_y
            yield TouchPhase.UP, x, y
        elif self._pressed and (x, y) != (last_x, last_y):
            yield TouchPhase.MOVE, x, y
        self._reported = (self._pressed, x, y)

    def _fraction(self, axis: int) -> float:
        least, most = self._ranges[axis]
        return (self._raw[axis] - least) / ((most - least) or 1)


class TouchPanel:
    """The touches of one input device, in pixels of a canvas."""

    def __init__(self, device: InputDevice, tracker: TouchTracker) -> None:
        self._device = device
        self._tracker = tracker

    @property
    def descriptor(self) -> int:
        """The file descriptor that becomes readable with a touch."""
        return self._device.fd

    @property
    def measured(self) -> tuple[float, float] | None:
        """Where a finger last was, as fractions that are neither calibrated nor turned."""
        return self._tracker.measured

    def calibrate(self, calibration: Calibration) -> None:
        """Map what is measured by `calibration` from now on."""
        self._tracker.calibration = calibration

    def pointers(self, size: tuple[int, int], rotation: Rotation) -> Iterator[Pointer]:
        """Yield the touches since the last call, on a canvas of `size` that is turned so."""
        try:
            events = list(self._device.read())
        except BlockingIOError:
            return
        except OSError as error:
            raise ScreenError(f"the touch panel is gone: {error.strerror}") from error
        for phase, u, v in self._tracker.feed(events):
            x, y = rotation.on_canvas(u, v)
            yield Pointer(
                phase, min(int(x * size[0]), size[0] - 1), min(int(y * size[1]), size[1] - 1)
            )

    def close(self) -> None:
        """Give the device back."""
        self._device.close()


class TurnedTouch:
    """A touch panel under a canvas that is turned: `Calibratable`, as the views know it."""

    def __init__(self, panel: TouchPanel, rotation: Rotation) -> None:
        self._panel = panel
        self._rotation = rotation

    @property
    def measured(self) -> tuple[float, float] | None:
        """Where a finger last was, as fractions that are neither calibrated nor turned."""
        return self._panel.measured

    def calibrate(self, calibration: Calibration) -> None:
        """Map what is measured by `calibration` from now on."""
        self._panel.calibrate(calibration)

    def on_panel(self, u: float, v: float) -> tuple[float, float]:
        """Return the place on the panel of a place on the canvas; all are fractions from 0 to 1."""
        return self._rotation.from_canvas(u, v)


def find_touch(calibration: Calibration, folder: Path = Path("/dev/input")) -> TouchPanel | None:
    """Return the first device under `folder` that has a place and a touch, None without one.

    Touch panels (BTN_TOUCH) go before tablets (BTN_LEFT). Raises ScreenError where evdev is not
    installed or no device may be read.
    """
    paths = sorted(folder.glob("event*"), key=lambda path: (len(path.name), path.name))
    if not paths:
        return None
    try:
        import evdev  # noqa: PLC0415 - only a machine with input devices needs it
    except ImportError as error:
        raise ScreenError("touch input needs python3-evdev: apt-get install it") from error
    found = None
    denied: list[Path] = []
    for path in paths:
        try:
            device = evdev.InputDevice(str(path))
        except OSError:
            denied.append(path)
            continue
        rank = _touch_rank(device)
        if rank and (found is None or rank > found[0]):
            if found is not None:
                found[1].close()
            found = (rank, device)
        else:
            device.close()
    if found is None:
        if len(denied) == len(paths):
            raise ScreenError(
                f"none of {folder}/event* may be read: add the user to the group 'input'"
            )
        return None
    device = found[1]
    x, y = device.absinfo(ABS_X), device.absinfo(ABS_Y)
    return TouchPanel(device, TouchTracker((x.min, x.max), (y.min, y.max), calibration))


def _touch_rank(device: object) -> int:
    """Return 2 for a touch panel, 1 for a tablet, 0 for anything else."""
    capabilities = device.capabilities(absinfo=False)  # type: ignore[attr-defined]
    axes, keys = capabilities.get(EV_ABS, ()), capabilities.get(EV_KEY, ())
    if ABS_X not in axes or ABS_Y not in axes:
        return 0
    return 2 if BTN_TOUCH in keys else 1 if BTN_LEFT in keys else 0
