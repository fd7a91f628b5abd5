"""Whatever text arrives gives a message or a typed error that says what was wrong."""

import json
import re
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iot_facerecognition_protocol import (
    Command,
    MalformedMessageError,
    ProtocolError,
    Setting,
    UnknownCommandError,
    decode,
)
from iot_facerecognition_protocol.messages import Message

SURROGATES = st.characters(categories=["Cs"])
ANY_TEXT = st.text(st.characters() | SURROGATES)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats()
    | ANY_TEXT
)
KEYS = ANY_TEXT | st.sampled_from(
    ["tag", "x", "width", "label", "prediction", "frame", "status", "code", "message", "version"]
)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8
)
COMMANDS = st.sampled_from(Command).map(int) | SCALARS


def read(text: str) -> Message | ProtocolError:
    """Return what `decode` made of `text`; any other exception fails the test."""
    try:
        return decode(text)
    except ProtocolError as error:
        outcome = error
    assert 0 < len(str(outcome)) < 400
    if isinstance(outcome, UnknownCommandError):
        assert outcome.command not in set(Command)
    else:
        assert isinstance(outcome, MalformedMessageError)
        assert outcome.command is None or outcome.command in set(Command)
    return outcome


@given(ANY_TEXT)
@example("")
@example("\x01")
@example(":")
@example("\ufeff{}")
@example("[" * 200_000)
@example('{"command":' * 50_000)
@example('{"command":3,"context":' + "[" * 900 + "]" * 900 + "}")
@example("9" * 100_000)
@example('{"command":' + "1" * 4300 + "}")
@example('{"command":-' + "1" * 308 + "}")
def test_any_text(text: str) -> None:
    read(text)


@given(st.characters(max_codepoint=31), ANY_TEXT)
@example("\x06", "9" * 100_000)
@example("\x06", "\N{ARABIC-INDIC DIGIT THREE}")
@example("\x00", "")
def test_any_text_in_the_old_framing(number: str, value: str) -> None:
    outcome = read(f"{number}:{value}")
    known = ord(number) in set(Command)
    assert isinstance(outcome, UnknownCommandError) is not known


@given(ANY_JSON)
def test_any_json(document: object) -> None:
    read(json.dumps(document))


@given(COMMANDS, ANY_JSON, ANY_JSON)
@settings(max_examples=200)
def test_any_context_of_any_command(command: object, context: object, frame: object) -> None:
    read(json.dumps({"command": command, "context": context, "frame": frame}))


FIELDS: dict[Command, dict[str, object]] = {
    Command.MESSAGE_TAG_FACE: {"tag": "", "x": 1, "y": 2, "width": 3, "height": 4, "distance": 0.1},
    Command.MESSAGE_TAG_OBJECT: {"label": "cup", "prediction": 0.5},
    Command.FRAME_DONE: {"frame": 1, "status": "processed", "queue_ms": 1.0, "reason": "x"},
    Command.ERROR: {"code": "idle", "message": "x", "frame": 1},
    Command.HEALTH: {"version": "1", "cpu_temperature": 40.5, "throttled": 0, "drops": 3},
}


@given(st.data())
@settings(max_examples=200)
def test_any_value_in_the_place_of_one_field(data: st.DataObject) -> None:
    command = data.draw(st.sampled_from(sorted(FIELDS)))
    wrong = data.draw(st.sampled_from(sorted(FIELDS[command])))
    context: object = FIELDS[command] | {wrong: data.draw(ANY_JSON)}
    if command in {Command.MESSAGE_TAG_FACE, Command.MESSAGE_TAG_OBJECT}:
        context = [context]
    outcome = read(json.dumps({"command": command, "context": context}))
    if isinstance(outcome, MalformedMessageError) and outcome.command is not None:
        assert f"{command.name}: {wrong} must be" in outcome.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "not JSON: it is wrong from line 1, column 1 on"),
        ("", "not JSON: it is wrong from line 1, column 1 on"),
        ('{"command": 1,\n "context"}', "not JSON: it is wrong from line 2, column 11 on"),
        ('\ufeff{"command": 1}', "not JSON: it is wrong from line 1, column 1 on"),
        ("[" * 100_000, "nested too deep"),
        ("[1, 2]", "a JSON object"),
        ('{"context": 1}', "the command is missing: it must be a whole number"),
        ('{"command": null}', "the command must be a whole number, not null"),
        ('{"command": "1"}', 'the command must be a whole number, not "1"'),
        ('{"command": true}', "the command must be a whole number, not true"),
        ('{"command": 1e999}', "not a number beyond a double's range"),
        ('{"command": NaN}', "NaN is no JSON number"),
        ('{"command": 1, "context": 5}', "SETTING_NAME: context must be a string, not 5"),
        ('{"command": 1}', "SETTING_NAME: context is missing: it must be a string"),
        ('{"command": 1, "context": null}', "SETTING_NAME: context must be a string, not null"),
        ('{"command": 5, "context": 1}', "must be true or false, not 1"),
        ('{"command": 6, "context": true}', "must be a whole number, not true"),
        ('{"command": 6, "context": 2.5}', "must be a whole number, not 2.5"),
        ('{"command": 6, "context": "abc"}', 'must be a whole number, not "abc"'),
        ('{"command": 6, "context": "\\ud83d"}', r'must be a whole number, not "\ud83d"'),
        (r'{"command": 6, "context": "vier \u202e\n\"4\""}', r'"vier \u202e\n\"4\""'),
        ('{"command": 6, "context": "' + "ä" * 61 + '"}', '"' + "ä" * 60 + '…"'),
        ('{"command": 6, "context": [[[]]]}', "must be a whole number, not an array of 1"),
        ("\x06:abc", 'must be a whole number, not "abc"'),
        ("\x06:1_000", 'must be a whole number, not "1_000"'),
        ("\x05:perhaps", 'must be true or false, not "perhaps"'),
        ('{"command": 2, "context": 1' + "0" * 60 + "}", "not a huge number"),
        ('{"command": 3, "context": [7]}', "a face must be an object, not 7"),
        ('{"command": 4, "context": [null]}', "an object label must be an object, not null"),
        ('{"command": 10, "context": {"frame": 1, "status": "eaten"}}', "one of processed, "),
        ('{"command": 12, "context": []}', "HEALTH: context must be an object, not an array of 0"),
    ],
)
def test_error_says_what_was_wrong(text: str, reason: str) -> None:
    with pytest.raises(MalformedMessageError) as malformed:
        decode(text)
    assert reason in malformed.value.reason


