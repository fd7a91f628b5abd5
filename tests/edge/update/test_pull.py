"""Pull mode: what the device installs by itself, and what it never does."""

import pytest

from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.pull import version_to_pull
from iot_facerecognition_edge.update.rejected import MOST, accept, reject, rejected
from iot_facerecognition_edge.update.settings import PullSettings, read_settings
from tests.edge.update.conftest import NEW, OLD, Behaviour, FakeDevice


def pulled(device: FakeDevice, **settings: object) -> str | None:
    debian = Debian(device.run, device.places)
    return version_to_pull(debian, device.places, PullSettings(**settings))  # type: ignore[arg-type]


def test_the_newest_version_is_pulled(device):
    device.repository |= {OLD: Behaviour(), NEW: Behaviour()}
    assert pulled(device) == NEW


def test_nothing_newer_is_nothing_to_do(device):
    device.repository[OLD] = Behaviour()
    assert pulled(device) is None


def test_an_old_state_of_the_repository_takes_no_device_back(device):
    device.repository["0.9.0"] = Behaviour()
    assert pulled(device) is None
    with pytest.raises(UpdateError, match="by itself this device never goes back"):
        pulled(device, version="0.9.0")


def test_what_was_rolled_back_here_is_not_tried_again(device):
    device.repository[NEW] = Behaviour(streams=False)
    device.install(NEW)
    device.guard()
    assert device.installed[0] == OLD
    assert pulled(device) is None
    assert pulled(device, version=NEW) is None
    device.repository["3.0.0"] = Behaviour()
    assert pulled(device) == "3.0.0"


def test_a_version_that_proved_itself_later_is_forgotten(device):
    reject(device.places, NEW)
    accept(device.places, NEW)
    assert rejected(device.places) == []


def test_few_versions_are_remembered(device):
    for number in range(MOST + 5):
        reject(device.places, f"{number}.0.0")
    assert rejected(device.places) == [f"{number}.0.0" for number in range(5, MOST + 5)]


def test_without_a_repository_the_cure_is_named(device):
    with pytest.raises(UpdateError, match="no repository of this device has"):
        pulled(device)


def test_the_shipped_settings_are_the_defaults():
    from pathlib import Path  # noqa: PLC0415

    shipped = Path(__file__).parents[3] / "edge" / "update.conf"
    assert read_settings(shipped) == PullSettings()
    commented = "\n".join(
        line.removeprefix("#") if line.startswith("#") and line[1:2].isalpha() else ""
        for line in shipped.read_text().splitlines()
    )
    assert commented.count("=") == 4


def test_the_settings_of_the_file_are_used(tmp_path):
    file = tmp_path / "update.conf"
    file.write_text(
        "# mine\nversion = 1.4.0\npatience=60 # short\neven_if_in_use = yes\n\nprobation = 90\n"
    )
    assert read_settings(file) == PullSettings("1.4.0", 60.0, True, 90.0)
    assert read_settings(tmp_path / "missing") == PullSettings()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("versoin = 1.0", "line 1: write KEY = VALUE"),
        ("newest", "line 1: write KEY = VALUE"),
        ("patience = soon", "patience: 'soon' is no number of seconds"),
        ("probation = -1", "probation: '-1' is no number of seconds"),
        ("even_if_in_use = maybe", "'maybe' is neither yes nor no"),
        ("version = latest", "'latest' is neither newest nor a version"),
    ],
)
def test_a_line_that_means_nothing_updates_nothing(tmp_path, line, words):
    (tmp_path / "update.conf").write_text(f"{line}\n")
    with pytest.raises(UpdateError, match=words):
        read_settings(tmp_path / "update.conf")
