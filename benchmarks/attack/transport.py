"""Attacks below the protocol: TCP, TLS, HTTP, WebSocket frames."""

import itertools
import socket
import ssl
import struct
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress

from websockets.frames import Opcode

from benchmarks.attack.peer import (
    SOURCE,
    Peer,
    RefusedError,
    command,
    insecure_context,
    masked,
    tls_socket,
)
from benchmarks.attack.values import PROXY, Attack, Outcome, Target, rounds

_POLL_SECONDS = 0.05
_CUT_SECONDS = 60.0
"""Until then a flood is cut: the network's buffers fill, and its budget is overdrawn for 20 s."""
_CLAIMS = 200
_UNFINISHED = 95
_UNFINISHED_BYTES = 3_900_000
_REFUSED_SECONDS = 12.0
"""After which a handshake is over in any case ([Limits] HandshakeSeconds)."""
_DEADLINE_SECONDS = 35.0
"""[Limits] MessageSeconds and a margin."""


def pings_that_are_not_read(target: Target, until: float) -> Outcome:
    """Send pings as fast as they are taken, and never read the pongs."""
    return _never_read(target, until, masked(Opcode.PING, bytes(125)) * 400)


def answers_that_are_not_read(target: Target, until: float) -> Outcome:
    """Change settings as fast as that is taken, and never read the echoes."""
    return _never_read(target, until, command(1, "n" * 60) * 200)


def unfinished_messages(target: Target, until: float) -> Outcome:
    """Begin 95 messages of 3.9 MB each and finish none."""
    let_in = 0
    with ExitStack() as stack:
        peers = []
        for _ in range(_UNFINISHED):
            with suppress(OSError, RefusedError):
                peer = stack.enter_context(Peer(target))
                let_in += 1
                peer.socket.settimeout(1.0)
                peer.send(masked(Opcode.BINARY, bytes(_UNFINISHED_BYTES), fin=False))
                peers.append(peer)
        until = max(until, time.monotonic() + _DEADLINE_SECONDS)
        while time.monotonic() < until and any(not _gone(peer.socket) for peer in peers):
            time.sleep(_POLL_SECONDS)
        ended = sum(_gone(peer.socket) for peer in peers)
    seen = (
        f"{let_in} let in, {let_in - len(peers)} cut while sending,"
        f" {ended} of {len(peers)} others cut in time"
    )
    return Outcome(_UNFINISHED, seen, let_in > 0 and ended == len(peers))


def slow_tls_handshakes(target: Target, until: float) -> Outcome:
    """Open 100 connections that send a TLS handshake byte by byte."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)
    return _dribble(until, 100, lambda: _tcp(target.port), hello, "handshakes")


def slow_http_requests(target: Target, until: float) -> Outcome:
    """Open 50 TLS connections that send an HTTP request byte by byte."""
    request = b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 200
    return _dribble(until, 50, lambda: tls_socket(target.port), request, "requests")


def connects_without_a_word(target: Target, until: float) -> Outcome:
    """Connect and leave, 5000 times."""
    tries = 0
    while tries < 5000 and time.monotonic() < until:
        _tcp(target.port).close()
        tries += 1
    return Outcome(tries, "the server went on accepting")


def foreign_protocols(target: Target, until: float) -> Outcome:
    """Speak plain HTTP, the PROXY protocol, TLS 1.2 and noise to the TLS port."""
    words = (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n",
        bytes(range(256)) * 40,
        b"\x16\x03\x01" + (2000).to_bytes(2) + b"\xff" * 2000,  # a whole record, of nothing
    )
    tries = let_in = held_open = 0
    old = insecure_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    for _ in rounds(until):
        for said in words:
            tries += 1
            try:
                with _tcp(target.port) as raw:
                    raw.settimeout(_REFUSED_SECONDS)
                    raw.sendall(said)
                    while raw.recv(4096):
                        pass
            except TimeoutError:
                held_open += 1
            except OSError:
                pass
        tries += 1
        with suppress(OSError), _tcp(target.port) as raw, old.wrap_socket(raw):
            let_in += 1
    seen = f"{let_in} let in, {held_open} still open after {_REFUSED_SECONDS:.0f} s"
    return Outcome(tries, seen, not let_in and not held_open)


def claimed_addresses(target: Target, until: float) -> Outcome:
    """Claim other addresses by PROXY protocol headers, from an address that is not a proxy's."""
    tries = let_in = 0
    for number in itertools.takewhile(lambda number: number < _CLAIMS, rounds(until)):
        tries += 1
        with suppress(OSError), _tcp(target.port) as raw:
            raw.sendall(_proxy_header(f"192.0.2.{number % 250}"))
            with insecure_context().wrap_socket(raw):
                let_in += 1
    return Outcome(tries, f"{let_in} let in", not let_in)


