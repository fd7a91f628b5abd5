"""The folders that a read-only root keeps, on the card of a loop device: starts and accidents."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.edge_device import REPOSITORY, install
from tests.image.stages import STAGE

FILES = REPOSITORY / "image" / STAGE / "12-read-only-root" / "files"
SCRIPT = FILES / "iot-facerecognition-persistent"
TOOLS = {"sfdisk": "fdisk", "mkfs.ext4": "e2fsprogs", "losetup": "mount", "partx": "util-linux"}
MEGABYTE = 1 << 20
TABLE = "label: dos\nstart=8192, size=8192, type=c\nstart=16384, size=16384, type=83\n"


class Card:
    """A card with a boot and a root partition, and a device that starts from it."""

    def __init__(self, folder: Path, megabytes: int = 64) -> None:
        self._folder = folder
        image = folder / "card.img"
        with image.open("wb") as file:
            file.truncate(megabytes * MEGABYTE)
        subprocess.run(["sfdisk", "--quiet", image], input=TABLE.encode(), check=True)
        found = subprocess.run(
            ["losetup", "--find", "--show", "--partscan", image], check=True, stdout=subprocess.PIPE
        )
        self.disk = found.stdout.decode().strip()
        self.state = folder / "state"
        self._list = folder / "folders"
        self._list.write_text(f"# What is kept.\n{self.state}   # the edge's\n\n")

    def detach(self) -> None:
        subprocess.run(["losetup", "--detach", self.disk], check=False)

    def start(self, then: str = ":") -> tuple[int, str]:
        """Start the device, whose root has forgotten everything; return what `then` printed."""
        subprocess.run(["rm", "-rf", self.state], check=True)
        self.state.mkdir(mode=0o750)
        (self.state / "shipped").write_text("by the image")
        # /persistent is in the image; here it is in a name space of its own.
        script = (
            "mount -t tmpfs tmpfs /mnt && mkdir /mnt/persistent &&"
            f" sed 's|^place=.*|place=/mnt/persistent|' {SCRIPT} >/mnt/script &&"
            f" sh /mnt/script && {{ {then}; }}"
        )
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PERSISTENT_DISK": self.disk,
            "PERSISTENT_FOLDERS": str(self._list),
        }
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def add_third(self) -> None:
        append = "sfdisk --quiet --append --no-reread --no-tell-kernel"
        self.shell(f"echo 'start=32768, type=83' | {append} {self.disk}")
        self.shell(f"partx --add --nr 3 {self.disk}")

    def shell(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.stdout.decode()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    install(TOOLS)
    made = Card(tmp_path)
    yield made
    made.detach()


def test_the_first_start_makes_the_partition_and_later_ones_keep_what_was_written(card: Card):
    status, said = card.start(f"cat {card.state}/shipped; echo kept >{card.state}/settings")
    assert status == 0, said
    assert "making a third partition" in said
    assert "by the image" in said
    table = card.shell(f"sfdisk --dump {card.disk}")
    starts = [int(number) for number in re.findall(r"start= *(\d+)", table)]
    assert len(starts) == 3
    assert starts == sorted(starts), "not in the gap before the first one"
    for _ in range(2):
        status, said = card.start(f"cat {card.state}/settings; stat -c %a {card.state}")
        assert status == 0, said
        assert "making" not in said
        assert said.splitlines()[-2:] == ["kept", "750"]


def test_a_start_that_was_cut_off_before_formatting_is_made_good(card: Card):
    card.add_third()
    status, said = card.start(f"cat {card.state}/shipped")
    assert status == 0, said
    assert "by the image" in said


def test_a_folder_that_was_half_copied_is_copied_again(card: Card):
    half = f"rm -rf /mnt/persistent{card.state}; mkdir -p /mnt/persistent{card.state}.new"
    assert card.start(f"umount {card.state}; {half}")[0] == 0
    status, said = card.start(f"cat {card.state}/shipped")
    assert status == 0, said
    assert "by the image" in said


def test_somebody_elses_partition_is_left_alone(card: Card):
    card.add_third()
    card.shell(f"mkfs.ext4 -q -L photos {card.disk}p3")
    status, said = card.start()
    assert status == 1
    assert "holds something else" in said
    assert "forgotten at its next start" in said
    assert card.shell(f"blkid --match-tag LABEL --output value {card.disk}p3") == "photos\n"


def test_a_card_without_room_is_reported(tmp_path: Path):
    install(TOOLS)
    card = Card(tmp_path, megabytes=16)
    try:
        status, said = card.start()
    finally:
        card.detach()
    assert status == 1
    assert "no room" in said
