"""The test vectors hold for the server's own session and for the client library's."""

import json
from typing import Any

import pytest

from iot_facerecognition_client.conversation import Conversation
from iot_facerecognition_client.outbox import Outbox
from iot_facerecognition_client.settings_sync import SettingsSync
from iot_facerecognition_client.statistics import Counters
from iot_facerecognition_protocol import Limits, SessionSettings, Version, decode, encode
from iot_facerecognition_server.config.loading import SECTIONS
from iot_facerecognition_server.sessions.events import Refused
from iot_facerecognition_server.sessions.session import Session
from tests.server.connected_clients import connected

from .vectors import TO_CLIENT, TO_SERVER, ToServer, agrees

(OBJECT_THRESHOLD,) = (
    float(setting.default)
    for section in SECTIONS
    for setting in section.settings
    if setting.key == "ObjectThreshold"
)
CLOSE_CODES = {"text-too-large": 1009}


@pytest.mark.parametrize("vector", [v for v in TO_SERVER if isinstance(v.send, str)], ids=str)
def test_session_answers_as_told(vector: ToServer) -> None:
    sent: list[str] = []
    session = Session(
        connected(1, vector.version),
        sent.append,
        limits=Limits(),
        object_labels=1000,
        object_interval=0.0,
        object_threshold=OBJECT_THRESHOLD,
    )
    assert isinstance(vector.send, str)
    event = session.receive_text(vector.send)
    answers = [json.loads(text) for text in sent]
    assert len(answers) == len(vector.answers)
    for answer, expected in zip(answers, vector.answers, strict=True):
        assert agrees(answer, expected), (answer, expected)
    closes = CLOSE_CODES[event.code] if isinstance(event, Refused) and event.fatal else None
    assert closes == vector.closes


@pytest.mark.parametrize("vector", [v for v in TO_CLIENT if "means" in v], ids=lambda v: v["name"])
def test_client_understands_as_told(vector: dict[str, Any]) -> None:
    message = decode(vector["text"])
    understood = json.loads(encode(message, Version(vector["version"])))
    assert understood == vector["means"]


@pytest.mark.parametrize(
    "vector", [v for v in TO_CLIENT if "ignored" in v], ids=lambda v: v["name"]
)
def test_client_ignores_as_told(vector: dict[str, Any]) -> None:
    statistics = Counters()
    session = Conversation(
        Version.V2, SettingsSync(SessionSettings()), Outbox(), statistics, window=2
    )
    assert session.receive(vector["text"], 0.0) is None
    assert statistics.unreadable + statistics.unknown == 1
    assert not session.begun


def test_every_vector_has_a_name_of_its_own() -> None:
    for names in ([str(v) for v in TO_SERVER], [v["name"] for v in TO_CLIENT]):
        assert len(set(names)) == len(names)
