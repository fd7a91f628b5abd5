"""What the feed tells, as lines of the log: each within the budget of whose it is."""

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Final

from iot_facerecognition_protocol import Command
from iot_facerecognition_protocol.settings import UNNAMED
from iot_facerecognition_server.logs import quoted
from iot_facerecognition_server.observability.client_log import ClientLog
from iot_facerecognition_server.observability.peer_log import PeerLog
from iot_facerecognition_server.sessions.budget import Budgets
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.events import (
    Attempt,
    FrameEnded,
    HealthReceived,
    Ignored,
    Joined,
    Left,
    PeerRefused,
    Refused,
    Remark,
    Renamed,
    SettingChanged,
    TextReceived,
)
from iot_facerecognition_server.sessions.feed import Feed

_log = logging.getLogger(__name__)

SUMMARY_SECONDS: Final = 1.0
"""How often it is looked whether lines were left out and not yet reported."""
_REFUSALS: Final = {
    Attempt.SHAKE_HANDS: "refused %s: %s",
    Attempt.CONNECT: "rejected %s: %s",
    Attempt.PAIR: "did not pair %s: %s",
}


class EventLog:
    """A listener that writes to the log."""

    def __init__(
        self,
        budgets: Budgets,
        clock: Callable[[], float],
        over_budget: Callable[[], None],
        many_refusals: Callable[[], None],
    ) -> None:
        """Hold lines about clients to the `budgets` of their identities.

        `clock` is monotonic, in seconds; `over_budget` and `many_refusals` are called for each line
        that is left out for the one or the other.
        """
        self._budgets = budgets
        self._clock = clock
        self._over_budget = over_budget
        self._peers = PeerLog(_log, clock, many_refusals)
        self._clients: dict[int, _Lines] = {}

    def listen_to(self, feed: Feed) -> None:
        """Write what `feed` tells from now on."""
        feed.listen(Joined, self._joined)
        feed.listen(Renamed, self._renamed)
        feed.listen(SettingChanged, self._setting_changed)
        feed.listen(TextReceived, self._text_received)
        feed.listen(HealthReceived, self._health_received)
        feed.listen(Ignored, self._ignored)
        feed.listen(Refused, self._refused)
        feed.listen(FrameEnded, self._frame_ended)
        feed.listen(Remark, self._remark)
        feed.listen(Left, self._left)
        feed.listen(PeerRefused, self._peer_refused)

    async def run(self) -> None:
        """Say how many lines were left out, until cancelled."""
        while True:
            await asyncio.sleep(SUMMARY_SECONDS)
            self._peers.summarise()
            self._summarise(self._clock())

    def finish(self) -> None:
        """Say how many lines were left out and not reported yet."""
        self._peers.finish()
        self._summarise(math.inf)

    def _summarise(self, now: float) -> None:
        """Say how many lines about identities were left out, also of those that have gone."""
        for account, lines in self._budgets.left_out(now):
            assert isinstance(account, tuple)
            _, name = account
            _log.warning(
                "%d lines about the identity %s were left out ([Budget] LogLines)",
                lines,
                quoted(name),
            )

    def _joined(self, event: Joined) -> None:
        client = event.client
        budget = self._budgets.of(client.identity.account, self._clock()).log
        log = ClientLog(_log, client.identity.name, budget, self._clock, self._over_budget)
        log.named(UNNAMED)
        self._clients[client.session] = _Lines(log)
        log.info("connected from %s, protocol version %d", client.address, client.version.value)

    def _left(self, event: Left) -> None:
        lines = self._clients.pop(event.client.session)
        if event.reason:
            lines.log.info("disconnected: %s", event.reason)

    def _renamed(self, event: Renamed) -> None:
        lines = self._of(event.client)
        lines.log.named(event.name)
        lines.log.info("%s set: %s", Command.SETTING_NAME.name, quoted(event.name))

    def _setting_changed(self, event: SettingChanged) -> None:
        lines = self._of(event.client)
        value = quoted(event.value) if isinstance(event.value, str) else event.value
        lines.log.log(lines.level_of(event.command), "%s set: %s", event.command.name, value)

    def _text_received(self, event: TextReceived) -> None:
        self._of(event.client).log.info("message: %s", quoted(event.text))

    def _health_received(self, event: HealthReceived) -> None:
        self._of(event.client).log.debug("health: %s", event.health)

    def _ignored(self, event: Ignored) -> None:
        self._of(event.client).log.debug("ignored: %s", event.what)

    def _refused(self, event: Refused) -> None:
        log = self._of(event.client).log
        if event.fatal:
            log.warning("disconnected: %s", event.message)
        else:
            log.debug("refused: %s", event.message)

    def _frame_ended(self, event: FrameEnded) -> None:
        lines = self._clients.get(event.client.session)
        if event.message and lines is not None:
            lines.log.debug("frame %d %s: %s", event.number, event.status, event.message)

    def _remark(self, event: Remark) -> None:
        self._of(event.client).log.log(event.level, event.message, *event.values)

    def _peer_refused(self, event: PeerRefused) -> None:
        message = _REFUSALS[event.attempt]
        self._peers.warn(event.reason, message, event.address, event.words)

    def _of(self, client: ConnectedClient) -> "_Lines":
        return self._clients[client.session]


class _Lines:
    """The lines about one client."""

    def __init__(self, log: ClientLog) -> None:
        self.log = log
        self._set: set[Command] = set()

    def level_of(self, command: Command) -> int:
        """Return how much it matters that a setting other than the name is set.

        All are when a client connects, and its name is enough to know it by.
        """
        first = command not in self._set
        self._set.add(command)
        return logging.DEBUG if first else logging.INFO
