"""Attacks by frames."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from websockets.frames import Opcode

from benchmarks.attack import jpegs
from benchmarks.attack.peer import Peer, RefusedError, masked
from benchmarks.attack.values import Attack, Outcome, Target, rounds

_LEAST_MUTATIONS = 20
_CROWD = 100
_PATIENCE_SECONDS = 20.0
"""How long one frame's end is waited for."""


def poisoned_headers(target: Target, until: float) -> Outcome:
    """Send headers that leave a decoder in a bad state, and a good frame after each."""
    good = jpegs.photo(target.photos / "obama2.jpg")
    ends: Counter[str] = Counter()
    broken_by: set[str] = set()
    with Peer(target) as peer:
        for _ in rounds(until):
            for name, frame in jpegs.poisoned(good).items():
                ends[peer.ask(frame, _patience())[0]] += 1
                if peer.ask(good, _patience())[0] != "processed":
                    broken_by.add(name)
    held = not broken_by and set(ends) == {"rejected"}
    after = f"; good frames failed after {', '.join(sorted(broken_by))}" if broken_by else ""
    return Outcome(ends.total(), f"{_listed(ends)}{after}", held)


def changed_header_bytes(target: Target, until: float) -> Outcome:
    """Change one byte of a header, again and again; every tenth frame is a good one."""
    good = jpegs.photo(target.photos / "obama2.jpg", 320, 240)
    ends: Counter[str] = Counter()
    good_ends: Counter[str] = Counter()
    with Peer(target) as peer:
        for number, frame in enumerate(jpegs.mutations(good, seed=1)):
            if number >= _LEAST_MUTATIONS and time.monotonic() > until:
                break
            ends[peer.ask(frame, _patience())[0]] += 1
            if number % 10 == 9:
                good_ends[peer.ask(good, _patience())[0]] += 1
    held = set(good_ends) == {"processed"} and "" not in ends
    return Outcome(ends.total(), f"{_listed(ends)}; good ones between: {_listed(good_ends)}", held)


def broken_pictures(target: Target, until: float) -> Outcome:
    """Send what is no picture, a part of one, or far too large by its header."""
    frames = jpegs.broken(jpegs.photo(target.photos / "obama2.jpg"))
    ends: Counter[str] = Counter()
    for _ in rounds(until):
        for frame in frames.values():
            with Peer(target) as peer:
                ends[peer.ask(frame, _patience())[0] or "no answer"] += 1
    return Outcome(ends.total(), _listed(ends), set(ends) == {"rejected"})


def scan_bombs(target: Target, until: float) -> Outcome:
    """Let six senders stream a small progressive JPEG of 490 refinement scans."""
    frame = jpegs.scan_bomb()
    ends = _stream(target, frame, senders=6, until=until)
    seen = f"{len(frame) / 1e3:.0f} KB each: {_listed(ends)}"
    return Outcome(ends.total(), seen, set(ends) <= {"rejected", "dropped"})


def huge_honest_pictures(target: Target, until: float) -> Outcome:
    """Let four senders stream pictures of 9 megapixels, which are allowed."""
    frame = jpegs.photo(target.photos / "obama2.jpg", 4096, 2160)
    ends = _stream(target, frame, senders=4, until=until)
    return Outcome(ends.total(), _listed(ends), set(ends) <= {"processed", "dropped"})


def one_busy_client(target: Target, until: float) -> Outcome:
    """Stream ordinary frames from two connections, each as fast as it is answered."""
    frame = jpegs.photo(target.photos / "obama2.jpg")
    ends = _stream(target, frame, senders=2, until=until)
    return Outcome(ends.total(), _listed(ends), set(ends) <= {"processed", "dropped"})


def crowd_of_large_frames(target: Target, until: float) -> Outcome:
    """Send frames of 3.9 MB from 100 connections, and wait for no answer."""
    frame = masked(
        Opcode.BINARY, jpegs.padded(jpegs.photo(target.photos / "obama2.jpg"), 3_900_000)
    )

    def send(_: int) -> int:
        sent = 0
        with suppress(OSError, RefusedError), Peer(target) as peer:
            for _ in rounds(until):
                peer.socket.settimeout(max(0.1, until - time.monotonic()))
                peer.send(frame)
                sent += 1
        return sent

    with ThreadPoolExecutor(_CROWD) as threads:
        sent = sum(threads.map(send, range(_CROWD)))
    return Outcome(sent, f"{sent * len(frame) / 1e6:.0f} MB sent over {_CROWD} connections")


def oversized_messages(target: Target, until: float) -> Outcome:
    """Send messages beyond the limit of a frame."""
    tries = right = 0
    frame = masked(Opcode.BINARY, bytes(6_000_000))
    for _ in rounds(until):
        tries += 1
        with Peer(target) as peer:
            with suppress(OSError):
                peer.send(frame)
            codes = [m["context"]["code"] for m in peer.receive(_patience()) if m["command"] == 11]
            right += peer.close_code == 1009 and codes == ["frame-too-large"]
    return Outcome(tries, f"{right} got frame-too-large and were closed with 1009", right == tries)


def _stream(target: Target, frame: bytes, senders: int, until: float) -> Counter[str]:
    """Send `frame` from several connections, each as fast as it is answered."""

    def stream(number: int) -> Counter[str]:
        ends: Counter[str] = Counter()
        try:
            with Peer(target) as peer:
                for _ in rounds(until):
                    status, _ = peer.ask(frame, _patience())
                    ends[status or "no answer"] += 1
                    if not status:
                        break
        except (OSError, RefusedError):
            ends[f"sender {number} was not let in"] += 1
        return ends

    with ThreadPoolExecutor(senders) as threads:
        return sum(threads.map(stream, range(senders)), Counter())


def _patience() -> float:
    return time.monotonic() + _PATIENCE_SECONDS


def _listed(ends: Counter[str]) -> str:
    return ", ".join(f"{count} {end or 'without an answer'}" for end, count in ends.most_common())


ATTACKS = (
    Attack(
        "JPEG headers that poison a decoder",
        "rejected; the next good frame is processed",
        poisoned_headers,
    ),
    Attack(
        "one byte of a JPEG header changed",
        "every frame answered; good ones between are processed",
        changed_header_bytes,
    ),
    Attack("no picture, or a part of one", "rejected with a reason", broken_pictures),
    Attack("scan bombs from six senders", "rejected by their header", scan_bombs),
    Attack(
        "9-megapixel pictures from four senders",
        "taken, but on the senders' own processor time",
        huge_honest_pictures,
        seconds=8.0,
    ),
    Attack(
        "frames of 3.9 MB from 100 connections",
        "the identity's waiting frames and unread bytes are bounded",
        crowd_of_large_frames,
    ),
    Attack("messages of 6 MB", "ERROR frame-too-large, closed with 1009", oversized_messages),
)
