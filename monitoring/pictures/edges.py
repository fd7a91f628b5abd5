"""Edges that keep a server busy for a picture: most of them well, some of them not."""

import asyncio
import itertools
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from iot_facerecognition_client import Client, Fingerprint, ServerAddress
from iot_facerecognition_protocol import (
    CameraState,
    Health,
    SessionSettings,
    UpdateReport,
    UpdateState,
)
from lab.server_process import Access

PLACES: Final = ("gate", "dock", "hall", "stairs", "office")
_RATE: Final = 0.5
"""Frames a second of an edge that is well: a machine with other work to do keeps up with fifty."""
_SEES_PEOPLE: Final = 10
"""Of so many edges, one sees people; the others an empty place, as most cameras do."""
_WANTS_OBJECTS: Final = 50
"""Of so many edges, one wants objects as well."""
_FRAMES_A_VIEW: Final = 6
"""Frames for which a camera sees the same."""
_HEALTH_EVERY: Final = 5.0
_THROTTLED: Final = 0x4
_BOOTED: Final = 86400.0
_UPDATED: Final = UpdateReport("1.4.2", UpdateState.GOOD, "first", "1.3.0")
_ROLLED_BACK: Final = UpdateReport("1.4.2", UpdateState.ROLLED_BACK, "first", "1.3.0", "too slow")


@dataclass(frozen=True, slots=True)
class Edge:
    """How one edge is: rates in frames a second, times in seconds after its start."""

    name: str
    setting: float
    sends: float
    temperature: float
    """Degrees Celsius."""
    signal: float
    """dBm."""
    gives: float = math.inf
    """What its camera gives at most."""
    camera: CameraState = CameraState.RUNNING
    throttled: int = 0
    version: str = "1.4.2"
    leaves: float = math.inf


def alone() -> list[Edge]:
    """Return the only edge of a home."""
    return [Edge("entrance", 3.0, 3.0, 52.0, -56.0)]


def fifty() -> list[Edge]:
    """Return the edges of a site, eight of which have something."""
    made = {edge.name: edge for edge in map(_well, range(50))}
    silent = {"gives": 0.0, "sends": 0.0}
    troubled = [
        replace(made["dock-04"], leaves=150.0),
        replace(made["gate-09"], leaves=360.0),
        replace(made["hall-02"], camera=CameraState.FAILED, **silent),
        replace(made["hall-06"], camera=CameraState.OFF, **silent),
        replace(made["stairs-07"], gives=0.1, sends=0.1, temperature=82.0, throttled=_THROTTLED),
        replace(made["office-05"], sends=0.3, signal=-81.0),
        replace(made["office-08"], temperature=74.0, version="1.3.0"),
        replace(made["dock-10"], signal=-74.0, version="1.3.0"),
    ]
    return list((made | {edge.name: edge for edge in troubled}).values())


def _well(number: int) -> Edge:
    place, of_place = PLACES[number % len(PLACES)], number // len(PLACES) + 1
    temperature, signal = 44.0 + number * 7 % 13, -48.0 - number * 5 % 17
    return Edge(f"{place}-{of_place:02}", _RATE, _RATE, temperature, signal)


@dataclass(frozen=True, slots=True)
class Views:
    """What the cameras see, as JPEGs: people, one view after the other, or an empty place."""

    people: Sequence[bytes]
    empty: Sequence[bytes]


class Site:
    """Edges at work, on an event loop in a thread of its own; a context manager that ends them.

    Each has a token of its own.
    """

    def __init__(
        self,
        access: Access,
        edges: Sequence[Edge],
        tokens: Sequence[str],
        views: Views,
    ) -> None:
        self._access = access
        self._edges = list(zip(edges, tokens, strict=True))
        self._views = views
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="site")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        tasks = [
            asyncio.create_task(self._work(edge, token, number))
            for number, (edge, token) in enumerate(self._edges)
        ]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _work(self, edge: Edge, token: str, number: int) -> None:
        client = Client(
            ServerAddress("127.0.0.1", self._access.port),
            trust=Fingerprint(self._access.fingerprint),
            token=token,
            settings=SessionSettings(
                name=edge.name, object_recognition=number % _WANTS_OBJECTS == 0
            ),
        )
        begun = self._loop.time()
        async with client, asyncio.TaskGroup() as group:
            working = [
                group.create_task(self._send(client, edge, number)),
                group.create_task(self._send_health(client, edge, begun)),
            ]
            if math.isfinite(edge.leaves):
                await asyncio.sleep(edge.leaves)
                for task in working:
                    task.cancel()

    async def _send(self, client: Client, edge: Edge, number: int) -> None:
        if not edge.sends:
            return
        seen = self._views.empty
        if number % _SEES_PEOPLE == 0:
            seen = [view for view in self._views.people for _ in range(_FRAMES_A_VIEW)]
        await asyncio.sleep(number % 10 / 10 / edge.sends)  # not all at once
        at = self._loop.time()
        for jpeg in itertools.cycle(seen):
            client.send(jpeg)
            at = max(at + 1 / edge.sends, self._loop.time())
            await asyncio.sleep(at - self._loop.time())

    async def _send_health(self, client: Client, edge: Edge, begun: float) -> None:
        while True:
            passed = self._loop.time() - begun
            client.health(_health(edge, passed))
            await asyncio.sleep(_HEALTH_EVERY)


def _health(edge: Edge, passed: float) -> Health:
    """Return what an edge tells `passed` seconds after it connected; values drift a little."""
    drift = math.sin(passed / 40 + edge.temperature)
    gives = min(edge.setting, edge.gives)
    return Health(
        version=edge.version,
        cpu_temperature=round(edge.temperature + drift, 1),
        throttled=edge.throttled,
        wifi_signal=round(edge.signal + 2 * drift),
        memory_free=round(180e6 + 9e6 * drift),
        uptime=_BOOTED + passed,
        capture_fps=gives,
        drops=int(max(0.0, gives - edge.sends) * passed),
        frame_rate=edge.setting,
        camera=edge.camera,
        update=_UPDATED if edge.version == _UPDATED.version else _ROLLED_BACK,
    )
