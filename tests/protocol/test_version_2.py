"""What version 2 adds, as it looks on the wire."""

import json

import pytest

from iot_facerecognition_protocol import (
    CameraState,
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
    MalformedMessageError,
    Message,
    ObjectLabel,
    ObjectsFound,
    Setting,
    UpdateAcknowledged,
    UpdateReport,
    UpdateState,
    decode,
    encode,
)

WIRE: list[tuple[Message, str]] = [
    (InitRequest(), '{"command":9}'),
    (InitRequest(3), '{"command":9,"context":{"window":3}}'),
    (FacesFound((), 1), '{"command":3,"context":[],"frame":1}'),
    (
        FacesFound((Face("ann", 1, -2, 3, 4, 0.25, 1.5, 7), Face("", 5, 6, 7, 8)), 12),
        (
            '{"command":3,"context":[{"tag":"ann","x":1,"y":-2,"width":3,"height":4,"distance":0.25,'
            '"score":1.5,"track":7},{"tag":"","x":5,"y":6,"width":7,"height":8,"distance":null,'
            '"score":null,"track":null}],"frame":12}'
        ),
    ),
    (
        ObjectsFound((ObjectLabel("espresso", 0.5),), 3),
        '{"command":4,"context":[{"label":"espresso","prediction":0.5}],"frame":3}',
    ),
    (
        FrameDone(1, FrameStatus.PROCESSED, 0.5, 31.25),
        '{"command":10,"context":{"frame":1,"status":"processed","queue_ms":0.5,"compute_ms":31.25}}',
    ),
    (
        FrameDone(2, FrameStatus.DROPPED, reason=DropReason.REPLACED),
        (
            '{"command":10,"context":{"frame":2,"status":"dropped","queue_ms":0.0,"compute_ms":0.0,'
            '"reason":"replaced"}}'
        ),
    ),
    (
        ErrorReport(ErrorCode.FRAME_NOT_JPEG, "no JPEG", 4),
        '{"command":11,"context":{"code":"frame-not-jpeg","message":"no JPEG","frame":4}}',
    ),
    (ErrorReport("idle", "go"), '{"command":11,"context":{"code":"idle","message":"go"}}'),
    (Health(), '{"command":12,"context":{}}'),
    (
        Health(version="1.0", throttled=5, wifi_signal=-61.0),
        '{"command":12,"context":{"version":"1.0","throttled":5,"wifi_signal":-61.0}}',
    ),
    (
        Health(capture_fps=14.9, frame_rate=15.0),
        '{"command":12,"context":{"capture_fps":14.9,"frame_rate":15.0}}',
    ),
    (
        Health(capture_fps=0.0, camera=CameraState.FAILED),
        '{"command":12,"context":{"capture_fps":0.0,"camera":"failed"}}',
    ),
    (Setting(Command.SETTING_OBJECTTHRESHOLD, 0.5), '{"command":15,"context":0.5}'),
    (Setting(Command.SETTING_OBJECTTHRESHOLD, None), '{"command":15,"context":null}'),
    (ObjectsFound((), 4), '{"command":4,"context":[],"frame":4}'),
    (Drain(4200.0, 1000.0), '{"command":13,"context":{"back_in_ms":4200.0,"spread_ms":1000.0}}'),
    (
        Health(
            installed="1.3",
            update=UpdateReport("1.3", UpdateState.SKIPPED, "b1", "1.2", "in use"),
        ),
        (
            '{"command":12,"context":{"installed":"1.3","update":{"version":"1.3","from":"1.2",'
            '"state":"skipped","reason":"in use","attempt":"b1"}}}'
        ),
    ),
    (
        UpdateAcknowledged("1.3.0", "b1"),
        '{"command":14,"context":{"version":"1.3.0","attempt":"b1"}}',
    ),
]


@pytest.mark.parametrize(("message", "text"), WIRE)
def test_message_on_the_wire(message: Message, text: str) -> None:
    assert encode(message) == text
    assert decode(text) == message


def test_fields_from_the_future_are_ignored() -> None:
    for message, text in WIRE:
        document = json.loads(text) | {"mood": [1e300], "trace": {"id": None}}
        assert decode(json.dumps(document)) == message
    assert decode('{"command":12,"context":{"humidity":1e999,"drops":3}}') == Health(drops=3)


