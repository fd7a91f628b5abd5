"""A bench without a board: a booted Debian with the edge, behind commands as a real bench's are.

It is for the tests' own sake: `make hil` drives it by a bench file, Ansible and SSH as it would a
Zero W, in minutes. It has no screen, no sensor and no clock of its own.

Usage: python -m lab.hil.host_bench [ARGUMENT OF PYTEST ...]
"""

import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.edge_device import REPOSITORY, DeviceError
from lab.hosts.host import Host
from lab.hosts.lab import HostLab
from lab.hosts.root import ACCOUNT, EDGE_BOOKWORM
from lab.virtual_pi.appliance import PICTURES

NAME = "bench"
_UNIT = "iot-facerecognition-edge.service"
_TELL = """
import socket, sys
controls = socket.socket(socket.AF_UNIX)
controls.connect(sys.argv[1])
controls.sendall(" ".join(sys.argv[2:]).encode() + b"\\n")
answer = controls.makefile().read()
sys.exit(None if answer == "done" else answer)
"""
"""What a command of the bench is: it says a word to this program, and waits until it is done."""
_BENCH = """
name = "booted Debian"
address = "10.77.0.1"
[device]
host = "{account}@{address}"
key = "{key}"
clock_chip = true
[power]
on = "{tell} on"
off = "{tell} off"
settle_seconds = 0
[camera]
show = "{tell} show {{picture}}"
seconds = 12
[screen]
framebuffer = ""
[network]
off = "{tell} unplug"
on = "{tell} plug"
[goals]
frame_rate = 4
latency = 5
boot = 120
reconnects = 5
power_cuts = 3
link_off_seconds = 45
patience = 300
[edge_settings]
"camera.source" = "folder:{pictures}"
"camera.fps" = 8
"camera.width" = 640
"camera.height" = 480
"""


class Controls(socketserver.ThreadingUnixStreamServer):
    """The relay, the network's plug and the light box of the host."""

    daemon_threads = True

    def __init__(self, place: Path, host: Host, pictures: Path) -> None:
        self._host = host
        self._pictures = pictures
        self._actions: dict[str, Callable[..., object]] = {
            "on": self._switch_on,
            "off": host.power_cut,
            "plug": host.mend_network,
            "unplug": host.cut_network,
            "show": self._show,
        }
        super().__init__(str(place), _Request)

    def act(self, words: Sequence[str]) -> str:
        """Do what the words say; return `done`, or what went wrong."""
        try:
            self._actions[words[0]](*words[1:])
        except (DeviceError, OSError, LookupError) as error:
            return f"{' '.join(words)}: {error}\n"
        return "done"

    def _switch_on(self) -> None:
        if not self._host.is_on():
            self._host.power_on()

    def _show(self, picture: str) -> None:
        for old in self._pictures.iterdir():
            old.unlink()
        shutil.copy(picture, self._pictures)
        # A folder is read when the camera starts.
        if self._host.is_on():
            self._host.console("systemctl", "try-restart", _UNIT, check=False)


class _Request(socketserver.StreamRequestHandler):
    server: Controls

    def handle(self) -> None:
        words = self.rfile.readline().decode().split()
        self.wfile.write(self.server.act(words).encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot the host, run the tests against it, and return pytest's exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    # Overlays need a file system on a disk, a socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="hil-", dir="/var/tmp") as temporary:
        folder = Path(temporary)
        pictures = folder / "pictures"
        pictures.mkdir()
        with HostLab(folder) as lab:
            host = lab.add(NAME, EDGE_BOOKWORM, {pictures: PICTURES})
            with Controls(folder / "controls", host, pictures) as controls:
                threading.Thread(target=controls.serve_forever, daemon=True).start()
                host.start()
                bench = folder / "bench.toml"
                bench.write_text(_description(lab, host, folder))
                status = _tests(lab, bench, given)
                controls.shutdown()
                return status


def _description(lab: HostLab, host: Host, folder: Path) -> str:
    teller = folder / "tell"
    teller.write_text(f"#!{sys.executable}\n{_TELL}")
    teller.chmod(0o755)
    return _BENCH.format(
        account=ACCOUNT,
        address=host.address,
        key=lab.key.private,
        tell=f"{teller} {folder / 'controls'}",
        pictures=PICTURES,
    )


def _tests(lab: HostLab, bench: Path, arguments: Sequence[str]) -> int:
    """Run the tests where the host can be reached."""
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-s", "--timeout=3600"]
    command += ["--hil-host", "bench", "--hil-bench", bench, *arguments, "tests/hil"]
    environment = os.environ | {"LAB": "hil", "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        lab.network.command(*command), env=environment, cwd=REPOSITORY, check=False
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
