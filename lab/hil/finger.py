"""A finger on the device's screen: a touch panel that the kernel imitates (uinput).

The program below runs on the device, by its own python3-evdev. It has to be there before the edge
starts, which looks for a touch panel once.
"""

import time

from lab.hil.shell import Shell

PLACE = "/run/iot-facerecognition-hil"
_UNIT = "iot-facerecognition-hil-finger"
_RANGE = 10_000
_PROGRAM = f"""
import os, time
from evdev import AbsInfo, UInput, ecodes as e
axis = AbsInfo(0, 0, {_RANGE}, 0, 0, 0)
panel = UInput({{e.EV_KEY: [e.BTN_TOUCH], e.EV_ABS: [(e.ABS_X, axis), (e.ABS_Y, axis)]}},
               name="hil finger")
os.makedirs("{PLACE}", exist_ok=True)
fifo = "{PLACE}/taps"
if not os.path.exists(fifo):
    os.mkfifo(fifo, 0o600)
open("{PLACE}/ready", "w").close()
while True:
    with open(fifo) as taps:
        for tap in taps:
            x, y = map(int, tap.split())
            panel.write(e.EV_ABS, e.ABS_X, x)
            panel.write(e.EV_ABS, e.ABS_Y, y)
            panel.write(e.EV_KEY, e.BTN_TOUCH, 1)
            panel.syn()
            time.sleep(0.1)
            panel.write(e.EV_KEY, e.BTN_TOUCH, 0)
            panel.syn()
"""


class Finger:
    """Taps the screen of the device behind `shell`; places are fractions of its sides."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def plug(self, patience: float) -> None:
        """Give the device the touch panel, until its next boot."""
        self._shell.run(f"mkdir -p {PLACE} && cat >{PLACE}/finger.py", root=True,
                        given=_PROGRAM.encode())  # fmt: skip
        self._shell.run(
            f"modprobe uinput && systemctl reset-failed {_UNIT} 2>/dev/null;"
            f" systemd-run --quiet --unit {_UNIT} python3 {PLACE}/finger.py",
            root=True,
            patience=patience,
        )
        end = time.monotonic() + patience
        while self._shell.run(f"test -e {PLACE}/ready && echo there || true", root=True) == "":
            assert time.monotonic() < end, "the device has no touch panel from uinput"
            time.sleep(1.0)

    def tap(self, across: float, down: float) -> None:
        """Touch the screen for a moment."""
        place = f"{round(across * _RANGE)} {round(down * _RANGE)}"
        self._shell.run(f"echo {place} >{PLACE}/taps", root=True)
