"""Whole updates on the small device: what is left at their end, and what was told."""

import json

import pytest

from iot_facerecognition_edge.update.errors import NotNowError, UpdateError
from iot_facerecognition_edge.update.journal import Phase
from iot_facerecognition_edge.update.rejected import rejected
from iot_facerecognition_edge.update.shelf import held
from tests.edge.update.conftest import NEW, OLD, FakeDevice


def nothing_is_left(device: FakeDevice) -> None:
    assert not list(device.places.units.rglob("*guard*")), "the units exist during an update only"
    assert not device.places.guard.exists()
    assert held(device.places.upcoming) is None


def came_back(device: FakeDevice, reason: str) -> None:
    assert device.installed == (OLD, "installed", "ok")
    assert device.running == OLD
    assert device.versions_on_disk() == [OLD]
    assert device.state["state"] == "rolled-back"
    assert reason in device.state["reason"], device.state
    assert rejected(device.places) == [NEW]
    nothing_is_left(device)


def test_a_good_update_is_kept_when_the_server_acknowledges_it(device):
    told = device.install(device.package(NEW), attempt="a1")
    assert "attempt a1" in told
    assert device.guarded
    assert device.state["state"] == "installing"
    assert device.guard()
    assert device.installed == (NEW, "installed", "ok")
    assert device.state == device.state | {
        "version": NEW, "from": OLD, "state": "good", "reason": "", "attempt": "a1",
        "log": "/var/log/iot-facerecognition-update.log",
    }  # fmt: skip
    assert held(device.places.previous).name.split("_")[1] == OLD
    assert held(device.places.current).name.split("_")[1] == NEW
    nothing_is_left(device)


