"""What the server uses of websockets that its documentation does not name.

A connection of websockets' parses what comes in a sans-I/O protocol object and queues messages in
an assembler; both are attributes of it. Tested with the versions in `versions`.
"""

import asyncio
from collections.abc import Callable

from websockets.asyncio.connection import Connection
from websockets.frames import CloseCode, Frame
from websockets.protocol import Protocol

Fail = Callable[[CloseCode | int, str], None]
"""Closes a connection from within the parser, for a reason."""
ReceiveFrame = Callable[[Frame], None]


def replace_fail(protocol: Protocol, fail: Fail) -> Fail:
    """Let the parser close its connection by `fail` from now on; return what it used so far."""
    before = protocol.fail
    protocol.fail = fail  # type: ignore[method-assign, assignment]
    return before


def replace_receive_frame(protocol: Protocol, receive: ReceiveFrame) -> ReceiveFrame:
    """Let the parser hand WebSocket frames to `receive`; return what took them so far."""
    before = protocol.recv_frame
    protocol.recv_frame = receive  # type: ignore[method-assign, assignment]
    return before


def begin(connection: Connection, transport: asyncio.BaseTransport) -> None:
    """Begin `connection`, without the task that websockets' own server would have for it."""
    Connection.connection_made(connection, transport)


def has_ended(connection: Connection) -> bool:
    """Return whether `connection` is over, for whatever reason."""
    return connection.connection_lost_waiter.done()


def pause_by(connection: Connection, pause: Callable[[], None], resume: Callable[[], None]) -> None:
    """Let the queue of messages pause and resume reading by these."""
    connection.recv_messages.pause = pause
    connection.recv_messages.resume = resume


def in_message(protocol: Protocol) -> bool:
    """Return whether a message has begun to arrive and has not ended."""
    return protocol.current_size is not None


def unparsed_size(protocol: Protocol) -> int:
    """Return how many bytes the parser holds: unread ones, and those of a message that began."""
    return len(protocol.reader.buffer) + (protocol.current_size or 0)


def most_bytes(protocol: Protocol) -> int | None:
    """Return the largest message that the parser takes."""
    return protocol.max_message_size


def forget_message(connection: Connection) -> None:
    """Forget what came of a message, and take none any more."""
    connection.protocol.reader.discard()
    connection.recv_messages.close()
