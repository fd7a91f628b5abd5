"""The effective settings: changes, overrides and resets."""

import pytest

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import (
    SettingChanged,
    Settings,
)


def test_subscribers_learn_of_changes_and_only_of_changes() -> None:
    settings = Settings()
    changes: list[SettingChanged] = []
    leave = settings.subscribe(changes.append)
    settings.set("camera.width", 640)
    settings.set("camera.width", 640)
    with pytest.raises(SettingError):
        settings.set("camera.width", 1)
    leave()
    settings.set("camera.width", 320)
    assert changes == [SettingChanged("camera.width", 1280, 640)]


def test_an_override_holds_but_is_not_stored_until_it_is_set() -> None:
    settings = Settings({"camera.width": 640})
    settings.override("camera.width", 320)
    settings.override("camera.height", 240)
    assert settings.number("camera.width") == 320
    assert settings.stored() == {"camera.width": 640}
    settings.set("camera.height", 480)
    assert settings.stored() == {"camera.width": 640, "camera.height": 480}


def test_reset_brings_back_one_default_or_all() -> None:
    settings = Settings({"camera.width": 640, "camera.height": 480})
    settings.reset("camera.width")
    assert settings.stored() == {"camera.height": 480}
    settings.reset()
    assert settings.stored() == {}


def test_an_unknown_key_says_where_to_look() -> None:
    with pytest.raises(SettingError, match="settings show"):
        Settings().value("camera.colour")


def test_asking_for_the_wrong_type_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match=r"camera\.width"):
        Settings().switch("camera.width")
