"""Attacks on who is let in, and how often."""

import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress

from benchmarks.attack import jpegs
from benchmarks.attack.peer import Peer, RefusedError
from benchmarks.attack.values import HONEST, PORTER, REVOKED, Attack, Outcome, Target, rounds

_ALLOWED = 100
"""Connections that one identity may have: the default of `[Budget] Connections`."""
_SOURCES = 20
"""Loopback addresses that 1000 connections come from: no limit by address is met."""


def wrong_tokens(target: Target, until: float) -> Outcome:
    """Guess tokens."""
    answers: Counter[int] = Counter()
    headers = {"Authorization": "Bearer iotfr_" + "A" * 43}
    for _ in rounds(until):
        try:
            with Peer(target, anonymous=True, headers=headers):
                answers[101] += 1
        except RefusedError as refused:
            answers[refused.status] += 1
        except OSError:
            answers[0] += 1
    held = answers[101] == 0 < answers[401]
    return Outcome(answers.total(), _listed(answers), held)


def foreign_pages(target: Target, until: float) -> Outcome:
    """Connect as a web page of somebody else would."""
    answers: Counter[int] = Counter()
    for _ in rounds(until):
        for origin in ("https://example.org", "null", "http://localhost:8000"):
            try:
                with Peer(target, headers={"Origin": origin}):
                    answers[101] += 1
            except RefusedError as refused:
                answers[refused.status] += 1
    return Outcome(answers.total(), _listed(answers), set(answers) == {403})


def connections_of_one_token(target: Target, until: float) -> Outcome:
    """Open 1000 connections with one token; an honest edge comes while they stand."""
    answers: Counter[int] = Counter()
    with ExitStack() as stack:
        for number in range(1000):
            if time.monotonic() > until:
                break
            source = f"127.0.1.{1 + number % _SOURCES}"
            try:
                stack.enter_context(Peer(target, PORTER, source=source))
                answers[101] += 1
            except RefusedError as refused:
                answers[refused.status] += 1
            except OSError:
                answers[0] += 1
        try:
            with Peer(target, HONEST, seconds=10) as honest:
                frame = jpegs.photo(target.photos / "obama2.jpg")
                served = honest.ask(frame, time.monotonic() + 10)[0]
        except (RefusedError, OSError) as error:
            served = str(error)
    seen = f"{_listed(answers)}; an honest edge: {served or 'no answer'}"
    held = 0 < answers[101] <= _ALLOWED and served == "processed"
    return Outcome(answers.total(), seen, held)


def use_of_a_revoked_token(target: Target, until: float) -> Outcome:
    """Stay connected with a token that is revoked."""
    closed = 0
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(target, REVOKED)) for _ in range(3)]
        identifier = _command(target, "token", "revoke", REVOKED)
        begun = time.monotonic()
        for peer in peers:
            for _ in peer.receive(until):
                pass
            closed += peer.closed
        seconds = time.monotonic() - begun
    with suppress(OSError):
        try:
            Peer(target, REVOKED).socket.close()
            again = "was let in again"
        except RefusedError as refused:
            again = f"then {refused.status}"
    held = closed == len(peers) and again == "then 401"
    return Outcome(
        len(peers), f"{identifier}: {closed} closed after {seconds:.1f} s, {again}", held
    )


def _command(target: Target, *words: str) -> str:
    """Run the server's command line; return its first line."""
    arguments = [*words, "--config", str(target.folder / "config.ini")]
    done = subprocess.run(
        [sys.executable, "-m", "iot_facerecognition_server", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout.strip().partition("\n")[0]


def _listed(answers: Counter[int]) -> str:
    names = {101: "let in", 0: "cut"}
    return ", ".join(f"{n} {names.get(status, status)}" for status, n in answers.most_common())


ATTACKS = (
    Attack("guessed tokens", "401, and nobody else notices", wrong_tokens),
    Attack("pages of other origins", "403", foreign_pages, 2.0),
    Attack(
        "1000 connections with one token",
        "bounded for each identity; an honest edge gets in",
        connections_of_one_token,
        seconds=30.0,
    ),
    Attack("a revoked token", "its connections are closed at once", use_of_a_revoked_token, 8.0),
)
