"""Faults of files under a running server: what an operator, a disk or a script may do to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from websockets.frames import Opcode

from benchmarks.attack.peer import Peer, RefusedError, masked, tls_socket
from benchmarks.attack.values import HONEST, Attack, Outcome, Target
from iot_facerecognition_protocol import Command
from lab.cast import ON_PHOTO

_TAKE_UP_SECONDS = 3.0
"""How long a changed reference file is left to do harm after SIGHUP."""
_ANSWER_SECONDS = 20.0
_KNOWN = "obama2.jpg"
"""A photo of somebody who is enrolled."""


def garbage_in_the_reference_file(target: Target, until: float) -> Outcome:
    """Write what is no JSON into faces.json, and half of what was there."""
    with _replaced(target) as (path, good):
        for text in ("{ not json", good[: len(good) // 2], "", "[" * 100_000):
            path.write_text(text)
            _take_up(target, until)
        return _who_is_known(target, 4)


def reference_file_of_100_megabytes(target: Target, until: float) -> Outcome:
    """Put 100 MB of valid JSON in the place of faces.json."""
    with _replaced(target) as (path, _):
        with path.open("w") as file:
            file.write("[")
            for number in range(1_000_000):
                file.write(f'{{"tag": "tag {number}", "photos": ["{"x" * 60}.jpg"]}},\n')
            file.write('{"tag": "last", "photos": []}]')
        _take_up(target, until)
        return _who_is_known(target, 1)


def reference_file_that_is_a_pipe(target: Target, until: float) -> Outcome:
    """Put a FIFO that nobody writes to in the place of faces.json."""
    with _replaced(target) as (path, _):
        path.unlink()
        os.mkfifo(path)
        _take_up(target, until)
        return _who_is_known(target, 1)


def names_that_are_not_utf_8(target: Target, until: float) -> Outcome:
    """Put photos' names that are not UTF-8, and lone surrogates, among good entries."""
    with _replaced(target) as (path, good):
        bad = (
            b'{"tag": "odd", "photos": ["caf\xe9.jpg"]}, {"tag": "\\ud800", "photos": ["a.jpg"]}, '
        )
        path.write_bytes(b"[" + bad + good.encode().lstrip()[1:])
        _take_up(target, until)
        return _who_is_known(target, 2)


def key_gone_at_reload(target: Target, until: float) -> Outcome:
    """Take the server's key away and send SIGHUP."""
    state = target.folder / "state"
    keys = [path for path in state.rglob("*") if _holds_key(path)]
    aside = [path.with_name(f"{path.name}.aside") for path in keys]
    before = _certificate(target)
    for path, to in zip(keys, aside, strict=True):
        path.rename(to)
    os.kill(target.pid, signal.SIGHUP)
    _wait(until, 2.0)
    made = [path.name for path in keys if path.exists()]
    same = _certificate(target) == before
    for path, to in zip(keys, aside, strict=True):
        to.replace(path)
    os.kill(target.pid, signal.SIGHUP)
    kept = "the key in memory stays in use" if same else "the certificate is another one"
    seen = f"a new key in {', '.join(made)}" if made else kept
    return Outcome(len(keys), seen, bool(keys) and not made and same)


def second_server_on_the_same_state(target: Target, until: float) -> Outcome:
    """Start a second server with the same configuration."""
    environment = os.environ | {
        "IOT_FACERECOGNITION_METRICS_PORT": "0",
        "IOT_FACERECOGNITION_LOG_ENABLE": "false",
    }
    command = [sys.executable, "-m", "iot_facerecognition_server"]
    second = subprocess.Popen(
        [*command, "--config", str(target.folder / "config.ini")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        said, _ = second.communicate(timeout=max(1.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        second.kill()
        second.communicate()
        return Outcome(1, "it runs next to the first", held=False)
    last = said.strip().rpartition("\n")[2].replace(str(target.folder), "…")
    return Outcome(1, f"exit {second.returncode}: {last[:120]}", second.returncode == 2)


def log_file_moved_away(target: Target, until: float) -> Outcome:
    """Move the log file away, as logrotate does, and send SIGHUP."""
    log = target.folder / "log.txt"
    log.rename(log.with_name("log.txt.moved"))
    os.kill(target.pid, signal.SIGHUP)
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.05)
    return Outcome(1, "made again" if log.exists() else "not made again", log.exists())


@contextmanager
def _replaced(target: Target) -> Iterator[tuple[Path, str]]:
    """Yield faces.json and its text; put it back afterwards, in one step."""
    path = target.folder / "faces.json"
    good = path.read_text()
    json.loads(good)
    try:
        yield path, good
    finally:
        fresh = path.with_name("faces.json.fresh")
        fresh.write_text(good)
        fresh.replace(path)
        os.kill(target.pid, signal.SIGHUP)


def _take_up(target: Target, until: float) -> None:
    """Let the server look at its files, and give it time to stumble."""
    os.kill(target.pid, signal.SIGHUP)
    _wait(until, _TAKE_UP_SECONDS)


def _wait(until: float, seconds: float) -> None:
    time.sleep(max(0.0, min(seconds, until - time.monotonic())))


def _who_is_known(target: Target, tries: int) -> Outcome:
    """Let an edge that comes now send a photo: the gallery holds if it gets the person's name."""
    tags = "no answer"
    with suppress(OSError, RefusedError), Peer(target, HONEST) as peer:
        peer.send(masked(Opcode.BINARY, (target.photos / _KNOWN).read_bytes()))
        for message in peer.receive(time.monotonic() + _ANSWER_SECONDS):
            if message["command"] == Command.MESSAGE_TAG_FACE:
                tags = ", ".join(face["tag"] or "unknown" for face in message["context"])
                break
    return Outcome(tries, f"an edge that comes now gets {tags}", tags == ON_PHOTO[_KNOWN])


def _certificate(target: Target) -> bytes | None:
    """Return the certificate that the server shows, in DER."""
    with tls_socket(target.port) as connection:
        return connection.getpeercert(binary_form=True)


def _holds_key(path: Path) -> bool:
    return path.is_file() and b"PRIVATE KEY" in path.read_bytes()


ATTACKS = (
    Attack("garbage in faces.json", "the last good gallery", garbage_in_the_reference_file, 15.0),
    Attack("faces.json of 100 MB", "the last good gallery", reference_file_of_100_megabytes, 12.0),
    Attack("faces.json is a FIFO", "the last good gallery", reference_file_that_is_a_pipe, 8.0),
    Attack("photo names that are not UTF-8", "the others serve", names_that_are_not_utf_8, 8.0),
    Attack("the server's key gone at SIGHUP", "no new key in silence", key_gone_at_reload, 4.0),
    Attack(
        "a second server on one state directory", "exit 2", second_server_on_the_same_state, 20.0
    ),
    Attack("the log file moved away", "reopened on SIGHUP", log_file_moved_away, 4.0),
)
