"""The inventory plugin against a TLS server that answers as docs/fleet-api.md says."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.trust.server_identity import ServerIdentity

from .collection import install

TOKEN = "iotfr_api-token-of-the-test"


def edge(identity: str, **changes: Any) -> dict[str, Any]:
    """Return an edge as the API describes one."""
    return {
        "identity": identity,
        "name": identity,
        "address": "192.0.2.21",
        "first_seen": "2026-11-01T10:00:00.000Z",
        "last_seen": "2026-11-27T10:00:00.000Z",
        "connected": True,
        "desired": None,
        "reported": "1.2.0",
        "running": "1.2.0",
        "rate": 14.9,
        "health": {"camera": "running", "temperature": 51.0},
        "update": None,
    } | changes


GOOD = {"state": "good", "version": "1.2.0", "from": "1.1.0", "since": "2026-11-27T09:00:00.000Z"}
EDGES = [
    edge("kitchen", update=GOOD | {"reason": None, "attempt": "a1"}),
    edge("hall", connected=False, running=None, rate=None, address=None, reported="1.1.0~rc1"),
    # Whoever holds an edge chooses its name.
    edge("garage", name="{{ lookup('ansible.builtin.pipe', 'echo owned') }}"),
]


class Api:
    """A server's port for metrics and API, which keeps what it was asked."""

    def __init__(self, folder: Path) -> None:
        state = {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": str(folder / "state")}
        config = load(None, state)
        tls = server_tls(config)
        self.fingerprint = tls.fingerprint
        own = ServerIdentity(config)
        self.certificate = own.certificate_path
        self.asked: list[tuple[str, str | None]] = []
        self.status, self.content = 200, json.dumps({"edges": EDGES}).encode()
        handler = type("Handler", (Handler,), {"api": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, own.key_path)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.http.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    api: Api

    def do_GET(self) -> None:
        self.api.asked.append((self.path, self.headers["Authorization"]))
        status, content = self.api.status, self.api.content
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, content = 401, b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    thread = threading.Thread(target=api.http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield api
    finally:
        api.http.shutdown()
        thread.join()
        api.http.server_close()


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with serving(Api(tmp_path_factory.mktemp("api"))) as api:
        yield api


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return install(tmp_path_factory.mktemp("ansible"))


def plain(value: Any) -> Any:
    """Return a value as a playbook has it: ansible-inventory marks those that are no templates."""
    if isinstance(value, dict):
        unsafe = value.get("__ansible_unsafe")
        return {key: plain(one) for key, one in value.items()} if unsafe is None else unsafe
    return value


@pytest.fixture
def ask(api, environment, tmp_path):
    """Run ansible-inventory with a configuration; return its exit code, document and errors."""
    api.asked.clear()
    api.status, api.content = 200, json.dumps({"edges": EDGES}).encode()

    def run(token: str | None = TOKEN, **options: Any):
        path = tmp_path / "site.fleet.yml"
        plugin = {"plugin": "iot_facerecognition.appliance.fleet", "url": api.url}
        path.write_text(json.dumps(plugin | options))
        program = Path(sys.executable).with_name("ansible-inventory")
        done = subprocess.run(
            [program, "--inventory", path, "--list"],
            env=environment
            | {"PATH": "/usr/bin:/bin", "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"}
            | ({"IOT_FACERECOGNITION_API_TOKEN": token} if token else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        document = json.loads(done.stdout) if done.returncode == 0 else {}
        # Ansible breaks its lines where they are full.
        return done.returncode, document, " ".join(done.stderr.split())

    return run


def test_edges_are_hosts_in_groups_of_state_and_version(ask, api):
    code, listed, errors = ask(
        fingerprint=api.fingerprint,
        keyed_groups=[{"key": "fleet_health.camera", "prefix": "camera"}],
        compose={"edge_verify_seconds": "fleet_rate | default(1, true) * 10"},
    )
    assert code == 0, errors
    assert api.asked == [("/api/v1/edges", f"Bearer {TOKEN}")]
    groups = {name: set(group["hosts"]) for name, group in listed.items() if "hosts" in group}
    assert groups == {
        "edges": {"kitchen", "hall", "garage"},
        "state_good": {"kitchen"},
        "state_none": {"hall", "garage"},
        "version_1_2_0": {"kitchen", "garage"},
        "version_1_1_0_rc1": {"hall"},
        "connected": {"kitchen", "garage"},
        "disconnected": {"hall"},
        "camera_running": {"kitchen", "hall", "garage"},
    }
    variables = plain(listed["_meta"]["hostvars"])
    assert variables["kitchen"]["ansible_host"] == "192.0.2.21"
    assert variables["kitchen"]["fleet_update"]["state"] == "good"
    assert variables["kitchen"]["edge_verify_seconds"] == 149.0
    assert "ansible_host" not in variables["hall"]
    assert TOKEN not in json.dumps(listed)


def test_a_name_that_an_edge_gives_itself_is_no_template(ask, api, environment, tmp_path):
    ask(fingerprint=api.fingerprint)
    program = Path(sys.executable).with_name("ansible")
    inventory, words = tmp_path / "site.fleet.yml", "msg='called {{ fleet_name }}'"
    done = subprocess.run(
        [program, "-i", inventory, "garage", "-m", "ansible.builtin.debug", "-a", words],
        env=environment | {"PATH": "/usr/bin:/bin", "IOT_FACERECOGNITION_API_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "called " in done.stdout, done.stdout + done.stderr
    assert "called owned" not in done.stdout
    assert "lookup(" in done.stdout


def test_the_token_is_sent_to_nobody_but_the_pinned_server(ask, api):
    code, _, errors = ask(fingerprint="00" * 32)
    assert code != 0
    assert "not the one in `fingerprint`" in errors
    assert api.asked == []


def test_a_ca_file_verifies_the_server(ask, api, tmp_path):
    assert ask(ca_file=str(api.certificate))[0] == 0
    code, _, errors = ask()
    assert code != 0
    assert "is not trusted" in errors
    assert "`fingerprint` or `ca_file`" in errors


def test_the_token_may_come_from_a_file(ask, api, tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert ask(None, fingerprint=api.fingerprint, token_file=str(tmp_path / "token"))[0] == 0
    code, _, errors = ask(None, fingerprint=api.fingerprint)
    assert code != 0
    assert "api-token add NAME" in errors


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (404, b"", "the server is older than this collection"),
        (500, b"", "its log says why"),
        (200, b"<html>", "does not answer like a recognition server"),
        (200, b'{"edges": 5}', "does not answer like a recognition server"),
    ],
)
def test_an_answer_that_is_none_is_reported_with_the_cure(ask, api, status, content, words):
    api.status, api.content = status, content
    code, _, errors = ask(fingerprint=api.fingerprint)
    assert code != 0
    assert words in errors


def test_a_refused_token_is_reported_with_the_cure(ask, api):
    code, _, errors = ask("wrong", fingerprint=api.fingerprint)
    assert code != 0
    assert "does not take the token" in errors


def test_no_token_goes_over_the_network_in_the_clear(ask):
    code, _, errors = ask(url="http://192.0.2.1:50090")
    assert code != 0
    assert "[Metrics] TLS=true" in errors