def test_only_frame_status_and_what_it_says_are_needed_to_give_credit_back() -> None:
    done = decode('{"command":10,"context":{"frame":7,"status":"dropped"}}')
    assert done == FrameDone(7, FrameStatus.DROPPED)


def test_error_code_from_the_future_is_passed_on() -> None:
    report = decode('{"command":11,"context":{"code":"too-dark","message":"switch on the light"}}')
    assert report == ErrorReport("too-dark", "switch on the light")


@pytest.mark.parametrize("distance", [float("nan"), float("inf")])
def test_number_that_json_cannot_spell_is_not_sent(distance: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(FacesFound((Face("", 0, 0, 1, 1, distance),), 1))


@pytest.mark.parametrize("number", ["5", "5.0", "5e0", "-0.0", "100000000000000000000"])
def test_writers_may_spell_numbers_as_they_like(number: str) -> None:
    # JavaScript spells 5.0 as 5 and 1e20 as a whole number.
    health = decode(f'{{"command":12,"context":{{"uptime":{number},"drops":{number}}}}}')
    assert health == Health(uptime=float(number), drops=int(float(number)))
    assert isinstance(health, Health)
    assert (type(health.uptime), type(health.drops)) == (float, int)


def test_health_with_wrong_fields_leaves_the_good_ones() -> None:
    text = (
        '{"command":12,"context":{"version":7,"cpu_temperature":51.5,"throttled":"no",'
        '"memory_free":1024,"drops":2.5,"uptime":null}}'
    )
    with pytest.raises(MalformedMessageError) as malformed:
        decode(text)
    error = malformed.value
    assert error.usable == Health(cpu_temperature=51.5, memory_free=1024)
    assert error.reason == ("HEALTH: version must be a string, not 7 (and 2 more fields are wrong)")
    with pytest.raises(MalformedMessageError, match=r"\(and 1 more field is wrong\)"):
        decode('{"command":12,"context":{"version":7,"drops":2.5}}')


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        ('"1.3.0"', 'update must be an object, not "1.3.0"'),
        ("{}", "update.version is missing: it must be a string"),
        ('{"version":"1","state":"good"}', "update.attempt is missing: it must be a string"),
        ('{"version":"1","state":7,"attempt":"b"}', "update.state must be a string, not 7"),
        (
            '{"version":"1","state":"good","attempt":"b","reason":[1,2]}',
            "update.reason must be a string, not an array of 2",
        ),
    ],
)
def test_update_with_a_wrong_field_costs_the_update_and_nothing_else(
    update: str, reason: str
) -> None:
    with pytest.raises(MalformedMessageError) as malformed:
        decode(f'{{"command":12,"context":{{"version":"1.2.0","update":{update}}}}}')
    assert malformed.value.usable == Health(version="1.2.0")
    assert malformed.value.reason == f"HEALTH: {reason}"


def test_state_of_an_update_from_the_future_is_passed_on() -> None:
    update = '{"version":"1","state":"downloading","attempt":"b","from":null}'
    health = decode(f'{{"command":12,"context":{{"update":{update}}}}}')
    assert health == Health(update=UpdateReport("1", "downloading", "b"))


def test_health_without_a_good_field_leaves_nothing() -> None:
    with pytest.raises(MalformedMessageError) as malformed:
        decode('{"command":12,"context":{"drops":"many"}}')
    assert malformed.value.usable is None
    assert malformed.value.reason == 'HEALTH: drops must be a whole number, not "many"'


@pytest.mark.parametrize(
    ("context", "drain"),
    [
        ("{}", Drain()),
        ('{"back_in_ms":null,"spread_ms":5}', Drain(0.0, 5.0)),
        ('{"back_in_ms":-1,"spread_ms":-0.5}', Drain()),
    ],
)
def test_drain_without_a_usable_number_is_a_drain_at_once(context: str, drain: Drain) -> None:
    assert decode(f'{{"command":13,"context":{context}}}') == drain


@pytest.mark.parametrize(
    "context", ["null", "5", '"x"', "[]", "{}", '{"window":0}', '{"window":-1}', '{"window":"2"}']
)
def test_window_that_cannot_be_one_is_none_and_the_session_begins(context: str) -> None:
    assert decode(f'{{"command":9,"context":{context}}}') == InitRequest()
