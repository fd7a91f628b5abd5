"""A power cut at every write: what was there or what was to come is there, and nothing is lost."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from iot_facerecognition_edge.first_boot.problems import Area
from tests.edge.first_boot.conftest import GOOD, KEY, PROFILE, Device, make_device

CALLS = ("write", "fsync", "rename", "replace", "unlink", "symlink", "open", "pwrite")


class PowerCutError(BaseException):
    """The device is off from here on; no handler may go on."""


@contextmanager
def counted(act: Callable[[int], None]) -> Iterator[list[int]]:
    """Call `act` with a number before every call that may change the disk."""
    count = [0]
    patch = pytest.MonkeyPatch()

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments, **named):
            writes = name != "open" or arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes:
                act(count[0])
                count[0] += 1
            return original(*arguments, **named)

        patch.setattr(os, name, call)

    for name in CALLS:
        wrap(name)
    try:
        yield count
    finally:
        patch.undo()


def cut_at(number: int) -> Callable[[int], None]:
    def act(now: int) -> None:
        if now >= number:
            raise PowerCutError

    return act


def writes_of_a_start(device: Device) -> int:
    with counted(lambda _: None) as count:
        device.start()
    return count[0]


def everything_holds(device: Device) -> None:
    assert "psk=correct horse\n" in device.read(PROFILE)
    assert device.settings["connection.token"] == "secret-token"
    assert device.read("etc/hostname") == "kitchen-camera\n"
    assert device.read("etc/ssh/iot-facerecognition/pi") == f"{KEY} me@home\n"
    assert "correct horse" not in device.card
    assert "secret-token" not in device.card
    assert "# Mine, and to be kept." in device.card
    assert "[time]" in device.card
    left = {path.name for path in device.boot.iterdir()}
    assert left == {"cmdline.txt", "iot-facerecognition.toml", "iot-facerecognition-status.txt"}


def test_after_a_cut_at_any_write_the_next_start_brings_everything(tmp_path):
    trial = make_device(tmp_path / "trial")
    trial.write(GOOD)
    writes = writes_of_a_start(trial)
    everything_holds(trial)
    print(f"{writes} writes")
    assert writes > 50
    for number in range(writes):
        device = make_device(tmp_path / str(number))
        device.write(GOOD)
        with counted(cut_at(number)), suppress(PowerCutError):
            device.start()
        # Either the old file or the new one, and whole.
        assert any(word in device.card for word in ('"correct horse"', "password: taken over")), (
            number
        )
        assert "[time]" in device.card
        assert device.start().report.problems == (), number
        everything_holds(device)
        if number % 10 == 0:
            before = device.files()
            device.start()
            assert device.files() == before, number


def test_two_cuts_in_a_row_lose_nothing_either(tmp_path):
    trial = make_device(tmp_path / "trial")
    trial.write(GOOD)
    writes = writes_of_a_start(trial)
    for number in range(0, writes, 7):
        device = make_device(tmp_path / str(number))
        device.write(GOOD)
        for again in (number, 3):
            with counted(cut_at(again)), suppress(PowerCutError):
                device.start()
        device.start()
        everything_holds(device)


@pytest.mark.parametrize("damage", [None, b"", b"\0" * 700, b"[wlan]\nssid = "])
def test_a_file_that_fat_lost_in_the_cut_is_put_back(device, damage):
    """FAT has no journal: the name may be gone, or lead to nothing, when the power is cut."""
    device.write(GOOD)
    safe = device.root / "var/lib/first-boot/card/iot-facerecognition.toml"

    def act(number: int) -> None:
        if safe.exists() and "taken over" in safe.read_text():
            raise PowerCutError

    with counted(act), suppress(PowerCutError):
        device.start()
    assert safe.exists()
    path = device.boot / "iot-facerecognition.toml"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    report = device.start().report
    assert report.problems == ()
    assert any("put back" in note for note in report.notes)
    everything_holds(device)


def test_a_file_written_by_a_person_after_a_cut_is_not_put_back(device):
    device.write(GOOD)
    safe = device.root / "var/lib/first-boot/card/iot-facerecognition.toml"

    def act(number: int) -> None:
        if safe.exists():
            raise PowerCutError

    with counted(act), suppress(PowerCutError):
        device.start()
    device.write('[system]\nhostname = "another"\n')
    device.start()
    assert device.read("etc/hostname") == "another\n"
    assert not safe.exists()


def test_what_may_be_a_second_name_of_the_same_clusters_is_not_written(device):
    device.write(GOOD)
    (device.boot / "iot-facerecognition.toml.new").write_text(GOOD)
    device.start()
    assert (device.boot / "iot-facerecognition.toml.new").read_text() == GOOD
    assert "secret-token" not in device.card


@contextmanager
def read_only(device: Device) -> Iterator[None]:
    """The boot partition takes no writes, as one that is mounted read-only."""
    patch = pytest.MonkeyPatch()
    boot = str(device.boot)

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments, **named):
            writes = name != "open" or arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and str(arguments[0]).startswith(boot):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(arguments[0]))
            return original(*arguments, **named)

        patch.setattr(os, name, call)

    for name in ("open", "rename", "replace", "unlink"):
        wrap(name)
    try:
        yield
    finally:
        patch.undo()


def test_a_read_only_boot_partition_is_applied_and_told(device):
    device.write(GOOD)
    with read_only(device):
        report = device.start().report
    assert device.settings["connection.token"] == "secret-token"
    assert "psk=correct horse" in device.read(PROFILE)
    assert report.light == Area.WRITING
    assert any(
        "secrets were taken over but are still on the card" in one for one in report.problems
    )
    assert not device.has("boot/firmware/iot-facerecognition-status.txt")
    assert device.start().report.problems == ()
    everything_holds(device)


def test_a_read_only_boot_partition_does_not_undo_what_was_changed_on_the_screen(device):
    device.write(GOOD)
    with read_only(device):
        device.start()
        path = device.root / "var/lib/iot-facerecognition-edge/settings.json"
        path.write_text(path.read_text().replace('"camera.fps": 10', '"camera.fps": 25'))
        device.start()
    assert device.settings["camera.fps"] == 25


def test_a_full_disk_is_reported_and_tried_again(device):
    device.write(GOOD)
    patch = pytest.MonkeyPatch()
    original = os.open

    def full(path, flags, *rest, **named):
        if "settings.json" in str(path) and flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return original(path, flags, *rest, **named)

    patch.setattr(os, "open", full)
    report = device.start().report
    patch.undo()
    assert "[iot-facerecognition] was not applied" in report.problems[0]
    assert "secret-token" in device.card
    assert device.start().report.problems == ()
    everything_holds(device)


def test_what_the_old_file_held_is_overwritten_on_the_card(device):
    """FAT leaves the contents of a replaced file in free clusters, where any tool finds them."""
    device.write(GOOD)
    old = device.root / "clusters"
    os.link(device.boot / "iot-facerecognition.toml", old)
    device.start()
    assert old.read_bytes() == bytes(len(GOOD.encode()))
    everything_holds(device)
