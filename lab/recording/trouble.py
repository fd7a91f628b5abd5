"""The second recorded session: what goes wrong, and how each of it is reported.

A client is refused, is let in, sends what cannot be used and more than is taken, is disconnected,
comes back, and at last speaks version 1.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from lab.recording.conversation import (
    ERROR,
    FRAME_DONE,
    INIT_REQUEST,
    SUBPROTOCOL,
    Recorder,
    RecordingError,
    Transcript,
    Where,
)

NO_JPEG = b"hello, this is no picture"
TOO_MANY_FRAMES = 4
"""Sent at once, more than any window on a small machine: the newest wins."""
TOO_LONG = "x" * 20_000
FROM_THE_OPERATOR = "dinner is ready"


async def record_trouble(where: Where, jpeg: bytes, config: Path) -> str:
    """Hold the conversation and return it as Markdown.

    `config` is the server's, by which its operator sends a message. Raises RecordingError, and what
    `websockets` raises when there is no connection.
    """
    transcript = Transcript()
    transcript.remark("a client without a token")
    await _refused(where, transcript)
    transcript.remark("with the token; version 2")
    async with where.connect([Subprotocol(SUBPROTOCOL)]) as websocket:
        await _trouble(Recorder(websocket, transcript), jpeg, config)
        await _disconnected(websocket, transcript)
    transcript.remark("the same client comes back: settings are forgotten, frames count from 1")
    async with where.connect([Subprotocol(SUBPROTOCOL)]) as websocket:
        recorder = Recorder(websocket, transcript)
        await _begin(recorder)
        await recorder.say(jpeg)
        await recorder.until_command(FRAME_DONE)
    transcript.lines.append(f"C: <close {websocket.close_code}>")
    transcript.remark("a client of version 1: no subprotocol, no numbers, no ERROR, no FRAME_DONE")
    async with where.connect(None) as websocket:
        recorder = Recorder(websocket, transcript)
        await _begin(recorder)
        await recorder.say("good morning")
        await recorder.say(NO_JPEG)
        await recorder.say(jpeg)
        await recorder.until_command(3)
    transcript.lines.append(f"C: <close {websocket.close_code}>")
    return transcript.markdown()


async def _refused(where: Where, transcript: Transcript) -> None:
    try:
        async with where.without_token().connect([Subprotocol(SUBPROTOCOL)]):
            raise RecordingError("the server takes clients without a token")
    except InvalidStatus as refused:
        response = refused.response
    status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
    transcript.head("S", status, response.headers)
    transcript.lines.append(f"S: {(response.body or b'').decode().strip()}")


async def _begin(recorder: Recorder) -> None:
    """Wait to be asked, give a name, and want faces only."""
    await recorder.until_command(INIT_REQUEST)
    for number, value in ((1, "back door"), (5, False)):
        await recorder.command(number, value)
        await recorder.until_command(number)


async def _trouble(recorder: Recorder, jpeg: bytes, config: Path) -> None:
    await _begin(recorder)
    await recorder.command(2, "the door is open")
    await _message_of_the_operator(config)
    await recorder.until_command(2)
    await recorder.command(99, {"from": "the future"})
    await recorder.command(6, "many")
    await recorder.until_command(ERROR)
    await recorder.say(NO_JPEG)
    await recorder.until_command(FRAME_DONE)
    done: set[int] = set()

    def all_done(message: dict[str, Any]) -> bool:
        if message["command"] == FRAME_DONE:
            done.add(message["context"]["frame"])
        return len(done) == TOO_MANY_FRAMES

    for _ in range(TOO_MANY_FRAMES):
        await recorder.say(jpeg)
    await recorder.until(all_done, f"FRAME_DONE of {TOO_MANY_FRAMES} frames")
    await recorder.say(json.dumps({"command": 2, "context": TOO_LONG}, separators=(",", ":")))
    await recorder.until_command(ERROR)


async def _message_of_the_operator(config: Path) -> None:
    command = (sys.executable, "-m", "iot_facerecognition_server", "--config", str(config))
    said = await asyncio.create_subprocess_exec(
        *command, "say", FROM_THE_OPERATOR, stdout=asyncio.subprocess.DEVNULL
    )
    if await said.wait():
        raise RecordingError("the server's operator could not send a message")


async def _disconnected(websocket: ClientConnection, transcript: Transcript) -> None:
    try:
        await websocket.recv()
    except ConnectionClosed as closed:
        if closed.rcvd is None:
            raise RecordingError(f"the connection was cut: {closed}") from None
        transcript.lines.append(f"S: <close {closed.rcvd.code}: {closed.rcvd.reason}>")
    else:
        raise RecordingError("the server says more than why it closes")
