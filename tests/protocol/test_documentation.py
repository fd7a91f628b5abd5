"""`docs/protocol.md` says what the code does."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from iot_facerecognition_client.backoff import WITHOUT_HINT, Backoff, Ceilings
from iot_facerecognition_client.connection import Timing
from iot_facerecognition_protocol import (
    CREDIT_SECONDS,
    DEFAULT_WINDOW,
    LABEL_COUNT_MAX,
    MESSAGE_LENGTH,
    NAME_LENGTH,
    SETTING_TYPES,
    SUBPROTOCOL_V2,
    Command,
    Drain,
    DropReason,
    ErrorCode,
    Face,
    FrameDone,
    FrameStatus,
    Health,
    Limits,
    SessionSettings,
    UpdateAcknowledged,
    UpdateReport,
    UpdateState,
    Version,
    decode,
    encode,
)
from iot_facerecognition_server.config.loading import SECTIONS
from iot_facerecognition_server.serving.drain import RETURN_SECONDS
from lab.recording.session import BEGIN, END

PAGE = (Path(__file__).parents[2] / "docs/protocol.md").read_text(encoding="utf-8")
WORDS = {
    str: "string",
    bool: "boolean",
    int: "whole number",
    float: "number",
    UpdateReport: "object",
}


def table(heading: str, text: str = PAGE) -> list[dict[str, str]]:
    """Return the rows of the first table whose head line begins with `heading`, by column."""
    begin = text.index(f"\n| {heading} |") + 1
    lines = text[begin:].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert set(cells[1]) == {"---"}
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def fields_of(command: str) -> list[dict[str, str]]:
    """Return the table of fields in a command's section."""
    section = re.search(rf"^### {command} .*?(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert section
    return table("field", section[0])


def code(cell: str) -> str:
    """Return what a cell has in backticks."""
    found = re.fullmatch(r"`([^`]*)`", cell)
    assert found, cell
    return found[1]


def test_every_command_has_its_row() -> None:
    rows = table("number | command")
    assert {(int(row["number"]), code(row["command"])) for row in rows} == {
        (command.value, command.name) for command in Command
    }
    for row in rows:
        command = Command(int(row["number"]))
        assert int(row["since version"]) == command.since
        assert row["direction"].endswith("echoed") is (command in SETTING_TYPES)
        if command in SETTING_TYPES:
            assert row["context"] == WORDS[SETTING_TYPES[command]]


def test_every_command_has_its_section() -> None:
    sections = re.findall(r"^### .*\(([\d, ]+)\)$", PAGE, re.MULTILINE)
    numbers = [int(number) for section in sections for number in section.split(",")]
    assert sorted(numbers) == sorted(Command)


def test_settings_begin_as_told() -> None:
    rows = {code(row["command"]): row for row in table("command | meaning")}
    assert set(rows) == {command.name for command in SETTING_TYPES}
    defaults = SessionSettings()
    assert code(rows["SETTING_NAME"]["until you set it"]) == defaults.name
    for name, value in {
        "SETTING_OBJDETECTIONENABLED": defaults.object_recognition,
        "SETTING_LABELCOUNT": defaults.label_count,
        "SETTING_DETERMINISTICOBJECTDETECTION": defaults.deterministic_objects,
        "SETTING_FACERECOGNITIONENABLED": defaults.face_recognition,
    }.items():
        assert json.loads(code(rows[name]["until you set it"])) == value
    (configured,) = (
        s.default for section in SECTIONS for s in section.settings if s.key == "ObjectThreshold"
    )
    assert f"ObjectThreshold` ({configured})" in rows["SETTING_OBJECTTHRESHOLD"]["until you set it"]


def test_every_error_code_stands_once_where_it_is_told() -> None:
    section = PAGE[PAGE.index("\n## Errors\n") : PAGE.index("\n## Closing\n")]
    ways = re.findall(r"^\*\*(.*?)\*\*.*?(?=^\*\*|\Z)", section, re.MULTILINE | re.DOTALL)
    tables = re.findall(r"\n\| code \| .*?\n\n", section, re.DOTALL)
    assert len(ways) == len(tables), "each way of telling has one table"
    told = [code(row["code"]) for each in tables for row in table("code | meaning", each)]
    assert sorted(told) == sorted(ErrorCode)


def test_every_frame_status_and_drop_reason_has_its_row() -> None:
    assert [code(row["status"]) for row in table("status | meaning | reason")] == list(FrameStatus)
    rows = table("reason for `dropped` | meaning")
    assert [code(row["reason for `dropped`"]) for row in rows] == list(DropReason)


def test_every_health_field_has_its_row() -> None:
    rows = {code(row["field"]): row["type"] for row in fields_of("HEALTH")}
    hints = get_type_hints(Health)
    assert rows == {field.name: WORDS[get_args(hints[field.name])[0]] for field in fields(Health)}


def test_every_field_and_state_of_an_update_has_its_row() -> None:
    rows = {code(r["field of `update`"]): r["meaning"] for r in table("field of `update`")}
    names = {field.name: field.name for field in fields(UpdateReport)} | {"from_version": "from"}
    assert rows.keys() == set(names.values())
    assert re.findall(r"`([a-z-]+)` \(", rows["state"]) == list(UpdateState)
    told = [code(row["field"]) for row in fields_of("UPDATE_ACKNOWLEDGED")]
    assert told == [field.name for field in fields(UpdateAcknowledged)]


def test_every_field_of_faces_and_frame_done_has_its_row() -> None:
    named = re.findall(r"`(\w+)`", " ".join(r["field"] for r in fields_of("MESSAGE_TAG_FACE")))
    assert named == [field.name for field in fields(Face)]
    named = [code(row["field"]) for row in fields_of("FRAME_DONE")]
    assert set(named) == {field.name for field in fields(FrameDone)}
    named = [code(row["field"]) for row in fields_of("DRAIN")]
    assert named == [field.name for field in fields(Drain)]


def test_delays_before_coming_back_are_the_client_librarys() -> None:
    text = PAGE[PAGE.index("### Coming back") :]
    ceilings = Ceilings()
    rows = table("after | first delay", text)
    nexts = [row["the next ones"] for row in rows]
    minutes = Backoff.LONGEST_RESTART / 60
    after_drain = f"`random(1, max({ceilings.drained:g}, spread))`, for {minutes:g} minutes"
    assert nexts[0] == after_drain
    assert f"at least 1 and at most {ceilings.drained:g}" in rows[0]["first delay"]
    spread = WITHOUT_HINT.spread_ms / 1e3
    assert rows[1]["first delay"] == f"`{WITHOUT_HINT.back_in_ms / 1e3:g} + random(0, {spread:g})`"
    assert nexts[1].startswith(f"`random(1, {ceilings.drained:g})`")
    assert nexts[2].endswith(f"`random(1, {ceilings.gone:g})`")
    assert nexts[3].endswith(f"`random(1, {ceilings.busy:g})`")
    refused = rows[4]["first delay"]
    assert refused == f"`random({ceilings.refused / 2:g}, {ceilings.refused:g})`"
    assert f"more than {Backoff.WIDEST_SPREAD:g} s" in text
    assert f"{RETURN_SECONDS * 1e3:g} for each that is connected" in PAGE
    assert f"lasts {Timing().stable_after:g} s" in text


EXAMPLES = [
    line
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_exactly_what_is_sent(example: str) -> None:
    message = decode(example)
    sent = [encode(message)]
    if json.loads(example)["command"] <= Command.INIT_REQUEST:
        sent.append(encode(message, Version.V1))
    assert example in sent


def test_every_command_has_an_example() -> None:
    shown = {json.loads(example)["command"] for example in EXAMPLES}
    assert shown == set(Command)


def test_old_framing_is_the_same_as_told() -> None:
    rows = table("characters | the same as")
    assert rows
    for row in rows:
        found = re.fullmatch(r"U\+(\d{4}) `(.*)`", row["characters"])
        assert found
        old = chr(int(found[1], 16)) + found[2]
        assert decode(old) == decode(code(row["the same as"]))


def test_budgets_are_those_of_the_configuration() -> None:
    (section,) = (section for section in SECTIONS if section.name == "Budget")
    rows = table("setting | default", PAGE[PAGE.index("All its connections share one budget") :])
    shown = {code(row["setting"]): row["default"] for row in rows}
    for setting in section.settings:
        if setting.key in shown:
            assert shown.pop(setting.key) == setting.default
    assert shown == {}
    assert len(rows) == 4, "log lines and names are no business of a client's"


def test_limits_are_those_of_the_configuration() -> None:
    (section,) = (section for section in SECTIONS if section.name == "Limits")
    configured = {setting.key: setting.default for setting in section.settings}
    rows = {code(row["setting"]): row["default"] for row in table("setting | default")}
    assert rows == configured
    limits = Limits()
    assert {
        "FrameBytes": limits.frame_bytes,
        "Pixels": limits.pixels,
        "TextBytes": limits.text_bytes,
        "FrameRate": limits.frame_rate,
    }.items() <= {key: float(value) for key, value in configured.items()}.items()


def test_fixed_numbers_are_reported() -> None:
    told = (
        f"a name has at most {NAME_LENGTH} characters, a message {MESSAGE_LENGTH}, an object result"
    )
    assert f"{told} {LABEL_COUNT_MAX} labels" in PAGE
    assert f"`{SUBPROTOCOL_V2}`" in PAGE
    assert f"without a window, take {DEFAULT_WINDOW}" in PAGE.replace("\n", " ")
    assert f"within {CREDIT_SECONDS:g} s" in PAGE.replace("\n", " ")


def test_recorded_session_is_of_this_protocol() -> None:
    recorded = PAGE.partition(BEGIN)[2].partition(END)[0]
    assert END in PAGE
    lines = re.findall(r"^([CS]): (\{.*\})$", recorded, re.MULTILINE)
    if not lines:
        pytest.skip("no session has been recorded into the page yet")
    seen = {json.loads(text)["command"] for _, text in lines}
    assert {1, 3, 5, 6, 7, 8, 9, 10, 11, 12} <= seen
    for who, text in lines:
        message = decode(text)
        if who == "S":
            assert encode(message) == text