def slow_proxy_headers(target: Target, until: float) -> Outcome:
    """Open 50 connections from a proxy's address that send their header byte by byte."""
    header = _proxy_header("192.0.2.1", extensions=200)
    return _dribble(until, 50, lambda: _tcp(target.port, PROXY), header, "headers")


def forbidden_frames(target: Target, until: float) -> Outcome:
    """Send WebSocket frames that the standard forbids."""
    bad = {
        "not masked": b"\x81\x02hi",
        "compressed": b"\xc1\x82\x00\x00\x00\x00hi",
        "a reserved opcode": b"\x83\x80\x00\x00\x00\x00",
        "a long ping": b"\x89\xfe" + struct.pack(">H", 200) + bytes(204),
        "text that is not UTF-8": masked(Opcode.TEXT, b"\xff\xfe\xc0"),
        "a continuation of nothing": masked(Opcode.CONT, b"x"),
        "a close of one byte": masked(Opcode.CLOSE, b"x"),
        "a message of 2^63 bytes": b"\x82\xff" + struct.pack(">Q", 2**63 - 1) + bytes(4),
    }
    tries = 0
    codes: Counter[int] = Counter()
    for _ in rounds(until):
        for data in bad.values():
            tries += 1
            with Peer(target) as peer:
                peer.send(data)
                for _ in peer.receive(time.monotonic() + 10):
                    pass
                codes[peer.close_code or 0] += 1
    seen = "closed with " + ", ".join(f"{code}: {n}" for code, n in sorted(codes.items()))
    return Outcome(tries, seen, set(codes) <= {1002, 1007, 1009})


def dribbling_metrics_requests(target: Target, until: float) -> Outcome:
    """Send 64 requests to the metrics port byte by byte, and ask /livez meanwhile."""
    address = f"http://127.0.0.1:{target.metrics_port}/livez"
    longest, failed, asked, said = 0.0, 0, 0, 0
    with ExitStack() as stack:
        slow = [stack.enter_context(_tcp(target.metrics_port)) for _ in range(64)]
        for _ in rounds(until):
            for raw in slow:
                with suppress(OSError):
                    raw.sendall(b"GET /metrics HTTP/1.1\r\nX: "[said % 26 : said % 26 + 1])
            said += 1
            begun = time.monotonic()
            asked += 1
            try:
                with urllib.request.urlopen(address, timeout=25) as answer:
                    failed += answer.status != 200
            except OSError:
                failed += 1
            longest = max(longest, time.monotonic() - begun)
            time.sleep(_POLL_SECONDS)
    seen = f"/livez asked {asked} times: {failed} failed, the slowest took {longest * 1e3:.0f} ms"
    return Outcome(len(slow), seen, not failed and longest < 1.0)


