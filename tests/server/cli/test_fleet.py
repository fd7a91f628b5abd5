"""`fleet` and `api-token`, with a real record behind a real control socket."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from iot_facerecognition_server.assembly.fleet import fleet_keeper
from iot_facerecognition_server.config import load
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.serving import fleet_requests
from iot_facerecognition_server.serving.control import ControlSocket
from iot_facerecognition_server.serving.control_client import (
    SOCKET_NAME,
    ControlConnection,
    ControlError,
    NoServerError,
)
from iot_facerecognition_server.serving.fleet_requests import FleetRequests
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore

Run = Callable[..., Any]


@contextmanager
def running_fleet(home: Path) -> Iterator[FleetKeeper]:
    """Answer the control socket's questions about a fleet, in a thread with an event loop."""
    keeper = fleet_keeper(load(None, {}), time.monotonic)
    nobody: Any = None
    path = home / "state" / SOCKET_NAME
    path.parent.mkdir(exist_ok=True)
    loop = asyncio.new_event_loop()
    control = ControlSocket(path, nobody, nobody, FleetRequests(keeper))
    task = loop.create_task(control.run())

    def serve() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        while True:
            try:
                ControlConnection(path).close()
            except NoServerError:
                continue
            break
        yield keeper
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@pytest.fixture
def fleet(home: Path) -> Iterator[FleetKeeper]:
    with running_fleet(home) as keeper:
        yield keeper


def join(fleet: FleetKeeper, identity: str, state: UpdateState | None = None) -> None:
    member = fleet.join(identity, "192.0.2.7", lambda *_: None, lambda *_: None)
    update = None if state is None else UpdateReport("1.3.0", state, "a1", "1.2.0", "too slow")
    member.health(Health(version="1.2.0", cpu_temperature=51.5, update=update))


def test_fleet_is_listed_and_shown(run: Run, fleet: FleetKeeper) -> None:
    assert run("fleet", "list").out == "no edge has connected yet\n"
    join(fleet, "kitchen", UpdateState.ROLLED_BACK)
    join(fleet, "cellar")
    head, *rows = run("fleet", "list").out.splitlines()
    assert head == "IDENTITY  CONNECTED  RATE  DESIRED  REPORTED  RUNNING  UPDATE"
    assert [re.split(r"\s{2,}", row) for row in rows] == [
        ["cellar", "yes", "0.0", "-", "1.2.0", "1.2.0", "-"],
        ["kitchen", "yes", "0.0", "-", "1.2.0", "1.2.0", "rolled-back (too slow)"],
    ]
    listed = json.loads(run("fleet", "list", "--json").out)
    assert [edge["identity"] for edge in listed["edges"]] == ["cellar", "kitchen"]
    shown = run("fleet", "show", "kitchen").out
    assert re.search(r"^update reason +too slow$", shown, re.MULTILINE)
    assert re.search(r"^health cpu temperature +51.5$", shown, re.MULTILINE)
    assert "wifi" not in shown
    assert json.loads(run("fleet", "show", "kitchen", "--json").out) == listed["edges"][1]


def test_long_list_comes_in_pages(
    run: Run, fleet: FleetKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_requests, "PAGE", 2)
    for name in "abcde":
        join(fleet, name)
    listed = json.loads(run("fleet", "list", "--json").out)["edges"]
    assert "".join(edge["identity"] for edge in listed) == "abcde"


def test_versions_are_wanted_and_reports_recorded(run: Run, fleet: FleetKeeper) -> None:
    join(fleet, "kitchen")
    said = run("fleet", "want", "1.3.0", "kitchen", "attic", "kitchen")
    assert said.out.splitlines() == [
        "kitchen: 1.3.0: pending",
        "attic: 1.3.0: pending (never connected so far)",
    ]
    reported = run("fleet", "report", "attic", "skipped", "--reason", "in a box", "--json")
    (edge,) = json.loads(reported.out)["edges"]
    assert edge["update"]["version"] == "1.3.0"
    assert (edge["update"]["state"], edge["update"]["reason"]) == ("skipped", "in a box")
    wanted = run("fleet", "want", "1.2.0", "kitchen")
    assert wanted.out == "kitchen: 1.2.0: nothing to do\n"
    assert "forgot attic" in run("fleet", "forget", "attic").out


