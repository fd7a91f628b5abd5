"""A `Client` for programs with threads instead of an event loop."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from iot_facerecognition_client.client import Client

T = TypeVar("T")


class ThreadedClient:
    """Runs a client and its event loop in a thread of their own.

    Callbacks subscribed to the client run on that thread and must return quickly.
    """

    def __init__(self, make_client: Callable[[], Client]) -> None:
        """Keep `make_client` for `start`, which calls it on the new thread."""
        self._make_client = make_client
        self._ready: Future[tuple[Client, asyncio.AbstractEventLoop]] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="recognition client", daemon=True)

    def start(self) -> None:
        """Make the client, without connecting yet. Raises what making it raises."""
        self._thread.start()
        self._ready.result()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The client's event loop."""
        return self._ready.result()[1]

    @property
    def client(self) -> Client:
        """The client, for `Handover` and for functions given to `call`."""
        return self._ready.result()[0]

    def call(self, function: Callable[[Client], T]) -> T:
        """Call `function` with the client on its thread; return or raise what it does."""
        client, loop = self._ready.result()
        if threading.current_thread() is self._thread:
            return function(client)
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(function(client))
            except BaseException as error:  # noqa: BLE001 - raised in the calling thread
                answer.set_exception(error)

        loop.call_soon_threadsafe(run)
        return answer.result()

    def close(self) -> None:
        """Close the client and end the thread. Once is enough, twice does no harm."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        try:
            client = self._make_client()
        except BaseException as error:  # noqa: BLE001 - raised in the thread that called start
            self._ready.set_exception(error)
            return
        self._ready.set_result((client, asyncio.get_running_loop()))
        await self._stop.wait()
        await client.close()


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that looks names up in plain threads.

    asyncio's pool takes no work once the main thread has ended, and programs that leave everything
    to their threads do end it: they could never reconnect by name.
    """

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        answer: Future[Any] = Future()

        def look_up() -> None:
            try:
                answer.set_result(socket.getaddrinfo(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                answer.set_exception(error)

        threading.Thread(target=look_up, name="name look-up", daemon=True).start()
        return await asyncio.wrap_future(answer)
