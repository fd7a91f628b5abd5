"""A Raspberry Pi Zero in QEMU: boots from a card, has a screen to look at and to touch, a network.

What is emulated is the whole machine: processor, memory, SD card, framebuffer, serial line and USB
with a network adapter and a tablet. It has no Wi-Fi, no camera and no pins. This module stands in
for two more things: for the firmware, which takes kernel, device tree and command line from the
card, and for the person who pulls the plug.

Its network ends at this machine: the guest reaches `SERVER_ADDRESS`, behind which is one port of
our loopback, and we reach its SSH.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image

from benchmarks.edge_device import DeviceError, install
from lab.virtual_pi.boot_files import INITRD, KERNEL, SCREEN, TREE
from lab.virtual_pi.card import Card
from lab.virtual_pi.monitor import Monitor, MonitorError
from lab.virtual_pi.root import ACCOUNT
from lab.virtual_pi.serial_log import SerialLog

TOOLS = {"qemu-system-arm": "qemu-system-arm", "socat": "socat", "ssh": "openssh-client"}
SERVER_ADDRESS = "10.0.2.100"
"""Where the guest finds our loopback."""
_ARGUMENTS = (
    "console=ttyAMA0,115200 net.ifnames=0 dwc_otg.lpm_enable=0 "
    # QEMU has none of the Zero's power domains, and reboots when its watchdog is opened.
    "initcall_blacklist=bcm2835_power_driver_init systemd.watchdog_sec=0 "
    # Nor its graphics and sound, whose drivers take seconds to find that out.
    "modprobe.blacklist=vc4,vchiq,snd_bcm2835 "
    # The journal comes out of the serial line too, with the kernel's times.
    "printk.time=1 systemd.journald.forward_to_console=1 systemd.show_status=no "
    "systemd.getty_auto=no"
)
_CAMERA = "modules_load=vivid vivid.node_types=0x1 vivid.num_inputs=1 vivid.input_types=0x0"
"""The kernel's own imitation of a webcam as `/dev/video0`: a moving test picture."""
_NETWORK = "network"
_SHIFT = 1
"""An instruction takes 2 to the power of this nanoseconds: 2, as on a Zero with its waits."""
_OFF = r"reboot: (Power down|System halted)"
_PATIENCE = 300.0
_TAP = 0.15
"""Seconds that a finger stays; long enough for an emulated kernel to see both ends."""


