"""Messages refuse what could not be said."""

import pytest

from iot_facerecognition_protocol import Command, Setting, SettingValue


@pytest.mark.parametrize(
    "command", [Command.MESSAGE, Command.MESSAGE_TAG_FACE, Command.INIT_REQUEST, Command.HEALTH]
)
def test_only_settings_are_settings(command: Command) -> None:
    with pytest.raises(ValueError, match="is no setting"):
        Setting(command, "x")


@pytest.mark.parametrize(
    ("command", "value"),
    [
        (Command.SETTING_NAME, 5),
        (Command.SETTING_LABELCOUNT, "5"),
        (Command.SETTING_LABELCOUNT, True),
        (Command.SETTING_LABELCOUNT, 5.0),
        (Command.SETTING_OBJDETECTIONENABLED, 1),
        (Command.SETTING_FACERECOGNITIONENABLED, "true"),
        (Command.SETTING_LABELCOUNT, None),
        (Command.SETTING_OBJECTTHRESHOLD, "0.5"),
        (Command.SETTING_OBJECTTHRESHOLD, True),
    ],
)
def test_value_of_a_setting_is_of_its_type(command: Command, value: SettingValue) -> None:
    with pytest.raises(TypeError, match=command.name):
        Setting(command, value)


@pytest.mark.parametrize("value", [0.25, 1, 0, None])
def test_a_threshold_is_a_number_or_left_to_the_server(value: SettingValue) -> None:
    assert Setting(Command.SETTING_OBJECTTHRESHOLD, value).value == value