def test_the_guard_is_armed_and_told_of_before_anything_is_switched(device):
    device.install(device.package(NEW))
    assert device.installed == (OLD, "installed", "ok")
    assert device.journal.phase is Phase.ARMED
    service = (device.places.units / "iot-facerecognition-update-guard.service").read_text()
    assert "/var/lib/iot-facerecognition-update/guard.pyz run" in service
    assert "WatchdogSec=" in service


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"crashes": True}, "its service had to be started again"),
        ({"streams": False}, "not acknowledged by the server within 30 s: it gets no results"),
        ({"acknowledged": False}, "it streams, but not at the rate that the server expects"),
        ({"postinst": 7}, "postinst failed with 7"),
        ({"updater": False}, "the new version could not be updated in turn"),
        ({"prerm": 9, "streams": False}, "not acknowledged"),
        ({"prerm": 9, "postinst": 7}, "postinst failed with 7"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_version_that_is_broken_is_put_back(device, behaviour, reason):
    device.install(device.package(NEW, **behaviour), probation=30)
    assert device.guard()
    came_back(device, reason)


def test_dpkg_killed_in_the_middle_is_mended(device):
    device.install(device.package(NEW))
    steps = [0]

    def kill() -> None:
        steps[0] += 1
        if steps[0] == 4:
            device.step = lambda: None
            raise_signal(device)

    device.step = kill
    assert device.guard()
    came_back(device, "apt-get ended with signal SIGKILL")


def raise_signal(device: FakeDevice) -> None:
    from tests.edge.update.conftest import FailedError  # noqa: PLC0415

    raise FailedError("", -9)


def test_an_edge_that_did_not_stream_before_is_skipped(device):
    device.running = ""
    (device.places.runtime / "streaming").unlink()
    with pytest.raises(NotNowError, match="skipped, unhealthy before: the appliance does not run"):
        device.install(device.package(NEW))
    assert device.state["state"] == "skipped"
    assert device.installed == (OLD, "installed", "ok")
    nothing_is_left(device)


def test_what_a_paused_edge_lacks_is_named(device):
    device._write("streaming", {"connected": True, "rate": 0.0, "camera": "off"})
    device.running = ""
    with pytest.raises(NotNowError, match="its camera is 'off'"):
        device.install(device.package(NEW))


def test_it_waits_while_somebody_uses_the_screen(device):
    device.used_until = device.now + 200
    device.let_pass(1)
    device.install(device.package(NEW), patience=1000)
    seen = []
    let_pass = device.let_pass

    def look(seconds: float) -> None:
        let_pass(seconds)
        seen.append((device.state["state"], device.installed[0]))

    device.let_pass = look
    device.guard()
    assert ("postponed", OLD) in seen
    assert not [one for one in seen[:200] if one[1] == NEW], "not while it is in use"
    assert device.state["state"] == "good"


def test_in_use_for_too_long_it_is_skipped(device):
    device.used_until = device.now + 10_000
    device.let_pass(1)
    device.install(device.package(NEW), patience=300)
    device.guard()
    assert device.state["state"] == "skipped"
    assert "in use" in device.state["reason"]
    assert device.installed == (OLD, "installed", "ok")
    nothing_is_left(device)


def test_rollback_puts_the_previous_version_back(device):
    device.install(device.package(NEW))
    device.guard()
    device.preparation.roll_back()
    device.guard()
    came_back(device, "asked for by a person")
    assert held(device.places.current).name.split("_")[1] == OLD
    with pytest.raises(UpdateError, match="no previous version"):
        device.preparation.roll_back()


def test_rollback_calls_an_update_back_in_probation(device):
    device.install(device.package(NEW, acknowledged=False))
    let_pass = device.let_pass

    def person(seconds: float) -> None:
        let_pass(seconds)
        if device.state["state"] == "probation":
            device.let_pass = let_pass
            assert "called off" in device.preparation.roll_back()

    device.let_pass = person
    device.guard()
    came_back(device, "called off by a person")


def test_the_next_update_needs_no_network_for_its_way_back(device):
    device.install(device.package(NEW))
    device.guard()
    (device.root / "var/cache/apt/archives" / f"iot-facerecognition-edge_{OLD}_all.deb").unlink()
    device.commands.clear()
    device.install(device.package("3.0.0", streams=False))
    assert not [words for words in device.commands if "download" in words]
    device.guard()
    assert device.installed == (NEW, "installed", "ok")
    assert device.state["reason"].startswith("not acknowledged")


def test_a_second_update_is_refused_while_one_is_under_way(device):
    device.install(device.package(NEW))
    with pytest.raises(UpdateError, match=r"an update to 2\.0\.0 is under way \(armed\)"):
        device.install(device.package("3.0.0"))


def test_what_is_installed_already_is_nothing_to_do(device):
    assert "nothing to do" in device.install(device.package(OLD))
    assert "nothing to do" in device.install(OLD)
    assert device.journal is None
    assert not device.guarded


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda d: d.root / "missing.deb", "there is no file"),
        (lambda d: bad(d, "not json"), "is no Debian package"),
        (lambda d: bad(d, json.dumps({"package": "vim", "version": "9"})), "is the package vim"),
        (lambda d: "9.9.9", "cannot be downloaded"),
        (lambda d: d.package(NEW, installs=False), "apt could not install"),
    ],
)
def test_what_cannot_be_installed_is_refused_and_nothing_is_changed(device, prepare, words):
    with pytest.raises(UpdateError, match=words):
        device.install(prepare(device))
    assert device.installed == (OLD, "installed", "ok")
    assert not device.guarded
    assert device.state == {}


def bad(device: FakeDevice, text: str):
    path = device.root / "bad.deb"
    path.write_text(text)
    return path


def test_without_a_way_back_it_refuses_and_names_the_cure(device, monkeypatch):
    (device.root / "var/cache/apt/archives" / f"iot-facerecognition-edge_{OLD}_all.deb").unlink()
    run = device.run
    changed = "??5??????   /usr/bin/iot-facerecognition-edge\n"

    def verify(*words, **named):
        done = run(*words, **named)
        if words[:2] == ("dpkg", "--verify"):
            return type(done)(words, 1, changed)
        return done

    monkeypatch.setattr(device, "run", verify)
    with pytest.raises(UpdateError, match=r"no way back to 1\.0\.0") as refused:
        device.install(device.package(NEW))
    assert "/usr/bin/iot-facerecognition-edge" in str(refused.value)
    assert "put the package of 1.0.0 into" in str(refused.value)
    assert not device.guarded


def test_a_repository_gives_the_version_that_is_asked_for(device):
    device.repository[NEW] = device.repository["3.0.0"] = type(device._behaviour(OLD))()
    device.install(NEW)
    device.guard()
    assert device.installed == (NEW, "installed", "ok")


def test_a_full_card_is_refused(device, monkeypatch):
    monkeypatch.setattr("iot_facerecognition_edge.update.preparation._ROOM", 1 << 60)
    with pytest.raises(UpdateError, match=r"MB are needed .*`sudo apt clean`"):
        device.install(device.package(NEW))
    assert not device.guarded
