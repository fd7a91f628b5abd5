"""The test bed: device, server, and the relay between them, and what is asked of all three."""

from collections.abc import Callable
from dataclasses import dataclass

from iot_facerecognition_server.observability import catalogue
from lab.hil.deployment import IDENTITY
from lab.hil.device import Device, until
from lab.hil.overlay import Place
from lab.hil.relay import Relay
from lab.hil.results import Results
from lab.hil.rig import Rig
from lab.hil.server import ServerUnderTest, fingerprint, new_token

_SHELL = 60.0
"""Seconds of one try to reach the device's shell."""
_RESULTS = 2
"""Results for the device's frames that say that it streams."""


@dataclass(frozen=True, slots=True)
class Bed:
    """What is tested, and what it stands on."""

    rig: Rig
    server: ServerUnderTest
    relay: Relay
    results: Results

    @property
    def device(self) -> Device:
        """The device as it is reached since its last boot."""
        return Device(self.rig.shell, self.rig.goals.patience)

    def frames(self) -> float:
        """Return how many frames of the device's connection the server has worked on."""
        return self.server.metrics().value(catalogue.CLIENT_PROCESSED, identity=IDENTITY)

    def connected_at(self) -> float:
        """Return when the device's connection was made, in seconds since 1970; 0 without one."""
        return self.server.metrics().by(catalogue.CLIENT_CONNECTED, "identity").get(IDENTITY, 0.0)

    def until(self, seen: Callable[[], bool], what: str, pause: float = 0.5) -> float:
        """Wait as long as the device may take for anything; return the seconds it took."""
        return until(seen, self.rig.goals.patience, what, pause)

    def streaming(self) -> float:
        """Wait for more results for the device's frames; return the seconds it took."""
        before = self.frames()
        # A new connection counts from nothing.
        return self.until(
            lambda: (now := self.frames()) >= before + _RESULTS or _RESULTS <= now < before,
            "results for the device's frames",
        )

    def boot(self) -> Device:
        """Give the device power, and wait for its shell."""
        self.rig.power_on()
        return self.reached()

    def reached(self) -> Device:
        """Wait for the device's shell."""
        self.until(lambda: self.rig.shell.answers(_SHELL), "the device's shell")
        return self.device

    def place(self) -> Place:
        """Return where the tests ask the server about a picture; an earlier token is revoked."""
        token = new_token(self.server, "hil-tests")
        return Place("127.0.0.1", self.relay.port, fingerprint(self.server), token)
