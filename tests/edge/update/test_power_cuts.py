"""The power cut, and the updater killed, at every write and every step of dpkg's.

Each time the device comes back by itself: dpkg is done with one version, the old one or, if the
server has acknowledged it, the new one; that version runs; and the guard is gone.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.edge.update.conftest import NEW, OLD, FakeDevice, PowerCutError, counted
from tests.edge.update.test_guard import nothing_is_left


def cut_at(number: int) -> Callable[[int], None]:
    def act(now: int) -> None:
        if now >= number:
            raise PowerCutError

    return act


def kill_at(number: int) -> Callable[[int], None]:
    """As `cut_at`, but only one process dies."""

    def act(now: int) -> None:
        if now == number:
            raise PowerCutError

    return act


def update(device: FakeDevice, **behaviour: object) -> None:
    device.install(device.package(NEW, **behaviour), probation=10)
    device.guard()


def writes_of(device: FakeDevice, **behaviour: object) -> int:
    with counted(device, lambda _: None) as count:
        update(device, **behaviour)
    return count[0]


def comes_back(device: FakeDevice, number: int) -> None:
    version, state, flag = device.installed
    assert (state, flag) == ("installed", "ok"), number
    assert version in {OLD, NEW}, number
    assert device.versions_on_disk() == [version], number
    assert device.running == version, number
    assert not device.guarded, number
    journal = device.journal
    assert journal is None or not journal.under_way, number
    if version == NEW:
        assert journal is not None
        assert journal.acknowledged, number
        assert device.state["state"] == "good", number


def works_on(device: FakeDevice) -> None:
    """The next update is made as if nothing had been."""
    device.let_pass(10)
    device.install(device.package("3.0.0"))
    device.guard()
    assert device.installed == ("3.0.0", "installed", "ok")
    nothing_is_left(device)


GOOD: dict[str, object] = {}
BAD: dict[str, object] = {"streams": False, "postinst": 0}
BROKEN: dict[str, object] = {"postinst": 1, "prerm": 1}


@pytest.mark.parametrize("behaviour", [GOOD, BAD, BROKEN], ids=["good", "silent", "broken"])
def test_after_a_power_cut_at_any_write_the_device_comes_back(tmp_path, behaviour):
    writes = writes_of(FakeDevice(tmp_path / "trial"), **behaviour)
    print(f"{writes} writes")
    assert writes > 60
    kept = 0
    # Of the others the parts that differ; the beginning is the same.
    first = 0 if behaviour is GOOD else writes // 2
    for number in range(first, writes, 1 if behaviour is GOOD else 2):
        device = FakeDevice(tmp_path / str(number))
        with counted(device, cut_at(number)), suppress(PowerCutError):
            update(device, **behaviour)
        device.reboot()
        comes_back(device, number)
        kept += device.installed[0] == NEW
        if number % 25 == 0:
            works_on(device)
    print(f"{kept} of {writes} with the new version")
    assert (kept > 0) is (behaviour is GOOD)


def test_two_cuts_in_a_row_lose_nothing_either(tmp_path):
    writes = writes_of(FakeDevice(tmp_path / "trial"), **BROKEN)
    for number in range(0, writes, 9):
        device = FakeDevice(tmp_path / str(number))
        with counted(device, cut_at(number)), suppress(PowerCutError):
            update(device, **BROKEN)
        for again in (7, 13):
            with suppress(PowerCutError):
                boot_and_cut(device, again)
        device.reboot()
        comes_back(device, number)


def boot_and_cut(device: FakeDevice, number: int) -> None:
    guard = device.guard

    def cut() -> bool:
        with counted(device, cut_at(number)):
            return guard()

    device.guard = cut  # type: ignore[method-assign]
    try:
        device.reboot()
    finally:
        device.guard = guard  # type: ignore[method-assign]


def test_a_guard_killed_at_any_write_is_started_again_and_finishes(tmp_path):
    writes = writes_of(FakeDevice(tmp_path / "trial"))
    for number in range(0, writes, 5):
        device = FakeDevice(tmp_path / str(number))
        with counted(device, kill_at(number)), suppress(PowerCutError):
            update(device)
        if device.guarded:  # systemd starts it again
            device.guard()
        comes_back(device, number)


def test_a_journal_written_in_part_is_never_read(tmp_path):
    """The journal's name always leads to a whole one: the old one or the new one."""
    writes = writes_of(FakeDevice(tmp_path / "trial"))
    for number in range(0, writes, 8):
        device = FakeDevice(tmp_path / str(number))
        with counted(device, cut_at(number)), suppress(PowerCutError):
            update(device)
        assert device.journal is None or device.journal.attempt.version == NEW
