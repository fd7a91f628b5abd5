"""With LogFormat=json every line that a server's process prints is JSON, from the first on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from iot_facerecognition_server.cli.output_form import wants_json

NOISY = Path(__file__).with_name("noisy_server.py")
JSON = "[Connection]\nBind=127.0.0.1\nPort=0\n[Log]\nEnable=false\nLogFormat=json\n"
FORM = {"ts", "level", "client", "identity", "event", "message", "logger"}
LOUD = {"PYTHONWARNINGS": "default", "OMP_DISPLAY_ENV": "true", "TORCH_CPP_LOG_LEVEL": "INFO"}


def records(text):
    """Return what every line says."""
    found = [json.loads(line) for line in text.splitlines()]
    assert found
    assert all(record.keys() >= FORM for record in found)
    return found


def messages(text):
    return [record["message"] for record in records(text)]


@pytest.fixture
def noisy(home):
    """Start a server among libraries that print."""
    (home / "config.ini").write_text(JSON)
    started = []

    def start(how):
        process = subprocess.Popen(
            [sys.executable, NOISY, how],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=home,
            env=os.environ | LOUD,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_whatever_is_printed_from_the_first_line_to_the_last_is_json(noisy):
    process = noisy("lives")
    errors = ""
    for line in process.stderr:
        errors += line
        if "listening on" in line:
            break
    process.send_signal(signal.SIGTERM)
    output, rest = process.communicate(timeout=60)
    assert process.returncode == 0
    said = {record["message"]: record for record in records(errors + rest)}
    assert rest.endswith("\n")
    assert records(rest)[-1]["message"] == "ended"
    for text in ("C on standard error, \\xff no UTF-8", "and a line in two parts"):
        assert (said[text]["level"], said[text]["logger"]) == ("warning", "stderr")
    assert "Python on standard error" in said
    assert any("OPENMP DISPLAY ENVIRONMENT" in text for text in said), "a real library's words"
    (warning,) = (record for text, record in said.items() if "a library warns" in text)
    assert warning["logger"] == "py.warnings"
    for place in ("thread", "destructor", "task"):
        (fault,) = (r for r in said.values() if f"raised in a {place}" in r.get("exception", ""))
        assert (fault["level"], fault["exception"].split("\n")[0][:9]) == ("error", "Traceback")
    out = records(output)
    assert {"C on standard output", "Python on standard output"} <= {r["message"] for r in out}
    (token,) = (record for record in out if record["event"] == "token")
    assert re.fullmatch(r"iotfr_\S+", token["token"])
    assert token["token"] not in errors + rest


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("abort", -signal.SIGABRT, "terminate called after throwing an instance"),
        ("exit", 1, "libgomp: Thread creation failed"),
    ],
)
def test_the_last_words_of_a_library_that_ends_the_process_are_not_lost(noisy, how, code, words):
    process = noisy(how)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == code
    assert records(output)
    assert any(message.startswith(words) for message in messages(errors))


FROM_ENVIRONMENT = JSON.replace("LogFormat=json\n", "")


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (JSON + "[Limits]\nClients=many\nNo=1\n", [], ["[Limits] Clients=many", "No=1"]),
        (FROM_ENVIRONMENT + "[Limits]\nClients=many\n", [], ["[Limits] Clients=many"]),
        (FROM_ENVIRONMENT + "[Limits\n", ["run"], ["[Limits"]),
        (JSON, ["run", "--bogus"], ["unrecognized arguments: --bogus"]),
        (JSON, ["rum"], ["invalid choice: 'rum'"]),
        (JSON, ["--config"], ["expected one argument"]),
        (FROM_ENVIRONMENT + "[DLIB]\nFaceRecognitionModelFile=gone.dat\n", [], ["gone.dat"]),
        (JSON + "[Metrics]\nEnable=true\nBind=192.0.2.1\n", [], ["[Metrics] Bind: 192.0.2.1"]),
    ],
)
def test_a_server_that_does_not_start_says_why_in_json(home, text, arguments, words):
    (home / "config.ini").write_text(text)
    form = {"IOT_FACERECOGNITION_LOG_LOGFORMAT": "json"} if "json" not in text else {}
    ended = subprocess.run(
        [sys.executable, "-m", "iot_facerecognition_server", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=home,
        env=os.environ | form,
    )
    assert ended.returncode in {2, 3}
    assert not ended.stdout or records(ended.stdout)
    said = messages(ended.stderr)
    for word in words:
        assert any(word in message for message in said)


def test_a_console_that_nobody_reads_holds_up_neither_the_server_nor_its_end(home):
    (home / "config.ini").write_text(JSON.replace("Enable=false", "Enable=true"))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, True)
    process = subprocess.Popen(
        [sys.executable, "-m", "iot_facerecognition_server"],
        stdout=subprocess.DEVNULL,
        stderr=writer,
        cwd=home,
    )
    os.close(writer)
    try:
        log = home / "log.txt"
        while not log.exists() or "listening on" not in log.read_text():
            assert process.poll() is None
            time.sleep(0.02)  # the server needs the processor to start
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        while os.read(reader, 65_536):  # ends once nobody is left who could write
            pass
    finally:
        process.kill()
        process.wait()
        os.close(reader)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], True),
        (["run"], True),
        (["-c", "other.ini"], False),
        (["run", "--config=config.ini"], True),
        (["token", "list"], False),
        (["check-config"], False),
        (["--help"], False),
        (["run", "--help"], False),
        (["--version"], False),
        (["rum"], True),
        (["--config"], True),
        (["-c", "no-such.ini"], False),
    ],
)
def test_only_a_server_s_output_is_json(home, words, wanted):
    (home / "config.ini").write_text(JSON)
    (home / "other.ini").write_text("")
    assert wants_json(words, {}) is wanted


def test_the_environment_wins_over_the_file(home):
    (home / "config.ini").write_text(JSON)
    assert not wants_json([], {"IOT_FACERECOGNITION_LOG_LOGFORMAT": "text"})
