"""The real server's answers about itself, and the program that a container asks them with."""

import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.cast import people
from demo.server_process import ServerFailedError, ServerProcess
from iot_facerecognition_server.observability.catalogue import PREFIX, families


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"Metrics": {"Enable": "true", "Port": "0", "TLS": "true"}}
    with ServerProcess(tmp_path_factory.mktemp("server"), people(photos), settings) as running:
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


def test_password_file_that_is_missing_is_told_at_the_start(photos: Path, tmp_path: Path) -> None:
    settings = {"Metrics": {"Enable": "true", "Port": "0", "PasswordFile": "nowhere"}}
    server = ServerProcess(tmp_path, people(photos), settings)
    with pytest.raises(ServerFailedError, match=r"\[Metrics\] PasswordFile: .*nowhere"):
        server.start()
    assert server.stop() == 2


WRONG_NETWORK = """\
from dataclasses import replace
import iot_facerecognition_server.observability.self_test as module
true = module.known_answer
module.known_answer = lambda: replace(true(), descriptor=-true().descriptor)
"""
"""Runs before the server: to the self-test, a descriptor of another person is a broken network."""


def test_server_whose_network_gives_another_answer_lives_and_is_never_ready(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WRONG_NETWORK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    settings = {"Metrics": {"Enable": "true", "Port": "0", "TLS": "true"}}
    with ServerProcess(tmp_path / "server", people(photos), settings) as broken:
        with pytest.raises(urllib.error.HTTPError, match="503") as refused:
            ask(broken, "/readyz")
        words = refused.value.read().decode()
        assert "models: ok\nself-test: the known face was not recognised" in words
        assert "Precision=fp32" in words
        assert ask(broken, "/livez") == "event loop: ok\nworkers: ok\n"
        assert "iot_facerecognition_ready 0.0" in ask(broken, "/metrics")
        code, told = probe(broken, PORT=str(port(broken)))
        assert (code, "self-test" in told) == (1, True)
        assert "the self-test failed" in broken.output()
