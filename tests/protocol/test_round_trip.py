"""`decode` gives back what was encoded."""

import re
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import (
    MESSAGE_LENGTH,
    SETTING_TYPES,
    Command,
    Drain,
    ErrorReport,
    Face,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Limits,
    Message,
    ObjectLabel,
    ObjectsFound,
    Setting,
    Text,
    UpdateAcknowledged,
    UpdateReport,
    Version,
    decode,
    encode,
)

# A high and a low surrogate side by side are one character in JSON: no text that Python decodes
# from anywhere holds them apart.
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
TEXTS = st.text(st.characters() | st.characters(categories=["Cs"])).filter(
    lambda text: not PAIR.search(text)
)
WHOLE = st.integers() | st.integers(min_value=-(10**307), max_value=10**307)
REAL = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[type, st.SearchStrategy[str | int | bool]] = {
    str: TEXTS,
    int: WHOLE,
    bool: st.booleans(),
}
SETTINGS = st.sampled_from(sorted(c for c in SETTING_TYPES if c.since is Version.V1)).flatmap(
    lambda command: st.builds(Setting, st.just(command), VALUES[SETTING_TYPES[command]])
)
FACES = st.builds(
    Face,
    TEXTS,
    WHOLE,
    WHOLE,
    WHOLE,
    WHOLE,
    st.none() | REAL,
    st.none() | REAL,
    st.none() | WHOLE,
)
FRAMES = st.none() | WHOLE
RESULTS = st.builds(FacesFound, st.lists(FACES).map(tuple), FRAMES) | st.builds(
    ObjectsFound, st.lists(st.builds(ObjectLabel, TEXTS, REAL)).map(tuple), FRAMES
)
SHARED = SETTINGS | st.builds(Text, TEXTS) | st.builds(InitRequest) | RESULTS
"""What both versions know."""
ADDED = (
    st.builds(FrameDone, WHOLE, st.sampled_from(FrameStatus), REAL, REAL, st.none() | TEXTS)
    | st.builds(ErrorReport, TEXTS, TEXTS, FRAMES)
    | st.builds(
        Health,
        version=st.none() | TEXTS,
        cpu_temperature=st.none() | REAL,
        throttled=st.none() | WHOLE,
        wifi_signal=st.none() | REAL,
        memory_free=st.none() | WHOLE,
        uptime=st.none() | REAL,
        capture_fps=st.none() | REAL,
        frame_rate=st.none() | REAL,
        drops=st.none() | WHOLE,
        camera=st.none() | TEXTS,
        installed=st.none() | TEXTS,
        update=st.none()
        | st.builds(UpdateReport, TEXTS, TEXTS, TEXTS, st.none() | TEXTS, st.none() | TEXTS),
    )
    | st.builds(Drain, st.floats(0, 1e300), st.floats(0, 1e300))
    | st.builds(UpdateAcknowledged, TEXTS, TEXTS)
    | st.builds(Setting, st.just(Command.SETTING_OBJECTTHRESHOLD), st.none() | REAL)
)


@given(SHARED | ADDED)
def test_version_2_gives_back_the_message(message: Message) -> None:
    assert decode(encode(message)) == message


@given(SHARED)
def test_version_1_gives_back_the_message_but_for_the_fields_it_lacks(message: Message) -> None:
    expected = message
    if isinstance(message, FacesFound):
        faces = (Face(f.tag, f.x, f.y, f.width, f.height) for f in message.faces)
        expected = FacesFound(tuple(faces))
    elif isinstance(message, ObjectsFound):
        expected = replace(message, frame=None)
    assert decode(encode(message, Version.V1)) == expected


@given(SHARED | ADDED)
def test_text_is_one_line_of_ascii(message: Message) -> None:
    text = encode(message)
    assert text.isascii()
    assert text.isprintable()


def test_every_command_and_every_health_field_was_among_them() -> None:
    made = {Command.MESSAGE, Command.MESSAGE_TAG_FACE, Command.MESSAGE_TAG_OBJECT}
    made |= {Command.INIT_REQUEST, Command.FRAME_DONE, Command.ERROR, Command.HEALTH}
    made |= {Command.DRAIN, Command.UPDATE_ACKNOWLEDGED}
    assert made | set(SETTING_TYPES) == set(Command)
    assert [field.name for field in fields(Health)] == [
        "version",
        "cpu_temperature",
        "throttled",
        "wifi_signal",
        "memory_free",
        "uptime",
        "capture_fps",
        "drops",
        "frame_rate",
        "camera",
        "installed",
        "update",
    ]


@given(st.text(max_size=MESSAGE_LENGTH) | st.just("\N{BUSTS IN SILHOUETTE}" * MESSAGE_LENGTH))
def test_longest_message_fits_into_the_default_limit(text: str) -> None:
    Limits().check_text(encode(Text(text)))
