"""What systemd is told: ready, one line of status, signs of life, the end."""

import os
from typing import Protocol

from iot_facerecognition_client import State
from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_protocol import CameraState, clean_text

_STATUS_LENGTH = 1200


class Notifier(Protocol):
    """Who passes a line on to systemd."""

    def notify(self, state: str) -> None:
        """Pass on `NAME=value`."""


class NoNotifier:
    """For a program that systemd did not start."""

    def notify(self, state: str) -> None:
        """Tell nobody."""


def open_notifier() -> Notifier:
    """Return what reaches systemd, where it listens. Raises EdgeError without python3-sdnotify."""
    if "NOTIFY_SOCKET" not in os.environ:
        return NoNotifier()
    try:
        import sdnotify  # noqa: PLC0415 - only under systemd
    except ImportError as error:
        raise EdgeError(
            f"systemd expects to be notified ({error}): sudo apt install python3-sdnotify"
        ) from error
    notifier: Notifier = sdnotify.SystemdNotifier(debug=False)
    return notifier


class Daemon:
    """Tells systemd about `appliance`; `beat` is to be called a few times per WatchdogSec.

    The watchdog is fed only while camera and network both move, and from the loop that moves them:
    when either hangs, systemd starts the program again.
    """

    def __init__(self, appliance: Appliance, notifier: Notifier) -> None:
        self._appliance = appliance
        self._notifier = notifier
        self._status = ""
        self._stuck = ""

    def ready(self) -> None:
        """Say that the start is over."""
        self._notifier.notify("READY=1")
        self.beat()

    def beat(self) -> None:
        """Say how things are, and give a sign of life if there is one."""
        appliance = self._appliance
        now = appliance.clock()
        stuck = appliance.progress.stalled(now)
        if stuck and stuck != self._stuck:
            text = f"{stuck} hangs: systemd will start this program again"
            appliance.log.error(text)
        self._stuck = stuck
        if not stuck:
            self._notifier.notify("WATCHDOG=1")
        status = status_line(appliance)
        if status != self._status:
            self._status = status
            self._notifier.notify(f"STATUS={status}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._notifier.notify("STOPPING=1")


def status_line(appliance: Appliance) -> str:
    """Return one line that a person understands, for `systemctl status` and the terminal."""
    connection, camera = appliance.connection, appliance.camera
    parts = []
    if connection.state is State.CONNECTED:
        parts.append(f"connected to {connection.server}")
        if camera.state is CameraState.RUNNING:
            parts.append(f"{appliance.fps:.0f} results a second")
    else:
        parts.append(f"{connection.server}: {connection.text}")
    if camera.state is CameraState.RUNNING:
        parts.append(f"camera at {appliance.health.capture_fps:g} fps")
    else:
        parts.append(camera.text)
    if appliance.network.wifi is not None:
        parts.append(appliance.network.text)
    return clean_text("; ".join(parts), _STATUS_LENGTH)
