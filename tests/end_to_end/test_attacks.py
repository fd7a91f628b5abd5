"""Every attack in a short form (`make attack` is the long one), while two victims stream faces.

What is asserted here decides on any machine: the promise is kept, the victims stay connected, get
results and no wrong name, and memory stays bounded. How much later their results come is measured
by `make attack` alone.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.attack.catalogue import ATTACKS
from benchmarks.attack.field import VICTIMS, MemoryWatch, add_token, target_of
from benchmarks.attack.report import MEMORY_TARGET
from benchmarks.attack.values import PROXY, Target
from benchmarks.attack.victims import Noticed, Victims
from benchmarks.server_metrics import ENABLED
from lab.cast import people
from lab.server_process import ServerProcess

DEADLINE_SECONDS = 2
"""Of handshakes and of unfinished messages: the default ones would take a test half a minute."""
SECONDS = {
    "pings-that-are-not-read": 60.0,
    "answers-that-are-not-read": 60.0,
    "slow-tls-handshakes": 20.0,
    "slow-http-requests": 20.0,
    "slow-proxy-headers": 20.0,
    "unfinished-messages": 30.0,
    "second-server-on-the-same-state": 60.0,
    "use-of-a-revoked-token": 20.0,
    "token-revoked-elsewhere": 20.0,
    "connections-of-one-token": 8.0,
    "log-file-moved-away": 20.0,
}
"""For how long an attack may go on: these end by themselves, at their deadline or their answer."""
SHORT = 1.5
WORKING_SET = {"huge-honest-pictures": 160e6, "crowd-of-large-frames": 200e6}
"""Bytes that scanning pictures of the largest size takes on two workers, and that frames of the
largest size take on their way in: more than the target of `make attack`, which says so, and no more
however many send them (without a bound it would be 400 MB for one identity)."""


@dataclass(frozen=True, slots=True)
class Field:
    """A server under attack, and the two who stream through it."""

    target: Target
    victims: Victims


@pytest.fixture(scope="module")
def field(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    settings = {
        "Metrics": ENABLED,
        "Connection": {"ProxyProtocolFrom": PROXY},
        "Limits": {
            "HandshakeSeconds": str(DEADLINE_SECONDS),
            "MessageSeconds": str(DEADLINE_SECONDS),
        },
    }
    folder = tmp_path_factory.mktemp("attacked")
    with ServerProcess(folder, people(photos), settings) as server:
        tokens = [add_token(server, name) for name in VICTIMS]
        target = target_of(server)
        with Victims(server.access, tokens) as victims:
            wait_for(victims, 5)
            yield Field(target, victims)
        assert server.stop() == 0, server.output()


def wait_for(victims: Victims, results: int, since: float = 0.0, seconds: float = 60.0) -> Noticed:
    """Return what the victims noticed since a monotonic second, once that many results came."""
    deadline = time.monotonic() + seconds
    while (noticed := victims.between(since, deadline + 1)).results < results:
        assert time.monotonic() < deadline, f"the victims got {noticed.results} results only"
        time.sleep(0.05)
    return noticed


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_harms_nobody_else(field: Field, name: str) -> None:
    begin = time.monotonic()
    with MemoryWatch(field.target.pid) as memory:
        attack = ATTACKS[name]
        target = field.target.attacked_by(attack)
        outcome = attack.run(target, begin + SECONDS.get(name, SHORT))
    noticed = wait_for(field.victims, 10, begin)
    assert outcome.tries, outcome.seen
    assert outcome.held, outcome.seen
    assert noticed.wrong == 0
    assert noticed.lost == 0
    assert memory.rise < WORKING_SET.get(name, MEMORY_TARGET)


def test_known_people_are_still_named_after_all_that(field: Field) -> None:
    noticed = wait_for(field.victims, 20, time.monotonic())
    assert noticed.named >= 5
    assert noticed.wrong == 0
