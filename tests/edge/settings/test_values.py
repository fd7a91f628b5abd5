"""The effective settings: changes, overrides and resets."""

import pytest

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import (
    CATALOGUE,
    SettingChanged,
    SettingKind,
    Settings,
    SettingSpec,
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
    assert settings.camera.width == 320
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


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.key)
def test_every_setting_is_an_attribute_with_its_value(spec: SettingSpec) -> None:
    other = not spec.default if spec.kind is SettingKind.SWITCH else spec.default
    page = getattr(Settings({spec.key: other}), spec.group)
    assert getattr(page, spec.name) == other
    assert type(getattr(page, spec.name)) is type(spec.default)
    assert getattr(type(page), spec.name) is spec


def test_an_attribute_follows_changes_and_overrides() -> None:
    settings = Settings({"camera.fps": 10})
    camera = settings.camera
    assert camera.fps == 10
    settings.set("camera.fps", 12)
    assert camera.fps == 12
    settings.override("camera.fps", 20)
    assert camera.fps == 20
