"""What the server's API says about the fleet, asked from inside the lab's network."""

import json
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from lab.hosts.network import LabNetwork

FINAL = frozenset({"good", "rolled-back", "skipped", "lost"})


class ServerView:
    """Asks `GET /api/v1/…` with a bearer token; a context manager."""

    def __init__(self, network: LabNetwork, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._context = ssl.create_default_context()
        # The certificate is the server's own; a test of the lab pins nothing.
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._thread = ThreadPoolExecutor(1, "server view", initializer=network.enter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown()

    def get(self, path: str) -> Any:
        """Return the JSON at a path of the API. Raises OSError."""
        return self._thread.submit(self._get, path).result()

    def edges(self) -> dict[str, dict[str, Any]]:
        """Return all edges by identity."""
        return {edge["identity"]: edge for edge in self.get("edges")["edges"]}

    def edge(self, identity: str) -> dict[str, Any]:
        """Return one edge."""
        found = self.edges().get(identity)
        assert found is not None, f"the server has never seen {identity}"
        return found

    def until(self, seen: Callable[[dict[str, dict[str, Any]]], object], patience: float) -> None:
        """Wait until `seen` holds of the edges. Raises AssertionError after `patience` seconds."""
        end = time.monotonic() + patience
        while True:
            edges: dict[str, dict[str, Any]] = {}
            with suppress(OSError):  # it may be being started
                edges = self.edges()
            if edges and seen(edges):
                return
            assert time.monotonic() < end, f"after {patience:.0f} s: {json.dumps(edges, indent=1)}"
            time.sleep(0.5)

    def until_streaming(
        self, identities: Iterable[str], patience: float, versions: Iterable[str] = ()
    ) -> None:
        """Wait until these edges stream, in one of `versions` if any, with no update going on."""
        wanted, allowed = set(identities), set(versions)

        def seen(edges: dict[str, dict[str, Any]]) -> bool:
            return all(
                identity in edges
                and streams(edges[identity])
                and (not allowed or edges[identity]["running"] in allowed)
                and state(edges[identity]) not in {"installing", "probation"}
                for identity in wanted
            )

        self.until(seen, patience)

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10, context=self._context) as answer:
            return json.load(answer)


def streams(edge: dict[str, Any]) -> bool:
    """Return whether pictures of an edge arrive."""
    return bool(edge["connected"]) and edge["rate"] > 0


def state(edge: dict[str, Any]) -> str | None:
    """Return the state of an edge's update."""
    update = edge["update"]
    return None if update is None else update["state"]


@dataclass
class Watch:
    """Looks at some edges every second for as long as its block runs."""

    view: ServerView
    identities: tuple[str, ...]
    looks: int = 0
    interruptions: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(1.0):
            self.looks += 1
            try:
                edges = self.view.edges()
            except OSError as error:
                self.interruptions.append(f"the server at look {self.looks}: {error}")
                continue
            for identity in self.identities:
                if not streams(edges[identity]):
                    shown = {key: edges[identity][key] for key in ("connected", "rate", "running")}
                    self.interruptions.append(f"{identity} at look {self.looks}: {shown}")
