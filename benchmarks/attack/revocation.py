"""Attacks of those who were let in once: their token or certificate is revoked while they stay."""

import json
import os
import signal
import ssl
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.attack import jpegs
from benchmarks.attack.peer import Peer, RefusedError
from benchmarks.attack.values import Attack, Outcome, Target
from lab.client_certificates import Authority
from lab.server_process import ServerProcess

_CONNECTIONS = 3
_START_SECONDS = 100.0
"""How long the second server may take to start next to one that is busy with its victims."""
_ANSWER_SECONDS = 60.0
"""How long its first frame may take then."""


def token_revoked_elsewhere(target: Target, until: float) -> Outcome:
    """Stay connected with a token that is taken out of the file, and send SIGHUP."""
    tokens = target.folder / "state" / "tokens.json"
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(target)) for _ in range(_CONNECTIONS)]
        document = json.loads(tokens.read_text())
        document["tokens"] = [t for t in document["tokens"] if t["name"] != target.attacker]
        changed = tokens.with_suffix(".new")
        changed.write_text(json.dumps(document))
        changed.rename(tokens)
        os.kill(target.pid, signal.SIGHUP)
        closed, seconds = _until_closed(peers, until)
    try:
        Peer(target).socket.close()
        again = "was let in again"
    except RefusedError as refused:
        again = f"then {refused.status}"
    seen = f"{closed} closed {seconds:.1f} s after SIGHUP, {again}"
    return Outcome(len(peers), seen, closed == len(peers) and again == "then 401")


def certificate_revoked(target: Target, until: float) -> Outcome:
    """Stay connected with a client certificate that is put on the list, and send SIGHUP.

    The server is one of its own, with `[Auth] Mode=mtls`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        stolen, honest = (authority.client(who) for who in ("stolen", "honest"))
        revoked = folder / "revoked.pem"
        revoked.write_bytes(authority.revoke())
        auth = {"Mode": "mtls", "ClientCA": str(authority.path), "ClientCRL": str(revoked)}
        settings = {"Auth": auth, "Engine": {"Workers": "1"}}
        server = ServerProcess(folder / "server", {}, settings)
        with ExitStack() as stack:
            stack.callback(server.stop)
            server.start(_START_SECONDS)
            other = replace(target, port=server.access.port)
            context = stolen.context(folder)
            peers = [stack.enter_context(_shown(other, context)) for _ in range(_CONNECTIONS)]
            stays = stack.enter_context(_shown(other, honest.context(folder)))
            revoked.write_bytes(authority.revoke(stolen))
            server.signal(signal.SIGHUP)
            closed, seconds = _until_closed(peers, max(until, time.monotonic() + 10))
            # In a thread of its own: OpenSSL keeps errors by thread, and what a refused handshake
            # leaves there counts for the next connection that is read (seen with OpenSSL 3.5).
            with ThreadPoolExecutor(1) as apart:
                let_in = apart.submit(_let_in, other, context).result()
            again = "let in again" if let_in else "kept out then"
            frame = jpegs.photo(target.photos / "obama2.jpg")
            served = stays.ask(frame, time.monotonic() + _ANSWER_SECONDS)[0]
    seen = (
        f"{closed} closed {seconds:.1f} s after SIGHUP, {again};"
        f" another certificate's client: {served or _unanswered(stays)}"
    )
    held = closed == len(peers) and again == "kept out then" and served == "processed"
    return Outcome(len(peers), seen, held)


def _shown(target: Target, context: ssl.SSLContext) -> Peer:
    """Return a client that shows the certificate in `context`."""
    return Peer(target, anonymous=True, context=context)


def _unanswered(peer: Peer) -> str:
    return f"closed with {peer.close_code}" if peer.closed else "no answer"


def _let_in(target: Target, context: ssl.SSLContext) -> bool:
    try:
        _shown(target, context).socket.close()
    except (RefusedError, OSError):
        return False
    return True


def _until_closed(peers: Sequence[Peer], until: float) -> tuple[int, float]:
    """Read until all are closed; return how many were, and after how many seconds."""
    begun = time.monotonic()
    for peer in peers:
        for _ in peer.receive(until):
            pass
    return sum(peer.closed for peer in peers), time.monotonic() - begun


ATTACKS = (
    Attack(
        "a token revoked in the file",
        "its connections are closed at SIGHUP",
        token_revoked_elsewhere,
    ),
    Attack(
        "a revoked client certificate",
        "its connections are closed at SIGHUP",
        certificate_revoked,
        seconds=_START_SECONDS,
    ),
)
