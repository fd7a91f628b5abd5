"""Attacks by messages, and by what is none: floods of them, and names that lie."""

import itertools
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

from websockets.frames import Opcode

from benchmarks.attack.peer import Peer, RefusedError, command, masked
from benchmarks.attack.values import HONEST, Attack, Outcome, Target, rounds

_AT_ONCE = 200
"""Messages in one write: as many as an attacker can put on the wire, it does."""
_LIES = 20
_FORGED = "server: error: disk full"


def flood_of_settings(target: Target, until: float) -> Outcome:
    """Change settings as fast as the server takes it, and read the echoes."""
    return _flood(target, until, itertools.repeat(command(6, 3) + command(5, False)))


def flood_of_names(target: Target, until: float) -> Outcome:
    """Take a new name thousands of times; afterwards an honest client needs a label of its own."""
    names = (command(1, f"flood-{number}") for number in itertools.count())
    outcome = _flood(target, until, names)
    label = f"honest-{int(until)}"
    with Peer(target, HONEST) as honest:
        honest.send(command(1, label))
        for message in honest.receive(time.monotonic() + 10):
            if message["command"] == 1:
                break
        found = f'client="{label}"' in _metrics(target)
    seen = f"{outcome.seen}; an honest client has {'its own label' if found else 'no label'}"
    return Outcome(outcome.tries, seen, outcome.held and found)


def flood_of_messages(target: Target, until: float) -> Outcome:
    """Send messages for people, which are logged, as fast as the server takes them."""
    log = target.folder / "log.txt"
    before = _log_bytes(target)
    outcome = _flood(target, until, itertools.repeat(command(2, "x" * 900)))
    grown = _log_bytes(target) - before
    held = outcome.held and grown < 1_000_000
    return Outcome(outcome.tries, f"{outcome.seen}; {log.name} grew by {grown / 1e3:.0f} KB", held)


def flood_of_health(target: Target, until: float) -> Outcome:
    """Report health as fast as the server takes it."""
    health = command(12, {"version": "1.0", "temperature": 50.0})
    return _flood(target, until, itertools.repeat(health))


def flood_of_pings(target: Target, until: float) -> Outcome:
    """Ping as fast as the server takes it, and read the pongs."""
    return _flood(target, until, itertools.repeat(masked(Opcode.PING, b"?")))


def flood_of_pongs(target: Target, until: float) -> Outcome:
    """Answer pings that nobody sent."""
    return _flood(target, until, itertools.repeat(masked(Opcode.PONG, b"!")))


def flood_of_fragments(target: Target, until: float) -> Outcome:
    """Send messages of `_AT_ONCE` fragments of one byte each."""
    message = [
        masked(Opcode.TEXT, b"[", fin=False),
        *(masked(Opcode.CONT, b"[", fin=False) for _ in range(_AT_ONCE - 2)),
        masked(Opcode.CONT, b"["),
    ]
    return _flood(target, until, itertools.cycle(message))


def flood_of_nonsense(target: Target, until: float) -> Outcome:
    """Send text that is no command: deep JSON, unknown commands, huge numbers."""
    texts = (
        b"[" * 8000,
        b'{"command":77}',
        b'{"command":1e999}',
        b'{"command":1,"context":"\\ud800"}',
        b"\x01",
        b'{"command":6,"context":' + b"9" * 8000 + b"}",
    )
    messages = itertools.cycle([masked(Opcode.TEXT, text) for text in texts])
    return _flood(target, until, messages)


def names_that_lie(target: Target, until: float) -> Outcome:
    """Take a name, and send a message, that look like the server's own lines in the log."""
    tries = 0
    for _ in itertools.takewhile(lambda number: number < _LIES, rounds(until)):
        tries += 1
        with suppress(OSError, RefusedError), Peer(target) as peer:
            peer.send(command(1, _FORGED) + command(2, f"]: {_FORGED}\n[01-01-2026]: {_FORGED}"))
            for message in peer.receive(time.monotonic() + 2):
                if message["command"] == 1:
                    break
    lines = (target.folder / "log.txt").read_text(errors="replace").splitlines()
    texts = [line.partition("]: ")[2] for line in lines]
    forged = sum(text.startswith(_FORGED) for text in texts)
    quoted = sum(text.startswith(f'"{_FORGED}"') for text in texts)
    seen = f"{forged} lines of the log look like the server's own, {quoted} have the name in quotes"
    return Outcome(tries, seen, not forged and quoted > 0)


def _flood(target: Target, until: float, messages: Iterator[bytes]) -> Outcome:
    """Write messages as fast as they are taken, and read what comes back; come back when cut."""
    sent = connections = 0
    for _ in rounds(until):
        with suppress(OSError, RefusedError), Peer(target) as peer:
            connections += 1
            peer.socket.settimeout(1.0)
            for _ in rounds(until):
                if peer.closed:
                    break
                peer.send(b"".join(itertools.islice(messages, _AT_ONCE)))
                sent += _AT_ONCE
                for _ in peer.receive(time.monotonic() + 0.01):
                    pass
        time.sleep(0.1)
    return Outcome(sent, f"{sent} sent over {connections} connections", sent > 0)


def _log_bytes(target: Target) -> int:
    """Return the bytes of all log files, the ones set aside included."""
    return sum(path.stat().st_size for path in target.folder.glob("log.txt*"))


def _metrics(target: Target) -> str:
    address = f"http://127.0.0.1:{target.metrics_port}/metrics"
    with urllib.request.urlopen(address, timeout=25) as answer:
        return str(answer.read().decode())


ATTACKS = (
    Attack("flood of settings", "only the sender's budget is spent", flood_of_settings),
    Attack("flood of names", "nobody else loses its metric label", flood_of_names),
    Attack("flood of messages", "the kept log is not overwritten", flood_of_messages),
    Attack("flood of health reports", "only the sender's budget is spent", flood_of_health),
    Attack("flood of pings", "charged like messages", flood_of_pings),
    Attack("flood of pongs", "charged like messages", flood_of_pongs),
    Attack("flood of message fragments", "charged like messages", flood_of_fragments),
    Attack("flood of nonsense", "only the sender's budget is spent", flood_of_nonsense),
    Attack("a name like the server's own lines", "cannot be mistaken for one", names_that_lie, 2.0),
)
