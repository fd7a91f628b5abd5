"""A bench's commands: which are run, in which order, and what is said where one is missing."""

import threading
from pathlib import Path

import pytest

from lab.hil.bench import Bench, BenchError, CardWriter, Link, Login, Power, Scene
from lab.hil.bench_rig import BenchRig
from lab.virtual_pi.appliance import SETTINGS_FILE

DEVICE = Login("pi@zero.invalid")


class Commands:
    """Keeps what a bench is asked to run, and says when that is four commands."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.four = threading.Event()

    def __call__(self, command: str) -> str:
        self.ran.append(command)
        if len(self.ran) == 4:
            self.four.set()
        return ""


@pytest.fixture
def commands() -> Commands:
    return Commands()


def rig(commands: Commands, folder: Path, **sections) -> BenchRig:
    bench = Bench(address="192.0.2.1", device=DEVICE, **sections)
    return BenchRig(bench, folder, commands)


def test_a_bench_needs_a_device_and_this_machines_address(tmp_path):
    with pytest.raises(BenchError, match=r"\[device\] host"):
        BenchRig(Bench(address="192.0.2.1"), tmp_path)
    with pytest.raises(BenchError, match="address is missing"):
        BenchRig(Bench(device=DEVICE), tmp_path)


def test_power_is_cut_for_a_while_and_given_again(commands, tmp_path):
    board = rig(commands, tmp_path, power=Power("relay on", "relay off", settle_seconds=0.0))
    assert board.on
    board.power_cut()
    assert not board.on
    board.power_on()
    assert board.on
    assert commands.ran == ["relay off", "relay on"]


def test_without_a_relay_it_is_said(commands, tmp_path):
    board = rig(commands, tmp_path)
    assert not board.switchable
    with pytest.raises(BenchError, match=r"\[power\] is missing"):
        board.power_cut()


def test_the_card_is_written_in_the_reader_and_given_back(commands, tmp_path):
    image, device, boot, more = (tmp_path / name for name in ("image", "sdx", "boot", "wlan.toml"))
    image.write_bytes(b"an image" * 1000)
    device.touch()
    boot.mkdir()
    more.write_text('[wlan]\nssid = "bench"\n')
    writer = CardWriter("to reader", "to device", device, image, boot, "mount", "unmount", more)
    board = rig(
        commands, tmp_path, card=writer, power=Power("relay on", "relay off", settle_seconds=0.0)
    )
    # A file takes no direct writes of other than whole blocks; a card does.
    board.write_options = ""
    board.provision(Path("some.deb"), '[system]\nhostname = "hil"\n')
    assert commands.ran == ["relay off", "to reader", "mount", "unmount", "to device"]
    assert device.read_bytes() == image.read_bytes()
    written = (boot / SETTINGS_FILE).read_text()
    assert written.index("[system]") < written.index("[wlan]")


def test_the_card_is_given_back_when_writing_fails(commands, tmp_path):
    writer = CardWriter(
        "to reader", "to device", tmp_path, tmp_path / "no.img", tmp_path, "mount", "unmount"
    )
    board = rig(
        commands, tmp_path, card=writer, power=Power("relay on", "relay off", settle_seconds=0.0)
    )
    with pytest.raises(BenchError, match=r"no\.img"):
        board.provision(Path("some.deb"), "")
    assert commands.ran[-1] == "to device"


def test_a_picture_is_shown_by_its_path(commands, tmp_path):
    board = rig(commands, tmp_path, camera=Scene("show {picture}"))
    board.show([Path("/tmp/a b.jpg")])
    assert commands.ran == ["show '/tmp/a b.jpg'"]
    with pytest.raises(BenchError, match=r"\[camera\] show is missing"):
        rig(commands, tmp_path).show([Path("x.jpg")])


def test_several_pictures_are_shown_in_turn(commands, tmp_path):
    board = rig(commands, tmp_path, camera=Scene("show {picture}", seconds=0.01))
    board.show([Path("a.jpg"), Path("b.jpg")])
    assert commands.four.wait(30)
    board.close()
    assert commands.ran[:4] == ["show a.jpg", "show b.jpg", "show a.jpg", "show b.jpg"]


def test_the_network_is_switched_by_its_commands(commands, tmp_path):
    board = rig(commands, tmp_path, network=Link("ap off", "ap on"))
    board.link(up=False, back_after=60)
    board.link(up=True, back_after=60)
    assert commands.ran == ["ap off", "ap on"]


def test_the_key_for_the_card_is_the_public_half_beside_the_private_one(commands, tmp_path):
    key = tmp_path / "key"
    (tmp_path / "key.pub").write_text("ssh-ed25519 AAAA bench\n")
    bench = Bench(address="192.0.2.1", device=Login("pi@zero.invalid", key=key))
    assert BenchRig(bench, tmp_path, commands).public_key == "ssh-ed25519 AAAA bench"
    assert rig(commands, tmp_path).public_key == ""
