"""The real server's answers about itself, and the program that a container asks them with."""

import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from iot_facerecognition_server.observability.catalogue import PREFIX, families
from lab.server_process import ServerFailedError, ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"Metrics": {"Enable": "true", "Port": "0", "TLS": "true"}}
    with ServerProcess(tmp_path_factory.mktemp("server"), {}, settings) as running:
        yield running


def port(server: ServerProcess) -> int:
    found = re.search(r"metrics on https://\S+:(\d+)/", server.output())
    assert found is not None, server.output()
    return int(found[1])


def ask(server: ServerProcess, path: str) -> str:
    trust = ssl.create_default_context(cafile=str(server.folder / "state" / "server.crt"))
    url = f"https://localhost:{port(server)}{path}"
    with urllib.request.urlopen(url, timeout=10, context=trust) as response:
        text: bytes = response.read()
    return text.decode()


def probe(server: ServerProcess, *arguments: str, **environ: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "iot_facerecognition_server.observability.probe"),
            *("--config", server.config, *arguments),
        ],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={f"IOT_FACERECOGNITION_METRICS_{key}": value for key, value in environ.items()},
    )
    return done.returncode, done.stdout


def test_server_that_listens_has_passed_its_self_test(server: ServerProcess) -> None:
    assert ask(server, "/readyz") == "models: ok\nself-test: ok\nport: ok\n"
    assert ask(server, "/livez") == "event loop: ok\nworkers: ok\n"


def test_exposed_families_are_those_of_the_catalogue(server: ServerProcess) -> None:
    exposed = {
        family.name: family.type
        for family in text_string_to_metric_families(ask(server, "/metrics"))
        if family.name.startswith(PREFIX)
    }
    declared = {
        family.full_name.removesuffix("_total"): str(family.kind)
        for family in families()
        if not family.name.startswith("gpu_")
    }
    assert {name: kind for name, kind in exposed.items() if "_gpu_" not in name} == declared


def test_probe_asks_over_tls_and_says_yes(server: ServerProcess) -> None:
    ready = probe(server, PORT=str(port(server)))
    assert ready == (0, "models: ok\nself-test: ok\nport: ok\n")
    assert probe(server, "--live", PORT=str(port(server)))[0] == 0


def test_probe_says_no_when_nobody_answers_and_2_when_nobody_is_to_be_asked(
    server: ServerProcess,
) -> None:
    code, words = probe(server, PORT="1")
    assert (code, words.startswith("nobody answers on port 1")) == (1, True)
    code, words = probe(server, ENABLE="false")
    assert (code, "Enable=false" in words) == (2, True)
    code, words = probe(server, PORT="many")
    assert (code, "[Metrics] Port" in words or "METRICS_PORT" in words) == (2, True)


def test_password_file_that_is_missing_is_told_at_the_start(tmp_path: Path) -> None:
    settings = {"Metrics": {"Enable": "true", "Port": "0", "PasswordFile": "nowhere"}}
    server = ServerProcess(tmp_path, {}, settings)
    with pytest.raises(ServerFailedError, match=r"\[Metrics\] PasswordFile: .*nowhere"):
        server.start()
    assert server.stop() == 2


WRONG_NETWORK = """\
import os
from dataclasses import replace
import iot_facerecognition_server.observability.examination as examination
import iot_facerecognition_server.observability.self_test as module
examination.SHORTEST_PAUSE, examination.SHARE = 0.1, 1.0
true = module.known_answer

class Answer:
    def __init__(self):
        self.right, self.wrong = true(), replace(true(), descriptor=-true().descriptor)
        self.jpeg, self.box = self.right.jpeg, self.right.box

    @property
    def descriptor(self):
        return (self.wrong if os.path.exists(os.environ["WRONG_FILE"]) else self.right).descriptor

module.known_answer = Answer
"""
"""Runs before the server: to the self-test, a descriptor of another person is a broken network.

It is made again at once instead of after a minute or so.
"""


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a file that, while it is there, makes the networks' answers wrong."""
    (tmp_path / "sitecustomize.py").write_text(WRONG_NETWORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WRONG_FILE", str(tmp_path / "wrong"))
    return tmp_path / "wrong"


SETTINGS = {"Metrics": {"Enable": "true", "Port": "0", "TLS": "true"}}


def readiness(server: ServerProcess) -> str:
    """Return what /readyz says, yes (200) or no (503)."""
    try:
        return ask(server, "/readyz")
    except urllib.error.HTTPError as refused:
        words: bytes = refused.read()
        return f"{refused.code}: {words.decode()}"


def until(what: Callable[[], bool]) -> None:
    """Ask again and again, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_server_that_fails_its_self_test_lives_is_not_ready_and_opens_no_port(
    tmp_path: Path, wrong: Path
) -> None:
    wrong.touch()
    failed = r"the self-test failed, so the port for clients stays closed"
    server = ServerProcess(tmp_path / "server", {}, SETTINGS, says=failed)
    with server as broken:
        words = readiness(broken)
        assert "503: models: ok\nself-test: the known face was not recognised" in words
        assert "port: not yet" in words
        assert "Precision=fp32" in words
        assert ask(broken, "/livez") == "event loop: ok\nworkers: ok\n"
        assert "iot_facerecognition_ready 0.0" in ask(broken, "/metrics")
        code, told = probe(broken, PORT=str(port(broken)))
        assert (code, "self-test" in told) == (1, True)
        assert listening(broken.pid) == {port(broken)}
        assert "listening on" not in broken.output()
    assert server.stop() == 0, "SIGTERM ends it as any other"


def listening(pid: int) -> set[int]:
    """Return the TCP ports that a process listens on."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        if found is not None:
            inodes.add(found[1])
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def test_worker_that_goes_wrong_later_ends_readiness_until_it_is_right_again(
    tmp_path: Path, wrong: Path
) -> None:
    settings = {**SETTINGS, "Engine": {"Workers": "2"}}
    with ServerProcess(tmp_path / "server", {}, settings) as server:
        assert readiness(server) == "models: ok\nself-test: ok\nport: ok\n"
        wrong.touch()
        until(lambda: "self-test: worker" in readiness(server))
        assert "the known face was not recognised" in readiness(server)
        assert "failed the self-test" in server.output()
        wrong.unlink()
        until(lambda: "self-test: ok" in readiness(server))
        scraped = ask(server, "/metrics")
        for outcome, least in (("right", 2), ("wrong", 1)):
            found = re.search(rf'self_tests_total{{outcome="{outcome}"}} (\S+)', scraped)
            assert found is not None
            assert float(found[1]) >= least
        assert "passes the self-test again" in server.output()
