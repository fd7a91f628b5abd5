"""A small device in a folder: its system, its card, and the commands that were run on it."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_edge.first_boot.card import Card
from iot_facerecognition_edge.first_boot.machine import STATE, Machine, StepError
from iot_facerecognition_edge.first_boot.memory import MemoryFile
from iot_facerecognition_edge.first_boot.run import FirstBoot, Outcome

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8n1o2yQUnpJvYBWnQwYyJbS0pbIVs7gGVj0pS9vUQe"
PASSWORDS = "pi:!:20000:0:99999:7:::\n"
PROFILE = "etc/NetworkManager/system-connections/iot-facerecognition.nmconnection"


@dataclass
class Device:
    """A Raspberry Pi OS as far as the first boot sees it."""

    root: Path
    commands: list[tuple[str, ...]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    @property
    def boot(self) -> Path:
        return self.root / "boot/firmware"

    def start(self, version: str = "1.0") -> Outcome:
        """Start the device once."""
        card = Card(self.boot, self.root / "var/lib/first-boot/card")
        machine = Machine(self.root, card, self._run)
        memory = MemoryFile(self.root / "var/lib/first-boot/applied.json")
        return FirstBoot(card, machine, memory, version).run()

    def write(self, text: str | bytes, name: str = "iot-facerecognition.toml") -> None:
        data = text.encode() if isinstance(text, str) else text
        (self.boot / name).write_bytes(data)

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def has(self, path: str) -> bool:
        return (self.root / path).exists()

    @property
    def card(self) -> str:
        return self.read("boot/firmware/iot-facerecognition.toml")

    @property
    def status(self) -> str:
        return self.read("boot/firmware/iot-facerecognition-status.txt")

    @property
    def settings(self) -> dict[str, Any]:
        path = self.root / STATE / "settings.json"
        found: dict[str, Any] = json.loads(path.read_text())["settings"] if path.exists() else {}
        return found

    def files(self) -> dict[str, bytes]:
        """All files with their contents, to compare."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink():
                found[str(path.relative_to(self.root))] = str(path.readlink()).encode()
            elif path.is_file():
                found[str(path.relative_to(self.root))] = path.read_bytes()
        return found

    def _run(self, words: Any) -> None:
        self.commands.append(tuple(words))
        if words[0] in self.failing:
            raise StepError(f"{words[0]} ended with status 1 (as the test wants it)")


def make_device(root: Path) -> Device:
    for folder in (
        "boot/firmware",
        "dev",
        "etc/NetworkManager/system-connections",
        "etc/default",
        "etc/ssh",
        "etc/sudoers.d",
        STATE,
        "var/lib/NetworkManager",
        "var/lib/systemd/rfkill",
        "usr/sbin",
        "usr/share/zoneinfo/Europe",
    ):
        (root / folder).mkdir(parents=True)
    for path, content in {
        "boot/firmware/cmdline.txt": "console=tty1 root=PARTUUID=1234-02 rootwait\n",
        "dev/rfkill": "",
        "etc/hostname": "raspberrypi\n",
        "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n",
        "etc/locale.gen": "# de_DE.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\n",
        "etc/passwd": "root:x:0:0::/root:/bin/bash\npi:x:1000:1000::/home/pi:/usr/sbin/nologin\n",
        "etc/shadow": "root:*:20000:0:99999:7:::\n" + PASSWORDS,
        "usr/sbin/iw": "",
        "usr/sbin/locale-gen": "",
        "usr/sbin/sshd": "",
        "usr/share/zoneinfo/Europe/Berlin": "",
        "usr/share/zoneinfo/iso3166.tab": "# comment\nDE\tGermany\nGB\tBritain (UK)\n",
        "var/lib/NetworkManager/NetworkManager.state": "[main]\nWirelessEnabled=false\n",
        "var/lib/systemd/rfkill/platform-20300000.mmcnr:wlan": "1\n",
    }.items():
        (root / path).write_text(content)
    return Device(root)


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Leave the disk its time: what a power cut would lose, no test can see."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda _: None)
    yield
    patch.undo()


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return make_device(tmp_path)


GOOD = f"""\
# Mine, and to be kept.
[system]
hostname = "kitchen-camera"   # in the network
[wlan]
ssid = "My Wi-Fi"
password = "correct horse"
country = "DE"
[iot-facerecognition]
name = "kitchen"
server = "192.168.1.10"
port = 50001
token = "secret-token"
fingerprint = "sha256:{"ab" * 32}"
camera = "v4l2"
[iot-facerecognition.settings]
camera.fps = 10
display.rotation = "90"
[ssh]
authorized_keys = ["{KEY} me@home"]
[locale]
timezone = "Europe/Berlin"
keymap = "de"
locales = ["de_DE.UTF-8"]
[time]
ntp = ["192.168.1.1", "pool.ntp.org"]
"""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A certificate in PEM form."""
    folder = tmp_path_factory.mktemp("certificate")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-noenc", "-days", "2", "-subj", "/CN=test", "-keyout", folder / "key.pem"]
    subprocess.run([*words, "-out", folder / "server.pem"], check=True, capture_output=True)
    return (folder / "server.pem").read_bytes()
