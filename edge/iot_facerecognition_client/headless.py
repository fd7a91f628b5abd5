"""Streaming without a window: results as lines of text."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO

from iot_facerecognition_client.client import Client
from iot_facerecognition_client.events import Event, FrameEnded
from iot_facerecognition_client.report import summary
from iot_facerecognition_client.signals import end_at_once, end_in_order
from iot_facerecognition_client.sources import FrameSource
from iot_facerecognition_client.status import State, Status
from iot_facerecognition_client.streaming import Handover, SourceStream

_LAST_ANSWERS_SECONDS = 5.0


class Headless:
    """Sends a source's frames through a client and writes a line for each event.

    Results go to `output`, changes of state to `states` and a summary at the end to `notes`.
    """

    def __init__(
        self,
        client: Client,
        source: FrameSource,
        line_of: Callable[[Event, datetime], str | None],
        *,
        output: TextIO,
        states: TextIO,
        notes: TextIO,
    ) -> None:
        self._client = client
        self._source = source
        self._line_of = line_of
        self._output = output
        self._states = states
        self._notes = notes
        self._end = asyncio.Event()
        self._refused = False

    async def run(self, duration: float | None = None) -> bool:
        """Stream until the source ends, `duration` seconds passed or a signal came.

        A server that refuses the very first connection ends it too; then True is returned, because
        nothing will change without a person. Raises SourceError when the source fails.
        """
        loop = asyncio.get_running_loop()
        end_in_order(loop, self._end.set)
        self._client.subscribe(object, self._report)
        source_ended: asyncio.Future[Exception | None] = loop.create_future()

        def ended(error: Exception | None) -> None:
            loop.call_soon_threadsafe(source_ended.set_result, error)

        source_ended.add_done_callback(lambda _: self._end.set())
        stream = SourceStream(self._source, Handover(self._client, loop), ended)
        async with self._client:
            stream.start()
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(duration):
                        await self._end.wait()
                by_itself = source_ended.done()
            finally:
                end_at_once(loop)
                await asyncio.to_thread(stream.stop)
            error = await source_ended
            if by_itself and error is None:
                await self._answers_of_the_last_frames()
        print(summary(self._client.statistics()), file=self._notes)
        if error is not None:
            raise error
        return self._refused

    async def _answers_of_the_last_frames(self) -> None:
        """Give the server a moment for what it has not answered yet."""
        endings = self._client.events(FrameEnded)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ANSWERS_SECONDS):
                while self._client.unanswered:
                    await anext(endings)
        endings.close()

    def _report(self, event: Any) -> None:
        if isinstance(event, Status):
            self._look_at(event)
        line = self._line_of(event, datetime.now().astimezone())
        if line is None:
            return
        try:
            print(
                line, file=self._states if isinstance(event, Status) else self._output, flush=True
            )
        except BrokenPipeError:
            self._end.set()  # whoever read the lines has had enough

    def _look_at(self, status: Status) -> None:
        if status.state is State.REFUSED and not self._client.statistics().connections:
            self._refused = True
            self._end.set()
