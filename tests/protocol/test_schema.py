"""`docs/protocol.schema.json` allows what the code sends and the page shows, and little else."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import (
    SETTING_TYPES,
    Command,
    Drain,
    DropReason,
    ErrorCode,
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
    Setting,
    Text,
    UpdateAcknowledged,
    Version,
    encode,
)
from lab.recording.session import BEGIN, BEGIN_TROUBLE, END, END_TROUBLE

from .vectors import TO_CLIENT, TO_SERVER

jsonschema = pytest.importorskip("jsonschema", reason="an extra of dev: make test brings it")

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "protocol.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DOCS / "protocol.schema.json").read_text(encoding="utf-8"))


def validator(side: str, version: int) -> Any:
    reference = {"$ref": f"#/$defs/{side}-v{version}"}
    return jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [reference]})


VALIDATORS = {(s, v): validator(s, v) for s in ("client", "server") for v in (1, 2)}


def valid(side: str, version: int, document: object) -> bool:
    return bool(VALIDATORS[side, version].is_valid(document))


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_command_and_no_other_is_in_the_schema() -> None:
    numbers = {
        definition["properties"]["command"]["const"]: name.partition("-")[0]
        for name, definition in SCHEMA["$defs"].items()
        if "command" in definition.get("properties", ())
    }
    assert numbers == {command.value: command.name for command in Command}


def test_health_has_every_field() -> None:
    context = SCHEMA["$defs"]["HEALTH"]["properties"]["context"]
    assert list(context["properties"]) == [field.name for field in fields(Health)]


COUNTS = st.integers(1, 2**53)
PIXELS = st.integers(-(2**20), 2**20)
SIDES = st.integers(1, 2**20)
SHARES = st.floats(0, 1)
TIMES = st.floats(0, 1e9)
CODES = st.sampled_from(ErrorCode).map(str)
FACES = st.lists(
    st.builds(
        Face, st.text(), PIXELS, PIXELS, SIDES, SIDES, st.none() | TIMES, st.none() | TIMES,
        st.none() | COUNTS,
    ),
    min_size=1,
).map(tuple)  # fmt: skip
OBJECTS = st.lists(st.builds(ObjectLabel, st.text(), SHARES)).map(tuple)
ECHOES = st.sampled_from(
    [
        Setting(Command.SETTING_NAME, "x"),
        Setting(Command.SETTING_LABELCOUNT, 1000),
        *(Setting(command, True) for command, kind in SETTING_TYPES.items() if kind is bool),
    ]
)
FROM_SERVER = st.one_of(
    ECHOES,
    st.builds(Text, st.text(max_size=1000)),
    st.builds(FacesFound, FACES, COUNTS),
    st.builds(ObjectsFound, OBJECTS, COUNTS),
    st.builds(InitRequest, st.none() | COUNTS),
)
FROM_SERVER_V2 = st.one_of(
    FROM_SERVER,
    st.builds(Setting, st.just(Command.SETTING_OBJECTTHRESHOLD), SHARES),
    st.builds(FacesFound, st.just(()), COUNTS),
    st.builds(FrameDone, COUNTS, st.just(FrameStatus.PROCESSED), TIMES, TIMES),
    st.builds(
        FrameDone, COUNTS, st.just(FrameStatus.DROPPED), TIMES, TIMES, st.sampled_from(DropReason)
    ),
    st.builds(FrameDone, COUNTS, st.just(FrameStatus.REJECTED), TIMES, TIMES, CODES),
    st.builds(ErrorReport, CODES, st.text(), st.none() | COUNTS),
    st.builds(Drain, TIMES, TIMES),
    st.builds(UpdateAcknowledged, st.text(), st.text()),
)


@given(FROM_SERVER)
def test_what_a_server_sends_over_version_1_is_valid(message: Message) -> None:
    assert valid("server", 1, json.loads(encode(message, Version.V1)))


@given(FROM_SERVER_V2)
def test_what_a_server_sends_over_version_2_is_valid(message: Message) -> None:
    document = json.loads(encode(message))
    assert valid("server", 2, document)
    assert valid("server", 2, document | {"mood": [None]}), "fields from the future are allowed"


def test_what_the_page_shows_is_valid() -> None:
    shown = [
        json.loads(line)
        for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]
    assert shown
    for document in shown:
        sides = [key for key in VALIDATORS if valid(*key, document)]
        assert sides, document


def said(recorded: str) -> list[tuple[str, object]]:
    """Return who said what in a recorded session, without what is cut short there."""
    lines = re.findall(r"^([CS]): (\{.*\})$", recorded, re.MULTILINE)
    assert lines
    return [("client" if who == "C" else "server", json.loads(text)) for who, text in lines]


def test_recorded_sessions_are_valid() -> None:
    first = PAGE.partition(BEGIN)[2].partition(END)[0]
    trouble = PAGE.partition(BEGIN_TROUBLE)[2].partition(END_TROUBLE)[0]
    version_2, _, version_1 = trouble.partition("# a client of version 1")
    for version, recorded in ((2, first), (2, version_2), (1, version_1)):
        for side, document in said(recorded):
            future = isinstance(document, dict) and document["command"] == 99
            wrong = isinstance(document, dict) and document.get("context") == "many"
            assert valid(side, version, document) is not (future or wrong), document


def test_answers_of_the_test_vectors_are_valid_but_for_what_they_leave_out() -> None:
    for vector in TO_SERVER:
        for answer in vector.answers:
            whole = dict(answer)
            if answer["command"] == Command.ERROR:
                whole["context"] = {"message": "", **answer["context"]}
            assert valid("server", vector.version, whole), vector


def test_what_the_vectors_send_is_valid_just_when_it_is_not_refused() -> None:
    """Version 2 answers what is no message with an ERROR, and ignores what is not for a server."""
    for vector in TO_SERVER:
        if vector.version is not Version.V2 or not isinstance(vector.send, str):
            continue
        try:
            document = json.loads(vector.send, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            continue
        refused = any(answer["command"] == Command.ERROR for answer in vector.answers)
        ignored = not vector.answers and not valid("client", 2, document)
        if ignored:
            assert document["command"] not in {1, 2, 5, 6, 7, 8, 12, 15}, vector
        elif vector.closes is None and "1e999" not in vector.send and "9" * 99 not in vector.send:
            assert valid("client", 2, document) is not refused, vector


def test_what_a_client_takes_is_valid_and_what_it_ignores_is_not() -> None:
    for vector in TO_CLIENT:
        try:
            document = json.loads(vector["text"])
        except ValueError:
            assert vector["ignored"]
            continue
        if "means" in vector:
            assert valid("server", vector["version"], vector["means"]), vector
        elif document != [] and document["command"] != Command.FRAME_DONE:
            assert not valid("server", 2, document), vector


@pytest.mark.parametrize(
    ("side", "version", "text"),
    [
        ("server", 1, '{"command":9,"context":{"window":2}}'),
        ("server", 1, '{"command":3,"context":[],"frame":1}'),
        ("server", 2, '{"command":3,"context":[]}'),
        ("server", 1, '{"command":11,"context":{"code":"idle","message":"x"}}'),
        ("server", 1, '{"command":13,"context":{"back_in_ms":1,"spread_ms":1}}'),
        ("server", 2, '{"command":13,"context":{"back_in_ms":-1,"spread_ms":1}}'),
        ("server", 2, '{"command":10,"context":{"frame":1,"status":"dropped"}}'),
        ("server", 2, '{"command":10,"context":{"frame":0,"status":"processed"}}'),
        ("server", 2, '{"command":6,"context":1001}'),
        ("server", 2, '{"command":4,"context":[{"label":"cup","prediction":1.5}],"frame":1}'),
        ("server", 1, '{"command":14,"context":{"version":"1.3.0","attempt":"b1"}}'),
        ("server", 2, '{"command":14,"context":{"version":"1.3.0"}}'),
        ("client", 2, '{"command":12,"context":{"update":{"version":"1.3.0","state":"good"}}}'),
        ("server", 1, '{"command":15,"context":0.5}'),
        ("server", 2, '{"command":15,"context":null}'),
        ("server", 2, '{"command":15,"context":1.5}'),
        ("client", 1, '{"command":15,"context":0.5}'),
        ("client", 2, '{"command":15,"context":"0.5"}'),
        ("client", 1, '{"command":12,"context":{}}'),
        ("client", 2, '{"command":9}'),
        ("client", 2, '{"command":6,"context":"3"}'),
    ],
)
def test_what_must_not_be_sent_is_not_valid(side: str, version: int, text: str) -> None:
    assert not valid(side, version, json.loads(text))
