"""How `run` starts and ends, in a process of its own."""

import asyncio
import json
import re
import signal
import socket
import stat
import weakref

import pytest

from iot_facerecognition_client import Client, NoVerification, ServerAddress
from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words
from iot_facerecognition_server.cli.serving import EarlyEnd
from iot_facerecognition_server.config import load
from iot_facerecognition_server.own_container import container_id
from iot_facerecognition_server.trust.host_names import HostNames
from iot_facerecognition_server.trust.server_identity import ServerIdentity

LOG_LINE = re.compile(r"\[[\d-]+ / [\d:]+\]: server: (.*)")


@pytest.fixture
def ready(start, home):
    """Start a server and return it with what it said until it listened."""

    def start_server(text=""):
        (home / "config.ini").write_text(
            "[Connection]\nBind=127.0.0.1\nPort=0\n" + text, encoding="utf-8"
        )
        process = start("run")
        said = []
        for line in process.stdout:
            said.append(line)
            if "listening on" in line:
                return process, "".join(said)
        pytest.fail("the server did not start:\n" + "".join(said))

    return start_server


def test_the_first_start_makes_what_is_needed_and_prints_the_token_until_it_is_used(ready, home):
    process, said = ready()
    token = re.search(r"^token: (\S+)$", said, re.MULTILINE)[1]
    digits = re.search(r"sha256:((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", said)[1].replace(":", "")
    words = " ".join(fingerprint_words(digits))
    groups = " ".join(fingerprint_groups(digits))
    assert f"an edge shows it as: {words}, in groups: {groups}\n" in said
    assert f"\nwords: {words}\n" in said, "they stand next to the token, too"
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert token not in (home / "log.txt").read_text()
    assert "listening on 127.0.0.1:" in (home / "log.txt").read_text()
    assert token not in rest
    assert stat.S_IMODE((home / "state" / "server.pem").stat().st_mode) == 0o600
    process, said = ready()
    assert said.count(token) == 1  # nobody has used it: the first log may be lost
    asyncio.run(connected(int(re.search(r"listening on \S+:(\d+)", said)[1]), token))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    process, said = ready()
    assert "token: " not in said
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    for path in home.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_a_service_manager_hears_of_start_and_end(ready, home, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(home / "notify"))
        listener.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(home / "notify"))
        process, _ = ready()
        assert listener.recv(4096) == b"READY=1"
        assert listener.recv(4096).startswith(b"WATCHDOG=1\nSTATUS=0 clients")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        last = b""
        while not last.startswith(b"STOPPING=1"):
            last = listener.recv(4096)


async def connected(port, token):
    client = Client(ServerAddress("127.0.0.1", port), trust=NoVerification(), token=token)
    async with client, asyncio.timeout(60):
        await client.connected()


def test_a_first_token_that_is_given_is_printed_nowhere_and_lets_a_client_in(ready, home):
    token = "0123456789abcdef" * 2
    (home / "secret").write_text(f"{token}\n")
    process, said = ready("[Auth]\nFirstTokenFile=secret\n")
    assert "the first token is the one in " in said
    asyncio.run(connected(int(re.search(r"listening on \S+:(\d+)", said)[1]), token))
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert token not in said + rest + (home / "log.txt").read_text()
    assert "token: " not in said


@pytest.mark.skipif(container_id() is not None, reason="its host name may be its number")
def test_a_host_name_that_came_after_the_certificate_is_reported_with_the_cure(start, home):
    (home / "config.ini").touch()
    hosts = HostNames(("localhost", "before"), ())
    ServerIdentity(load(home / "config.ini", {}), lambda: hosts).issue()
    process = start()
    line = next(line for line in process.stdout if "was made before" in line)
    assert f"this machine was called {socket.gethostname().partition('.')[0]}" in line
    assert "those that pin the fingerprint can" in line
    cure = line[line.index("cert new") :].split()
    added = start(*cure)
    added.communicate(timeout=60)
    assert added.returncode == 0
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    again = start()
    assert next(line for line in again.stdout if "edges pin" in line)
    again.send_signal(signal.SIGTERM)
    rest, _ = again.communicate(timeout=60)
    assert "was made before" not in rest