def test_many_edges_are_wanted_in_one_command(run: Run, fleet: FleetKeeper) -> None:
    names = [f"edge-{number:04}-{'x' * 50}" for number in range(1000)]
    wanted = json.loads(run("fleet", "want", "1.3.0", *names, "--json").out)["edges"]
    assert [edge["identity"] for edge in wanted] == names


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("show", "nobody"), "no edge nobody is on record; list those that are"),
        (("forget", "nobody"), "no edge nobody is on record"),
        (("want", "new one", "kitchen"), "'new one' is no version"),
        (("want", "1.3.0", " kitchen"), "is no identity"),
        (("report", "kitchen", "good"), "'good' cannot be reported: it is installing"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, fleet: FleetKeeper, words: tuple[str, ...], why: str
) -> None:
    result = run("fleet", *words)
    assert (result.code, result.out) == (1, "")
    assert why in result.err
    assert fleet.edges() == ()


def test_record_that_cannot_be_saved_is_said(run: Run, fleet: FleetKeeper, home: Path) -> None:
    (home / "state" / "fleet.json").mkdir()
    result = run("fleet", "want", "1.3.0", "kitchen")
    assert result.code == 1
    assert "recorded, and lost when the server ends" in result.err


def test_without_a_server_the_cure_is_reported(run: Run, home: Path) -> None:
    for folder in (False, True):
        if folder:
            (home / "state").mkdir()
        result = run("fleet", "list")
        assert result.code == 1
        assert "is it running" in result.err


def test_requests_that_are_none_are_refused(fleet: FleetKeeper, home: Path) -> None:
    with (
        ControlConnection(home / "state" / SOCKET_NAME) as connection,
        pytest.raises(ControlError, match="another version"),
    ):
        connection.ask({"do": "fleet", "ask": "dance"})


@pytest.mark.parametrize("kind", ["token", "api-token"])
def test_tokens_are_for_programs_as_well(run: Run, kind: str) -> None:
    made = json.loads(run(kind, "add", "kitchen", "--json").out)
    assert set(made) == {"id", "name", "created", "token"}
    listed = json.loads(run(kind, "list", "--json").out)
    del made["token"]
    assert listed == {"tokens": [made]}


def test_api_token_is_made_listed_and_revoked(run: Run, home: Path) -> None:
    token = run("api-token", "add", "inventory").out.strip()
    assert token.startswith("iotfr_api_")
    store = ApiTokenStore(home / "state" / "api-tokens.json")
    entry = store.find(token)
    assert entry is not None
    assert entry.name == "inventory"
    assert token not in store.path.read_text()
    assert store.path.stat().st_mode & 0o777 == 0o600
    listed = run("api-token", "list").out
    assert "inventory" in listed
    assert token not in listed
    taken = run("api-token", "add", "inventory")
    assert (taken.code, taken.out) == (1, "")
    assert run("api-token", "revoke", "inventory").out == f"revoked {entry.id} (inventory)\n"
    assert store.find(token) is None
    assert run("api-token", "revoke", "inventory").code == 1
    assert "there is no token" in run("api-token", "list").out


def test_damaged_file_of_api_tokens_names_the_cure(run: Run, home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "api-tokens.json").write_text("{")
    for words in (("list",), ("add", "a"), ("revoke", "a")):
        result = run("api-token", *words)
        assert result.code == 2
        assert "api-token add NAME" in result.err


def test_help_says_what_each_command_is_for(run: Run) -> None:
    for words in (("fleet",), ("api-token",), ("fleet", "want"), ("fleet", "report")):
        result = run(*words, "--help")
        assert result.code == 0
        assert "usage: iot-facerecognition-server" in result.out
