"""What the feed publishes of edges, for the fleet's record."""

from collections.abc import Callable
from functools import partial

from iot_facerecognition_protocol import FrameStatus
from iot_facerecognition_server.fleet.keeper import FleetKeeper, Member
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    FrameArrived,
    FrameEnded,
    HealthReceived,
    Joined,
    Left,
    Remark,
    Renamed,
)
from iot_facerecognition_server.sessions.feed import Feed

Acknowledge = Callable[[int, str, str], None]
"""Tells the client of a session to keep the version of an update attempt."""


class FleetListener:
    """A listener that feeds the fleet's keeper."""

    def __init__(self, keeper: FleetKeeper, acknowledge: Acknowledge) -> None:
        """Tell `keeper`; what it has to say to an edge goes out by `acknowledge`."""
        self._keeper = keeper
        self._acknowledge = acknowledge
        self._members: dict[int, Member] = {}

    def listen_to(self, feed: Feed) -> None:
        """Take up what `feed` tells from now on; how updates go on is published to it."""
        feed.listen(Joined, partial(self._joined, feed))
        feed.listen(Renamed, lambda event: self._of(event.client).named(event.name))
        feed.listen(HealthReceived, lambda event: self._of(event.client).health(event.health))
        feed.listen(FrameArrived, self._frame_arrived)
        feed.listen(FrameEnded, self._frame_ended)
        feed.listen(Left, self._left)

    def _joined(self, feed: Feed, event: Joined) -> None:
        client = event.client

        def remark(level: int, message: str, /, *values: object) -> None:
            feed.publish_new(Remark, client, level, message, values)

        self._members[client.session] = self._keeper.join(
            client.identity.name,
            client.address,
            partial(self._acknowledge, client.session),
            remark,
        )

    def _left(self, event: Left) -> None:
        self._members.pop(event.client.session).leave()

    def _frame_arrived(self, event: FrameArrived) -> None:
        if event.accepted:
            self._of(event.client).frame_received()

    def _frame_ended(self, event: FrameEnded) -> None:
        member = self._members.get(event.client.session)
        if event.status is FrameStatus.PROCESSED and member is not None:
            member.frame_processed()

    def _of(self, client: ConnectedClient) -> Member:
        return self._members[client.session]
