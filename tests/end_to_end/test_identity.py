"""Who a client is goes with it everywhere, and ends its connection when it is revoked."""

import json
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from lab.client_certificates import Authority
from lab.server_process import ServerProcess

from .conftest import V2, Peer, dial

FORGED = "server: error: disk full"


def command(server: ServerProcess, *words: str) -> str:
    """Run one of the server's commands and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "iot_facerecognition_server", "--config", server.config, *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def closed(peer: Peer) -> tuple[list[str], int, str]:
    """Read until the connection is closed; return codes of errors, close code and reason."""
    errors = []
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            message = peer.receive()
            if message["command"] == 11:
                errors.append(message["context"]["code"])
    close = ended.value.rcvd
    assert close is not None
    return errors, close.code, close.reason


def until_logged(server: ServerProcess, pattern: str) -> str:
    """Return the first log line with `pattern`; the server writes its log in a thread."""
    deadline = time.monotonic() + 30
    while not (
        lines := [line for line in server.output().splitlines() if re.search(pattern, line)]
    ):
        assert time.monotonic() < deadline, server.output()
        time.sleep(0.02)
    return lines[0]


def metric(server: ServerProcess, name: str) -> float:
    """Return a value that the server exposes."""
    port = re.search(r"metrics on http://\S+:(\d+)/", server.output())
    assert port is not None
    with urlopen(f"http://127.0.0.1:{port[1]}/metrics", timeout=10) as response:
        text = response.read().decode()
    found = re.search(rf"^iot_facerecognition_{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, {}) as server:
        yield server
        assert server.stop() == 0, server.output()


def test_revoking_a_token_disconnects_its_clients_and_nobody_else(running: ServerProcess) -> None:
    kitchen = replace(running.access, token=command(running, "token", "add", "kitchen"))
    with dial(kitchen) as one, dial(kitchen, v2=False) as two, dial(running.access) as other:
        for peer, name in ((one, "left"), (two, "right"), (other, "left")):
            peer.command(1, name)
            peer.until(1)
        listed = [line.split()[:2] for line in command(running, "clients").splitlines()]
        assert sorted(listed) == [
            ["NAME", "IDENTITY"],
            ["left", "first"],
            ["left", "kitchen"],
            ["right", "kitchen"],
        ]
        assert command(running, "say", "--to", "kitchen", "hello") == "sent to 2 clients"
        said = command(running, "token", "revoke", "kitchen")
        assert said.endswith("disconnected 2 clients")
        assert closed(one) == (["revoked"], 1008, "this token was revoked")
        assert closed(two) == ([], 1008, "this token was revoked")
        with pytest.raises(InvalidStatus), dial(kitchen):
            pass
        other.command(6, 3)
        other.until(6)


def test_a_token_is_rotated_without_losing_the_client(running: ServerProcess) -> None:
    """Both are valid, the client comes with the new one, then the old one is revoked."""
    old = json.loads(command(running, "token", "add", "kitchen", "--json"))
    new = json.loads(command(running, "token", "add", "kitchen", "--another", "--json"))
    before, after = (replace(running.access, token=one["token"]) for one in (old, new))

    def tokens() -> list[tuple[str, str]]:
        listed = json.loads(command(running, "clients", "--json"))["clients"]
        return sorted((client["identity"], client["credential"]) for client in listed)

    with dial(before) as one:
        one.until(9)
        assert tokens() == [("kitchen", old["id"])]
        with dial(after) as two:
            two.until(9)
            assert tokens() == sorted([("kitchen", old["id"]), ("kitchen", new["id"])])
            said = command(running, "token", "revoke", old["id"])
            assert said.endswith("disconnected 1 client")
            assert closed(one) == (["revoked"], 1008, "this token was revoked")
            two.command(6, 3)
            two.until(6)
            assert tokens() == [("kitchen", new["id"])]


def test_sighup_disconnects_who_was_revoked_elsewhere_but_not_for_a_damaged_file(
    running: ServerProcess,
) -> None:
    tokens = running.folder / "state" / "tokens.json"
    with dial(running.access) as peer:
        peer.until(9)
        tokens.write_text("{")
        running.signal(signal.SIGHUP)
        until_logged(running, r"error: connected clients stay.*is damaged")
        peer.command(6, 3)
        peer.until(6)
        tokens.write_text('{"tokens": []}')
        running.signal(signal.SIGHUP)
        assert closed(peer) == (["revoked"], 1008, "this token was revoked")


def test_a_name_and_a_message_cannot_pass_for_the_server_s_own_lines(
    running: ServerProcess,
) -> None:
    with dial(running.access) as peer:
        peer.command(1, FORGED)
        peer.until(1)
        peer.command(2, FORGED)
        line = until_logged(running, "message: ")
    assert line.split("]: ")[1] == f'"{FORGED}" (first): message: "{FORGED}"'
    own = [line for line in running.output().splitlines() if FORGED in line]
    assert own
    assert not any(re.match(r"\[[^]]*\]: server: ", line) for line in own)


def test_a_revocation_list_keeps_certificates_out_and_disconnects_them_on_sighup(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    kitchen, hall, stolen = (authority.client(name) for name in ("kitchen", "hall", "stolen"))
    lists = tmp_path / "crl.pem"
    lists.write_bytes(authority.revoke(stolen))
    auth = {"Mode": "mtls", "ClientCA": str(authority.path), "ClientCRL": str(lists)}
    settings = {"Auth": auth, "Metrics": {"Enable": "true", "Port": "0"}}
    with ServerProcess(tmp_path / "server", {}, settings) as server:
        with (
            shown(server, kitchen.context(tmp_path)) as one,
            shown(server, hall.context(tmp_path)) as other,
        ):
            for peer in (one, other):
                peer.until(9)
            with pytest.raises((OSError, WebSocketException)):
                shown(server, stolen.context(tmp_path)).__enter__()
            until_logged(server, "refused 127.0.0.1: .*certificate revoked")
            assert metric(server, "authentication_failures_total") == 1
            listed = {line.split()[1] for line in command(server, "clients").splitlines()}
            assert listed == {"IDENTITY", "kitchen", "hall"}
            lists.write_text("no list")
            server.signal(signal.SIGHUP)
            until_logged(server, r"error: .*stay as they were: \[Auth\] ClientCRL")
            lists.write_bytes(authority.revoke(stolen, kitchen))
            server.signal(signal.SIGHUP)
            assert closed(one) == (["revoked"], 1008, "this certificate was revoked")
            other.command(6, 3)
            other.until(6)
        assert server.stop() == 0, server.output()


def shown(server: ServerProcess, context: ssl.SSLContext) -> Peer:
    """Return a connection, to be entered, that shows a client certificate."""
    address = f"wss://127.0.0.1:{server.access.port}"
    return Peer(connect(address, ssl=context, subprotocols=[Subprotocol(V2)], compression=None))
