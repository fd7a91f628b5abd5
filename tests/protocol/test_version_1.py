"""Version 1 is the original's, in meaning byte for byte: its README's examples, both ways."""

import json

import pytest

from iot_facerecognition_protocol import (
    Command,
    ErrorReport,
    Face,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Message,
    ObjectLabel,
    ObjectsFound,
    SessionSettings,
    Setting,
    Text,
    Version,
    decode,
    encode,
)

FACES = """
{
  "command": 3,
  "context": [
    {
      "tag": "trump",
      "x": 10,
      "y": 200,
      "width": 128,
      "height": 128
    },
    {
      "tag": "",
      "x": 35,
      "y": 50,
      "width": 64,
      "height": 86
    }
  ]
}
"""
OBJECTS = """
{
  "command": 4,
  "context": [
    {
      "label": "King penguin",
      "prediction": 0.15
    },
    {
      "label": "Chihuahua",
      "prediction": 0.0005
    }
  ]
}
"""
EXAMPLES: list[tuple[str, Message]] = [
    ('{"command":1,"context":"hallway"}', Setting(Command.SETTING_NAME, "hallway")),
    ('{"command":1,"context":""}', Setting(Command.SETTING_NAME, "")),
    ('{"command":2,"context":"good morning"}', Text("good morning")),
    (FACES, FacesFound((Face("trump", 10, 200, 128, 128), Face("", 35, 50, 64, 86)))),
    (OBJECTS, ObjectsFound((ObjectLabel("King penguin", 0.15), ObjectLabel("Chihuahua", 0.0005)))),
    ('{"command":5,"context":false}', Setting(Command.SETTING_OBJDETECTIONENABLED, False)),
    ('{"command":6,"context":5}', Setting(Command.SETTING_LABELCOUNT, 5)),
    ('{"command":7,"context":true}', Setting(Command.SETTING_DETERMINISTICOBJECTDETECTION, True)),
    ('{"command":8,"context":true}', Setting(Command.SETTING_FACERECOGNITIONENABLED, True)),
    ('{"command":9}', InitRequest()),
]


@pytest.mark.parametrize(("text", "message"), EXAMPLES)
def test_original_s_json_is_understood(text: str, message: Message) -> None:
    assert decode(text) == message


@pytest.mark.parametrize(("text", "message"), EXAMPLES)
def test_message_is_the_original_s_json(text: str, message: Message) -> None:
    document = json.loads(text)
    compact = json.dumps(document, separators=(",", ":"))
    assert encode(message, Version.V1) == compact


def test_numbers_are_the_original_s() -> None:
    # `enum class Command` in the original's README.
    assert {command.name: command.value for command in Command if command < 10} == {
        "SETTING_NAME": 1,
        "MESSAGE": 2,
        "MESSAGE_TAG_FACE": 3,
        "MESSAGE_TAG_OBJECT": 4,
        "SETTING_OBJDETECTIONENABLED": 5,
        "SETTING_LABELCOUNT": 6,
        "SETTING_DETERMINISTICOBJECTDETECTION": 7,
        "SETTING_FACERECOGNITIONENABLED": 8,
        "INIT_REQUEST": 9,
    }


def test_settings_begin_as_the_original_s() -> None:
    assert SessionSettings() == SessionSettings("?", True, 5, False, True)
    assert SessionSettings().renamed("").name == "noname"


def test_what_version_2_adds_to_results_is_left_out() -> None:
    face = Face("ann", 1, 2, 3, 4, distance=0.25, score=1.5, track=7)
    assert encode(FacesFound((face,), frame=9), Version.V1) == (
        '{"command":3,"context":[{"tag":"ann","x":1,"y":2,"width":3,"height":4}]}'
    )
    assert encode(ObjectsFound((), frame=9), Version.V1) == '{"command":4,"context":[]}'


@pytest.mark.parametrize(
    "message", [FrameDone(1, FrameStatus.PROCESSED), ErrorReport("idle", "why"), Health()]
)
def test_what_version_1_does_not_know_is_not_sent(message: Message) -> None:
    with pytest.raises(ValueError, match=f"version 1 has no {type(message).__name__}"):
        encode(message, Version.V1)


def test_a_setting_that_version_1_does_not_know_is_not_sent() -> None:
    with pytest.raises(ValueError, match="version 1 has no SETTING_OBJECTTHRESHOLD"):
        encode(Setting(Command.SETTING_OBJECTTHRESHOLD, 0.5), Version.V1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\x01:kitchen", Setting(Command.SETTING_NAME, "kitchen")),
        ("\x01:", Setting(Command.SETTING_NAME, "")),
        ("\x01:a:b", Setting(Command.SETTING_NAME, "a:b")),
        ('\x02:{"command":1}', Text('{"command":1}')),
        ("\x05:0", Setting(Command.SETTING_OBJDETECTIONENABLED, False)),
        ("\x06:12", Setting(Command.SETTING_LABELCOUNT, 12)),
        ("\x06:-1", Setting(Command.SETTING_LABELCOUNT, -1)),
        ("\x07:True", Setting(Command.SETTING_DETERMINISTICOBJECTDETECTION, True)),
        ("\x08:false", Setting(Command.SETTING_FACERECOGNITIONENABLED, False)),
        ("\x09:", InitRequest()),
    ],
)
def test_old_package_s_framing_is_understood(text: str, message: Message) -> None:
    assert decode(text) == message
