"""The file with the record: whole after whatever happens to it."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from iot_facerecognition_protocol import Health
from iot_facerecognition_server.fleet.edge import Acknowledgement, Edge, Update, UpdateStage
from iot_facerecognition_server.fleet.store import FleetStore

KITCHEN = Edge(
    "kitchen/1 ü",
    name="Küche 📷",
    address="2001:db8::1",
    first_seen=1_700_000_000.25,
    last_seen=1_700_000_100.5,
    desired="1.3.0",
    reported="1.2.0",
    health=Health(cpu_temperature=51.5, drops=3, camera="running", throttled=0),
    update=Update(UpdateStage.ROLLED_BACK, 1_700_000_050.0, "1.3.0", "1.2.0", "half", "a1"),
    usual_rate=14.9,
    ended_attempt="a0",
    earned=Acknowledgement("1.2.0", "a0"),
)
CELLAR = Edge("cellar")


@pytest.fixture
def store(tmp_path: Path) -> FleetStore:
    return FleetStore(tmp_path / "fleet.json")


def test_what_was_saved_is_loaded(store: FleetStore) -> None:
    assert store.load() == ()
    store.save([KITCHEN, CELLAR])
    assert store.load() == (KITCHEN, CELLAR)
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_what_holds_only_while_connected_is_not_kept(store: FleetStore) -> None:
    store.save([replace(KITCHEN, connected=True, running="1.2.0", rate=15.0)])
    assert store.load() == (KITCHEN,)


GARBAGE = [
    b"",
    b"\0" * 4096,
    b"{",
    b"[]",
    b'{"format":2,"edges":[]}',
    b'{"format":1,"edges":7}',
    b"[" * 100_000,
    b'"\xff"',
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_put_aside_and_the_last_good_record_is_read(
    store: FleetStore, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.save([CELLAR])
    store.save([KITCHEN, CELLAR])
    store.path.write_bytes(garbage)
    with caplog.at_level(logging.ERROR):
        assert store.load() == (CELLAR,)
    assert "cannot be used" in caplog.text
    assert store.path.with_name("fleet.damaged.json").read_bytes() == garbage
    store.save([KITCHEN])
    assert store.load() == (KITCHEN,)


def test_garbage_without_a_good_one_before_it_is_an_empty_record(store: FleetStore) -> None:
    store.path.write_bytes(b"garbage")
    assert store.load() == ()
    store.save([KITCHEN])
    assert store.load() == (KITCHEN,)


WRONG: list[object] = [
    7,
    {"identity": "x"},
    {"identity": 7, "name": "", "address": ""},
    {"identity": "x", "name": "", "address": "", "update": {"state": "exploded"}},
    {"identity": "x", "name": "", "address": "", "first_seen": "yesterday"},
    {"identity": "x", "name": "", "address": "", "health": {"uptime": "long"}},
    {"identity": "x", "name": "", "address": "", "health": {"drops": 1e308}, "usual_rate": True},
    {"identity": "x", "name": "", "address": "", "earned": ["1.2.0"]},
]


@pytest.mark.parametrize("entry", WRONG)
def test_one_damaged_edge_costs_only_itself(
    store: FleetStore, entry: object, caplog: pytest.LogCaptureFixture
) -> None:
    store.save([KITCHEN])
    document = json.loads(store.path.read_bytes())
    document["edges"].insert(0, entry)
    store.path.write_text(json.dumps(document), encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        assert store.load() == (KITCHEN,)
    assert "an edge in" in caplog.text


def test_folder_in_the_place_of_the_file_is_no_end(store: FleetStore) -> None:
    store.path.mkdir()
    assert store.load() == ()
