"""The virtual Pi as a bench: QEMU's monitor is its relay and its network cable."""

import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from lab.hil.bench import Goals
from lab.hil.rig import Settings
from lab.hil.shell import Destination, Shell
from lab.virtual_pi.appliance import PICTURES, make_card
from lab.virtual_pi.card import Card
from lab.virtual_pi.machine import SERVER_ADDRESS, VirtualPi
from lab.virtual_pi.root import ACCOUNT

GOALS = Goals(
    frame_rate=None,
    cpu=None,
    memory=100.0,
    temperature=None,
    latency=None,
    boot=None,
    reconnects=8,
    power_cuts=2,
    link_off_seconds=60.0,
    patience=900.0,
)
"""Its clock counts instructions, and a busy machine takes tens of seconds for one of its own: what
depends on speed is reported, and asserted on hardware only."""
_FPS = 2
"""Frames a second that its camera is set to; it sends no more than one or two."""


class VirtualRig:
    """A virtual Pi whose card and logs are in `folder`; it reaches `port` of our loopback."""

    def __init__(self, folder: Path, port: int) -> None:
        self.what = "virtual Pi Zero (QEMU, lab/virtual_pi)"
        self.emulated = self.switchable = self.writes_card = self.shows = True
        self.goals = GOALS
        self.clock_chip = False
        self.address = SERVER_ADDRESS
        self.framebuffer = "/dev/fb0"
        self.camera: Settings = {
            "camera.source": f"folder:{PICTURES}",
            "camera.fps": _FPS,
            "camera.width": 640,
            "camera.height": 480,
        }
        self._folder = folder
        self._card = Card(folder / "card.img")
        self._pi = VirtualPi(self._card, folder, port)
        self._shell: Shell | None = None
        self._pictures: dict[str, bytes] = {}

    @property
    def shell(self) -> Shell:
        """A shell over the port that this boot got."""
        assert self._shell is not None, "the virtual Pi was not booted yet"
        return self._shell

    @property
    def on(self) -> bool:
        """Whether QEMU runs."""
        return self._pi.is_on()

    @property
    def public_key(self) -> str:
        """The line for its settings file that lets us in."""
        return self._pi.ssh_key.with_suffix(".pub").read_text().strip()

    def provision(self, package: Path, settings: str) -> None:
        """Make the card, with the pictures shown so far. Raises DeviceError."""
        make_card(self._card.path, package, self._pictures, settings.encode())

    def power_on(self) -> None:
        """Boot from the card."""
        self._pi.boot()
        self._leave_shell()
        key = self._pi.ssh_key
        destination = Destination(f"{ACCOUNT}@127.0.0.1", self._pi.ssh_port, key)
        self._shell = Shell(destination, self.goals.patience)

    def power_cut(self) -> None:
        """Kill QEMU: what the guest had not written to its card is lost."""
        self._pi.power_cut()

    def show(self, pictures: Sequence[Path]) -> None:
        """Put the pictures into the folder that stands for a camera; it is read at its start."""
        self._pictures = {picture.name: picture.read_bytes() for picture in pictures}
        if not self.on:
            return
        self.shell.run(f"rm -f {PICTURES}/*", root=True)
        for name, content in self._pictures.items():
            self.shell.run(f"cat >{PICTURES}/{name}", root=True, given=content)

    def link(self, *, up: bool, back_after: float) -> None:  # noqa: ARG002 - the interface's
        """Plug the network's cable in or out."""
        self._pi.link(up=up)

    def wrong_clock(self) -> None:
        """Nothing to do: it has no clock chip and no time server, and begins years ago."""

    def right_clock(self) -> None:
        """Set the time of day, and say so as systemd-timesyncd does."""
        self.shell.run(
            "date --set @$(cat) && mkdir -p /run/systemd/timesync && "
            "touch /run/systemd/timesync/synchronized",
            root=True,
            given=str(int(time.time())).encode(),
        )

    def screenshot(self) -> Image.Image | None:
        """Return what QEMU's monitor sees."""
        return self._pi.screenshot()

    def console(self) -> str:
        """Return the serial line of this boot."""
        return self._pi.serial.text()

    def close(self) -> None:
        """End it and remove its card."""
        self._leave_shell()
        self._pi.close()
        self._card.path.unlink(missing_ok=True)

    def _leave_shell(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            shell.close()