@pytest.mark.parametrize("number", ["9" * 309, "-" + "9" * 309, "9" * 5000, "1e999", "-1e999"])
def test_number_past_a_double_is_a_wrong_value_of_a_known_setting(number: str) -> None:
    for text in (f'{{"command":6,"context":{number}}}', f"\x06:{number}"):
        with pytest.raises(MalformedMessageError) as malformed:
            decode(text)
        assert malformed.value.command is Command.SETTING_LABELCOUNT


@pytest.mark.parametrize("number", ["9" * 308, "-" + "9" * 308, "1e308", "5.0", "0", "-1"])
def test_other_numbers_are_for_the_setting_s_own_bounds(number: str) -> None:
    setting = decode(f'{{"command":6,"context":{number}}}')
    assert isinstance(setting, Setting)
    assert setting.value == (int(number) if number.lstrip("-").isdigit() else float(number))
    assert type(setting.value) is int


@pytest.mark.parametrize("wrong", ['"' + "x" * 100_000 + '"', "1" * 308, "[" + "1," * 9999 + "1]"])
def test_error_does_not_repeat_what_is_long(wrong: str) -> None:
    for text in (f'{{"command":5,"context":{wrong}}}', f'{{"command":{wrong}}}'):
        with pytest.raises(ProtocolError) as error:
            decode(text)
        assert len(str(error.value)) < 400


def test_lone_surrogates_pass_as_they_are() -> None:
    assert decode('{"command":1,"context":"\\ud800"}') == Setting(Command.SETTING_NAME, "\ud800")


@pytest.mark.parametrize("number", [0, 16, 99, -1, 2**70])
def test_command_from_the_future_is_told_apart_from_an_offence(number: int) -> None:
    with pytest.raises(UnknownCommandError) as unknown:
        decode(json.dumps({"command": number, "context": {"anything": []}}))
    assert unknown.value.command == number


def test_whole_number_spelled_with_a_fraction_is_whole() -> None:
    # Qt and JavaScript know only doubles; some of their writers spell 5 as 5.0.
    assert decode('{"command":1.0,"context":"x"}') == Setting(Command.SETTING_NAME, "x")


def test_deep_nesting_is_an_error_at_any_depth_of_the_caller() -> None:
    def at(depth: int, text: str) -> None:
        if depth:
            at(depth - 1, text)
        else:
            read(text)

    for depth in (0, 100, sys.getrecursionlimit() // 2):
        at(depth, "[" * 100_000)


PYTHON_S_WORDS = re.compile(
    r"\b(None|True|False|str|int|bool|float|list|dict|tuple|recursion|Expecting|delimiter|utf-8-sig"
    r"|object at 0x)\b|'"
)


@given(COMMANDS, ANY_JSON.filter(lambda value: "'" not in json.dumps(value)))
@settings(max_examples=200)
def test_error_has_json_s_words_and_not_python_s(command: object, context: object) -> None:
    outcome = read(json.dumps({"command": command, "context": context}))
    if isinstance(outcome, MalformedMessageError):
        words = re.sub(r'"(\\.|[^"\\])*"', "", outcome.reason)  # what the client itself has said
        assert not PYTHON_S_WORDS.search(words.replace("a double's", "")), outcome.reason