def _never_read(target: Target, until: float, chunk: bytes) -> Outcome:
    """Send `chunk` on four connections and never read; tell how many were cut."""
    sent = 0
    with ExitStack() as stack:
        open_peers = [stack.enter_context(Peer(target)) for _ in range(4)]
        count = len(open_peers)
        for peer in open_peers:
            peer.socket.settimeout(0.2)
        while open_peers and time.monotonic() < until:
            for peer in tuple(open_peers):
                try:
                    peer.send(chunk)
                    sent += len(chunk)
                except TimeoutError:
                    if _gone(peer.socket):
                        open_peers.remove(peer)
                except OSError:
                    open_peers.remove(peer)
    cut = count - len(open_peers)
    seen = f"{sent / 1e6:.1f} MB sent, {cut} of {count} connections cut"
    return Outcome(count, seen, cut == count)


def _dribble(
    until: float, count: int, connect: Callable[[], socket.socket], words: bytes, what: str
) -> Outcome:
    """Send `words` byte by byte on many connections; tell how long they lived."""
    begun = time.monotonic()
    longest = 0.0
    with ExitStack() as stack:
        slow = []
        for _ in range(count):
            with suppress(OSError):
                slow.append(stack.enter_context(connect()))
        connected, sent = len(slow), 0
        while slow and time.monotonic() < until:
            for raw in tuple(slow):
                try:
                    raw.sendall(words[sent : sent + 1])
                except OSError:
                    slow.remove(raw)
                else:
                    if _gone(raw):
                        slow.remove(raw)
            sent += 1
            if not slow:
                longest = time.monotonic() - begun
            time.sleep(0.1)
    if slow:
        return Outcome(count, f"{len(slow)} {what} still open at the end", held=False)
    seen = f"all {connected} {what} cut, the last after {longest:.1f} s"
    return Outcome(count, seen, connected > 0)


def _gone(connection: socket.socket) -> bool:
    """Tell whether the other side has closed, without waiting and without reading what came."""
    fault = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return bool(fault) or state != 1  # TCP_ESTABLISHED, linux/tcp_states.h


def _tcp(port: int, source: str = SOURCE) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10, (source, 0))


def _proxy_header(client: str, extensions: int = 0) -> bytes:
    """Return a header of version 2 of the PROXY protocol, with that many bytes of extensions."""
    addresses = socket.inet_aton(client) + socket.inet_aton("192.0.2.99")
    block = addresses + struct.pack("!HH", 40_000, 50_000)
    if extensions:
        block += struct.pack("!BH", 4, extensions - 3) + bytes(extensions - 3)  # NOOP
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(block)) + block


ATTACKS = (
    Attack(
        "pings whose pongs are never read",
        "the connection is cut",
        pings_that_are_not_read,
        seconds=_CUT_SECONDS,
    ),
    Attack(
        "settings whose echoes are never read",
        "the connection is cut",
        answers_that_are_not_read,
        seconds=_CUT_SECONDS,
    ),
    Attack(
        "95 unfinished messages of 3.9 MB",
        "a total bound and a deadline cut them",
        unfinished_messages,
    ),
    Attack(
        "TLS handshakes byte by byte",
        "cut at [Limits] HandshakeSeconds",
        slow_tls_handshakes,
        seconds=14.0,
    ),
    Attack(
        "HTTP requests byte by byte",
        "cut at the same deadline",
        slow_http_requests,
        seconds=16.0,
    ),
    Attack("5000 connects without a word", "nobody notices", connects_without_a_word),
    Attack("plain HTTP, PROXY, TLS 1.2 and noise", "refused", foreign_protocols),
    Attack(
        "other addresses claimed by PROXY headers",
        "refused from who is no proxy",
        claimed_addresses,
    ),
    Attack(
        "a proxy's headers byte by byte",
        "cut at [Limits] HandshakeSeconds",
        slow_proxy_headers,
        seconds=14.0,
    ),
    Attack("forbidden WebSocket frames", "closed with 1002, 1007 or 1009", forbidden_frames),
    Attack(
        "64 requests dribbling into the metrics port",
        "/livez answers within a second",
        dribbling_metrics_requests,
        seconds=6.0,
    ),
)
