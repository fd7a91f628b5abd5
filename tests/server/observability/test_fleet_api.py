"""The HTTP API: who gets an answer, and that it is what the schema says."""

import gzip
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from iot_facerecognition_server.fleet.edge import UpdateStage
from iot_facerecognition_server.fleet.keeper import FleetKeeper, Member
from iot_facerecognition_server.fleet.record import MOST_EDGES, FleetTerms
from iot_facerecognition_server.fleet.store import FleetStore
from iot_facerecognition_server.observability.endpoints import QUESTIONS, MonitoringServer
from iot_facerecognition_server.observability.fleet_api import FleetApi
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore
from iot_facerecognition_server.trust.tokens import Token, TokenStore

from .test_endpoints import serving

jsonschema = pytest.importorskip("jsonschema", reason="an extra of dev: make test brings it")

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "fleet-api.md").read_text(encoding="utf-8")
SCHEMA = json.loads((DOCS / "fleet-api.schema.json").read_text(encoding="utf-8"))


def check(name: str, document: object) -> None:
    reference = {"$ref": f"#/$defs/{name}"}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(
        {**SCHEMA, "anyOf": [reference]}, format_checker=checker
    ).validate(document)


@dataclass
class Bench:
    """A fleet, and the API over real HTTP."""

    fleet: FleetKeeper
    tokens: ApiTokenStore
    server: MonitoringServer
    token: str

    def ask(self, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        headers.setdefault("Authorization", f"Bearer {self.token}")
        url = f"http://127.0.0.1:{self.server.port}{path}"
        request = urllib.request.Request(
            url, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def json(self, path: str, **headers: str) -> tuple[int, Any]:
        status, told, body = self.ask(path, **headers)
        assert told["Content-Type"] == "application/json"
        return status, json.loads(body)

    def join(self, identity: str) -> Member:
        return self.fleet.join(identity, "192.0.2.7", lambda *_: None, lambda *_: None)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    fleet = FleetKeeper(
        FleetStore(tmp_path / "fleet.json"), FleetTerms(), lambda: 1000.0, lambda: 1.7e9
    )
    tokens = ApiTokenStore(tmp_path / "api-tokens.json")
    api = FleetApi("1.3.0", tokens)
    api.show(fleet)
    with serving(api=api) as server:
        yield Bench(fleet, tokens, server, tokens.add("inventory"))


def full(bench: Bench, identity: str = "küche/1 🙂") -> Member:
    """Join an edge of which everything is known."""
    member = bench.join(identity)
    member.named("Küche")
    report = UpdateReport("1.3.0", UpdateState.ROLLED_BACK, "a1", "1.2.0", "half the rate")
    member.health(
        Health("1.2.0", 51.5, 5, -58.0, 10**9, 5.5, 15.0, 3, 15.0, "running", "1.2.0", report)
    )
    return member


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_answers_are_as_the_schema_says_and_have_no_other_field(bench: Bench) -> None:
    full(bench)
    bench.join("bare")
    bench.fleet.record.want("absent", "1.3.0", bench.fleet.now())
    status, document = bench.json("/api/v1/edges")
    assert status == 200
    check("edges", document)
    assert [edge["identity"] for edge in document["edges"]] == ["absent", "bare", "küche/1 🙂"]
    properties = SCHEMA["$defs"]
    for edge in document["edges"]:
        assert edge.keys() == properties["edge"]["properties"].keys()
    known = document["edges"][2]
    assert known["update"].keys() == properties["update"]["properties"].keys()
    assert known["health"].keys() == properties["health"]["properties"].keys()
    assert None not in known["health"].values()
    assert known["update"] == {
        "state": "rolled-back",
        "version": "1.3.0",
        "from": "1.2.0",
        "since": "2023-11-14T22:13:20.000Z",
        "reason": "half the rate",
        "attempt": "a1",
    }
    status, version = bench.json("/api/v1/version")
    assert (status, version) == (200, {"version": "1.3.0", "api": 1})
    check("version", version)


def test_schema_knows_every_state_and_health_field() -> None:
    assert SCHEMA["$defs"]["update"]["properties"]["state"]["enum"] == list(UpdateStage)
    elsewhere = {"version", "installed", "update"}
    told = list(SCHEMA["$defs"]["health"]["properties"])
    assert told == [field.name for field in fields(Health) if field.name not in elsewhere]


def test_page_shows_every_state_and_a_valid_edge() -> None:
    for stage in UpdateStage:
        assert f"\n| `{stage}` |" in PAGE
    shown = PAGE.split("```json\n")[1].split("\n```")[0]
    check("edge", json.loads(shown))
    assert f"There is room\nfor {MOST_EDGES};" in PAGE


def test_one_edge_is_found_by_its_identity_whatever_is_in_it(bench: Bench) -> None:
    full(bench)
    status, edge = bench.json("/api/v1/edges/k%C3%BCche%2F1%20%F0%9F%99%82")
    assert (status, edge["identity"]) == (200, "küche/1 🙂")
    check("edge", edge)


@pytest.mark.parametrize(
    "path",
    [
        "/api/", "/api/v1", "/api/v2/edges", "/api/v1/edgesx", "/api/v1/edges/",
        "/api/v1/edges/nobody", "/api/v1/edges/%FF", "/api/v1/version/x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(bench: Bench, path: str) -> None:
    status, document = bench.json(path)
    assert status == 404
    check("error", document)


def test_nothing_is_told_without_a_token_of_this_kind(bench: Bench, tmp_path: Path) -> None:
    edge_token = TokenStore(tmp_path / "tokens.json").add("kitchen")
    wrong = ["", "Bearer", "Bearer ", f"Basic {bench.token}", f"Bearer {bench.token}x"]
    wrong += [f"Bearer {edge_token}", "Bearer " + "ÿ" * 300]
    for path in ("/api/v1/edges", "/api/v1/edges/nobody", "/api/v1/version", "/api/none"):
        for header in wrong:
            status, headers, body = bench.ask(path, Authorization=header)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
            check("error", json.loads(body))
            assert b"api-token add" in body
    assert bench.ask("/livez", Authorization="")[0] == 200
    assert bench.ask("/metrics", Authorization="")[0] == 200


def test_revoked_token_is_refused_at_once(bench: Bench) -> None:
    assert bench.json("/api/v1/version")[0] == 200
    bench.tokens.revoke("inventory")
    assert bench.json("/api/v1/version")[0] == 401


def test_damaged_token_file_lets_nobody_in_and_says_so(bench: Bench) -> None:
    bench.tokens.path.write_text("{", encoding="utf-8")
    status, document = bench.json("/api/v1/edges")
    assert status == 503
    check("error", document)


def test_server_that_starts_says_so(tmp_path: Path) -> None:
    tokens = ApiTokenStore(tmp_path / "api-tokens.json")
    with serving(api=FleetApi("1.3.0", tokens)) as server:
        starting = Bench(None, tokens, server, tokens.add("inventory"))  # type: ignore[arg-type]
        assert starting.json("/api/v1/version")[0] == 200
        assert starting.json("/api/v1/edges") == (503, {"error": "the server is still starting"})


def test_other_methods_are_refused(bench: Bench) -> None:
    url = f"http://127.0.0.1:{bench.server.port}/api/v1/edges"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, data=b"{}"), timeout=10)
    assert refused.value.code == 405


def test_large_answers_are_compressed_for_who_takes_it(bench: Bench) -> None:
    full(bench)
    status, headers, body = bench.ask("/api/v1/edges", Accept_Encoding="gzip")
    assert (status, headers.get("Content-Encoding")) == (200, None)
    for number in range(50):
        bench.join(f"edge-{number}")
    status, headers, body = bench.ask("/api/v1/edges", Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert len(json.loads(gzip.decompress(body))["edges"]) == 51


def test_no_secret_is_in_any_answer(bench: Bench) -> None:
    full(bench)
    entry = bench.tokens.find(bench.token)
    assert isinstance(entry, Token)
    body = bench.ask("/api/v1/edges")[2].decode()
    assert bench.token not in body
    assert entry.sha256 not in body


def test_health_and_metrics_are_answered_while_the_api_is_busy(tmp_path: Path) -> None:
    tokens = ApiTokenStore(tmp_path / "api-tokens.json")
    busy, go_on = threading.Event(), threading.Event()

    class SlowApi(FleetApi):
        def reply(self, request: Any) -> Any:
            busy.set()
            assert go_on.wait(10)
            return super().reply(request)

    with serving(api=SlowApi("1.3.0", tokens)) as server:
        bench = Bench(None, tokens, server, tokens.add("inventory"))  # type: ignore[arg-type]
        answers: queue.Queue[tuple[int, Any]] = queue.Queue()
        threads = [
            threading.Thread(target=lambda: answers.put(bench.json("/api/v1/version")))
            for _ in range(QUESTIONS + 1)
        ]
        for thread in threads:
            thread.start()
        assert busy.wait(10)
        assert bench.ask("/livez")[0] == 200
        assert bench.ask("/metrics")[0] == 200
        status, document = answers.get(timeout=10)
        assert status == 503, "of one more than there is room for, one is refused"
        check("error", document)
        go_on.set()
        assert {answers.get(timeout=10)[0] for _ in range(QUESTIONS)} == {200}
        for thread in threads:
            thread.join(10)