def test_a_first_token_that_could_be_guessed_is_exit_code_2(start, home):
    (home / "secret").write_text("hunter2\n")
    (home / "config.ini").write_text("[Auth]\nFirstTokenFile=secret\n")
    code, logged, output = ended(start())
    assert code == 2
    assert "[Auth] FirstTokenFile: the first line of " in logged
    assert "hunter2" not in output


def test_an_open_server_says_so_at_every_start_and_logs_json(ready):
    _, said = ready("[Auth]\nMode=open\n[Log]\nLogFormat=json\nEnable=false\n")
    records = [json.loads(line) for line in said.splitlines()]
    assert any("Mode=open" in r["message"] and r["level"] == "warning" for r in records)
    assert not any("token: " in r["message"] for r in records)


def ended(process):
    """Return exit code, what was logged as text, and everything that was printed."""
    output, _ = process.communicate(timeout=100)
    assert "Traceback" not in output
    return process.returncode, "\n".join(LOG_LINE.findall(output)), output


def test_a_missing_model_is_exit_code_3(start, home):
    (home / "config.ini").write_text("[DLIB]\nFaceRecognitionModelFile=gone.dat\n")
    code, logged, _ = ended(start())
    assert code == 3
    assert "error: " in logged
    assert "gone.dat" in logged
    assert "gone.dat" in (home / "log.txt").read_text()


def test_a_port_in_use_is_exit_code_4(start, home):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (home / "config.ini").write_text(f"[Connection]\nBind=127.0.0.1\nPort={port}\n")
        code, logged, _ = ended(start())
    assert code == 4
    assert f"error: port {port} on 127.0.0.1 is in use" in logged


def test_a_certificate_that_cannot_be_used_is_exit_code_2(start, home):
    (home / "config.ini").write_text("[Certificate]\nKey=a.key\nCertificate=a.crt\n")
    code, logged, _ = ended(start())
    assert code == 2
    assert "[Certificate] Key: " in logged


def test_a_log_file_that_cannot_be_written_is_exit_code_2(start, home):
    (home / "log.txt").mkdir()
    code, _, output = ended(start())
    assert code == 2
    assert "[Log] Location" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_it_is_ready_ends_it_cleanly(start, home, number):
    """The first line in the log comes before torch is loaded, which takes seconds."""
    process = start()
    assert "built-in defaults" in process.stdout.readline()
    process.send_signal(signal.SIGHUP)  # must not end it
    process.send_signal(number)
    code, logged, _ = ended(process)
    assert code == 0
    assert "ended before it was ready" in logged


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_the_interpreter_dropped_is_not_lost():
    early_end = EarlyEnd()
    early_end.check()
    weakref.finalize(dropped := Dropped(), early_end, signal.SIGTERM, None)
    del dropped  # what is raised in its callback goes nowhere
    with pytest.raises(KeyboardInterrupt):
        early_end.check()


class Dropped:
    """Something to be collected."""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("[Connection]\nBind=192.0.2.1\n", "192.0.2.1 is not an address of this machine"),
        ("[Connection]\nBind=no-such-host.invalid\n", "there is no such host"),
        ("[Metrics]\nEnable=true\nBind=192.0.2.1\n", "[Metrics] Bind: 192.0.2.1 is not an address"),
        ("[Metrics]\nEnable=true\nBind=no-such-host.invalid\n", "[Metrics] Bind=no-such-host"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_exit_code_2(start, home, settings, words):
    (home / "config.ini").write_text(settings)
    code, logged, _ = ended(start())
    assert code == 2
    assert "error: " in logged
    assert words in logged


def test_one_port_for_clients_and_metrics_is_exit_code_2(start, home):
    (home / "config.ini").write_text(
        "[Connection]\nBind=127.0.0.1\nPort=50090\n[Metrics]\nEnable=true\n"
    )
    code, _, output = ended(start())
    assert code == 2
    assert "[Metrics] Port=50090 is [Connection] Port too" in output
