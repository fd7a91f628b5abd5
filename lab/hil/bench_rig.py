"""A real board on a bench, driven by the commands of its description (`bench`)."""

import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from lab.hil.bench import Bench, BenchError, CardWriter, Power
from lab.hil.rig import Settings
from lab.hil.server import said
from lab.hil.shell import Destination, Shell
from lab.virtual_pi.appliance import SETTINGS_FILE

_CLOCK = "/var/lib/systemd/timesync/clock"
"""Whose time of change a board without a clock chip begins at (systemd-timesyncd.service(8))."""
_LONG_AGO = "2021-01-01"
_FPS = 20
"""Frames a second that the camera is set to: more than the fifteen that have to arrive."""
_WRITE_PATIENCE = 3600.0
"""Seconds for an image; a slow card takes half an hour."""


class BenchRig:
    """The board of `bench`; `folder` gets what comes out of its serial console."""

    def __init__(self, bench: Bench, folder: Path, run: Callable[[str], str] = said) -> None:
        """`run` executes a command of the bench on this machine. Raises BenchError."""
        if not bench.device.host:
            raise BenchError("--hil-host names no device: [device] host, or --hil-host pi@ADDRESS")
        if not bench.address:
            raise BenchError("address is missing in the bench: this machine's, seen by the device")
        self.what = f"{bench.name}: {bench.device.host}"
        self.emulated = False
        self.switchable = bench.power is not None
        self.writes_card = bench.card is not None
        self.shows = bool(bench.camera.show)
        self.goals = bench.goals
        self.clock_chip = bench.device.clock_chip
        self.address = bench.address
        self.framebuffer = bench.screen.framebuffer
        self.camera: Settings = {"camera.fps": _FPS, **bench.edge_settings}
        self._bench = bench
        self._folder = folder
        self._run = run
        device = bench.device
        self._shell = Shell(Destination(device.host, device.port, device.key), bench.goals.patience)
        self.write_options = "oflag=direct status=none"
        """How dd writes a card: past the memory, which would hide how slow it is."""
        self._on = True
        self._shows: threading.Event | None = None
        self._serial: subprocess.Popen[bytes] | None = None

    @property
    def shell(self) -> Shell:
        """The shell on the board."""
        return self._shell

    @property
    def public_key(self) -> str:
        """The public half of `[device] key`, if it lies next to it."""
        key = self._bench.device.key
        public = None if key is None else key.with_name(f"{key.name}.pub")
        return public.read_text().strip() if public is not None and public.exists() else ""

    @property
    def on(self) -> bool:
        """Whether it was given power last; a board is taken to be on at the start."""
        return self._on

    def provision(self, package: Path, settings: str) -> None:  # noqa: ARG002 - the image has one
        """Write image and settings file to the card by the SD multiplexer, where there is one."""
        writer = self._bench.card
        if writer is None:
            return
        self.power_cut()
        self._run(writer.to_reader)
        try:
            self._until_there(writer.device)
            reader = "xz --decompress --stdout" if writer.image.suffix == ".xz" else "cat"
            image, card = shlex.quote(str(writer.image)), shlex.quote(str(writer.device))
            self._write(f"{reader} {image} | dd of={card} bs=4M {self.write_options} && sync")
            self._put_settings(writer, settings)
        finally:
            self._run(writer.to_device)

    def power_on(self) -> None:
        """Close the relay."""
        self._listen()
        self._run(self._power().on)
        self._on = True
        self._shell.forget()

    def power_cut(self) -> None:
        """Open the relay, for long enough that nothing keeps the board alive."""
        self._run(self._power().off)
        self._on = False
        self._shell.forget()
        time.sleep(self._power().settle_seconds)

    def show(self, pictures: Sequence[Path]) -> None:
        """Put the pictures before the camera, by `[camera] show`."""
        command = self._bench.camera.show
        if not command:
            raise BenchError("[camera] show is missing: nothing shows the camera a picture")
        self._stop_showing()
        commands = [command.format(picture=shlex.quote(str(path))) for path in pictures]
        self._run(commands[0])
        if len(commands) > 1:
            self._shows = threading.Event()
            threading.Thread(
                target=self._show_in_turn, args=(self._shows, commands), name="show", daemon=True
            ).start()

    def link(self, *, up: bool, back_after: float) -> None:
        """Use `[network]`'s commands; without them the radio goes off and comes back by itself."""
        link = self._bench.network
        if link.off and link.on:
            self._run(link.on if up else link.off)
        elif not up:
            script = f"nmcli radio wifi off; sleep {back_after:.0f}; nmcli radio wifi on"
            self._shell.run(f"systemd-run --quiet sh -c {shlex.quote(script)}", root=True)
        self._shell.forget()

    def wrong_clock(self) -> None:
        """Switch time synchronisation off, and let the next boot begin years ago."""
        self._shell.run(
            "systemctl disable --quiet --now systemd-timesyncd; rm -f /etc/fake-hwclock.data; "
            f"mkdir -p {Path(_CLOCK).parent} && touch --date {_LONG_AGO} {_CLOCK} && sync",
            root=True,
        )

    def right_clock(self) -> None:
        """Switch time synchronisation on again, and wait for it."""
        self._shell.run("systemctl enable --quiet --now systemd-timesyncd", root=True)
        there = "while [ ! -e /run/systemd/timesync/synchronized ]; do sleep 1; done"
        self._shell.run(there, patience=self.goals.patience)

    def screenshot(self) -> Image.Image | None:
        """Nothing but the camera of a phone would see it from outside."""
        return None

    def console(self) -> str:
        """Return what the serial console has said since the last boot."""
        path = self._folder / "serial.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        """Stop showing and listening; the board stays on, for whoever looks at it next."""
        self._stop_showing()
        self._stop_listening()
        self._shell.close()

    def _power(self) -> Power:
        if self._bench.power is None:
            raise BenchError("[power] is missing: the board cannot be switched off and on")
        return self._bench.power

    def _write(self, command: str) -> None:
        said(command, _WRITE_PATIENCE)

    def _until_there(self, device: Path) -> None:
        end = time.monotonic() + self.goals.patience
        while not device.exists():
            if time.monotonic() > end:
                raise BenchError(f"{device} did not appear after [card] to_reader")
            time.sleep(0.5)

    def _put_settings(self, writer: CardWriter, settings: str) -> None:
        more = writer.settings.read_text() if writer.settings is not None else ""
        self._run(writer.mount)
        try:
            (writer.boot / SETTINGS_FILE).write_text(f"{settings}\n{more}")
        finally:
            self._run(writer.unmount)

    def _show_in_turn(self, ended: threading.Event, commands: Sequence[str]) -> None:
        at = 0
        while not ended.wait(self._bench.camera.seconds):
            at = (at + 1) % len(commands)
            self._run(commands[at])

    def _stop_showing(self) -> None:
        shows, self._shows = self._shows, None
        if shows is not None:
            shows.set()

    def _listen(self) -> None:
        serial = self._bench.serial
        self._stop_listening()
        if serial.device is None:
            return
        place = shlex.quote(str(serial.device))
        self._run(f"stty --file {place} {serial.speed} raw -echo")
        with (self._folder / "serial.txt").open("wb") as output:
            self._serial = subprocess.Popen(["cat", serial.device], stdout=output)

    def _stop_listening(self) -> None:
        serial, self._serial = self._serial, None
        if serial is not None:
            serial.terminate()
            serial.wait()
