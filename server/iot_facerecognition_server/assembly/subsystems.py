"""Parts of the server with a life of their own: started one after the other, ended in reverse."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from prometheus_client import Counter

from iot_facerecognition_server.observability.metrics import FEED
from iot_facerecognition_server.supervision import Supervisor

SERVICE_MANAGER: Final = "service-manager"
Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subsystem:
    """What a part does, each of it where it has something to do.

    `start` returns when the part is ready, `run` works until it is cancelled and is started again
    when it fails, and `close` ends what `start` began.
    """

    name: str
    start: Step | None = None
    run: Step | None = None
    close: Step | None = None


class Subsystems:
    """Starts parts; a context manager that ends them, the last one first."""

    def __init__(self, failures: Counter) -> None:
        """Count in `failures` whenever the `run` of a part has failed."""
        self._failures = failures
        for name in (FEED, SERVICE_MANAGER):
            failures.labels(name)
        self._supervisor = Supervisor(lambda name: failures.labels(name).inc())
        self._ends = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._supervisor.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._ends.aclose()
        finally:
            await self._supervisor.__aexit__(kind, error, trace)

    async def start(self, part: Subsystem) -> None:
        """Start `part`, which is ready then and runs. Raises what its `start` does."""
        if part.start is not None:
            await part.start()
        if part.close is not None:
            self._ends.push_async_callback(part.close)
        if part.run is not None:
            self._failures.labels(part.name)  # from the start, or the first one is no increase
            self._supervisor.start(part.name, part.run)
            self._ends.push_async_callback(self._supervisor.stop, part.name)