class VirtualPi:
    """One machine; a context manager that pulls the plug at the end.

    `folder` gets what a run leaves: `serial.txt` of the last boot and QEMU's own `qemu.txt`.
    """

    def __init__(self, card: Card, folder: Path, server_port: int = 0) -> None:
        """`server_port` is the port of our loopback that the guest may reach, by its number."""
        self.card = card
        self.camera = False
        """Whether a camera is plugged in at the next boot."""
        self.folder = folder
        self._server_port = server_port
        self._ssh_port = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._monitor: Monitor | None = None
        # A socket's path has to be short.
        self._sockets = Path(tempfile.mkdtemp(prefix="virtual-pi-"))
        self.serial = SerialLog(folder / "serial.txt", self.is_on)
        self.booted = 0.0
        """The monotonic time at which it got its power, in seconds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Pull the plug for good."""
        self.power_cut()
        shutil.rmtree(self._sockets, ignore_errors=True)

    # Power.

    def boot(self) -> None:
        """Give it power; it boots from the card as that is now. Raises DeviceError."""
        if self.is_on():
            raise DeviceError("the virtual Pi runs already")
        install(TOOLS)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "serial.txt").unlink(missing_ok=True)
        for name in (KERNEL, TREE, INITRD):
            (self.folder / name).write_bytes(self.card.read(name))
        line = f"{self.card.read('cmdline.txt').decode().strip()} {_ARGUMENTS}"
        if self.camera:
            line += f" {_CAMERA}"
        self._ssh_port = _free_port()
        place = self._sockets / "monitor"
        place.unlink(missing_ok=True)
        with (self.folder / "qemu.txt").open("wb") as output:
            self.booted = time.monotonic()
            self._running = subprocess.Popen(
                self._command(line, place), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._monitor = Monitor(place)
        except MonitorError as error:
            said = (self.folder / "qemu.txt").read_text(errors="replace")
            self.power_cut()
            raise DeviceError(f"{error}; it said: {said}") from error

    def is_on(self) -> bool:
        """Return whether it has power and has not ended by itself."""
        return self._running is not None and self._running.poll() is None

    def power_off(self) -> None:
        """Shut it down as `systemctl poweroff` does, and wait for the end."""
        self.ssh("sudo", "systemctl", "--no-block", "poweroff")
        self.serial.until(_OFF, _PATIENCE)
        self.power_cut()

    def power_cut(self) -> None:
        """Pull the plug: what the guest had not yet written to the card is lost."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            monitor.close()
        running, self._running = self._running, None
        if running is not None:
            running.kill()
            running.wait()

    # Screen.

    def screenshot(self) -> Image.Image:
        """Return what the screen shows now."""
        path = self._sockets / "screen.ppm"
        self._asked().do("screendump", filename=str(path))
        with Image.open(path) as image:
            return image.convert("RGB")

    def touch(self, place: tuple[int, int]) -> None:
        """Tap the screen at a pixel."""
        across, down = ((at + 0.5) / side for at, side in zip(place, SCREEN, strict=True))
        monitor = self._asked()
        monitor.point(across, down)
        monitor.point(across, down, pressed=True)
        time.sleep(_TAP)
        monitor.point(across, down, pressed=False)

    def screen_until(
        self, seen: Callable[[Image.Image], bool], patience: float = _PATIENCE
    ) -> Image.Image:
        """Wait until the screen shows what `seen` wants; return it then. Raises AssertionError."""
        end = time.monotonic() + patience
        while not seen(picture := self.screenshot()):
            if time.monotonic() > end:
                picture.save(self.folder / "screen.png")
                raise AssertionError(
                    f"the screen did not show it for {patience:.0f} seconds; it shows "
                    f"{self.folder / 'screen.png'}"
                )
            time.sleep(0.2)
        return picture

    # Network.

    def ssh(self, *command: str) -> str:
        """Run a command in the guest, as its account and with `ssh_key`; return what it printed.

        Raises AssertionError where it fails.
        """
        words = ["ssh", "-q", "-p", str(self._ssh_port), "-i", str(self.ssh_key)]
        words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        words += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=60", f"{ACCOUNT}@127.0.0.1"]
        done = subprocess.run(
            [*words, *command], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode:
            raise AssertionError(
                f"{' '.join(command)} ended with {done.returncode}:\n"
                f"{done.stdout.decode()}{done.stderr.decode()}"
            )
        return done.stdout.decode().strip()

    @property
    def ssh_port(self) -> int:
        """The port of our loopback behind which the guest's SSH is; another one at each boot."""
        return self._ssh_port

    def link(self, *, up: bool) -> None:
        """Plug the network's cable in or out; what is on its way then is lost."""
        self._asked().do("set_link", name=_NETWORK, up=up)

    @property
    def ssh_key(self) -> Path:
        """A private key, made for this machine; its public half is next to it, with `.pub`."""
        key = self.folder / "ssh_key"
        if not key.exists():
            install(TOOLS)
            self.folder.mkdir(parents=True, exist_ok=True)
            make: list[str | Path] = ["ssh-keygen", "-q", "-t", "ed25519", "-N", ""]
            make += ["-C", "virtual-pi", "-f", key]
            subprocess.run(make, check=True)
        return key

    # Inside.

    def _asked(self) -> Monitor:
        if self._monitor is None:
            raise DeviceError("the virtual Pi is off: boot it first")
        return self._monitor

    def _command(self, line: str, monitor: Path) -> list[str | Path]:
        network = f"user,id={_NETWORK},restrict=on,hostfwd=tcp:127.0.0.1:{self._ssh_port}-:22"
        if self._server_port:
            port = self._server_port
            relay = f"{shutil.which('socat')} - TCP:127.0.0.1:{port}"
            network += f",guestfwd=tcp:{SERVER_ADDRESS}:{port}-cmd:{relay}"
        folder = self.folder
        return [
            *("qemu-system-arm", "-M", "raspi0", "-display", "none", "-no-reboot"),
            # Its clock counts instructions. By the clock of a busy machine the guest now and then
            # sets its timer to a time that has passed already, and sleeps for an hour.
            *("-icount", f"shift={_SHIFT}"),
            *("-monitor", "none", "-serial", f"file:{folder / 'serial.txt'}"),
            *("-qmp", f"unix:{monitor},server=on,wait=off"),
            *("-kernel", folder / KERNEL, "-dtb", folder / TREE, "-initrd", folder / INITRD),
            *("-append", line),
            *("-drive", f"file={self.card.path},if=sd,format=raw"),
            *("-device", "usb-tablet", "-netdev", network),
            *("-device", f"usb-net,netdev={_NETWORK}"),
        ]


def _free_port() -> int:
    """Return a port of our loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
