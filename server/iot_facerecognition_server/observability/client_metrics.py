"""What the feed publishes of clients, as metrics of each one and of the server."""

from collections.abc import Callable
from typing import assert_never

from iot_facerecognition_protocol import FrameStatus
from iot_facerecognition_protocol.settings import UNNAMED
from iot_facerecognition_server.frames import UNKNOWN
from iot_facerecognition_server.observability.clients import ClientCounts, LatencyCounts
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.sessions.events import (
    FacesRecognised,
    FrameArrived,
    FrameEnded,
    HealthReceived,
    Ignored,
    Joined,
    Left,
    MessageReceived,
    MessageSent,
    PeerRefused,
    Refused,
    Renamed,
    ResultSent,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.refusal_reasons import AUTHENTICATION


class ClientMetrics:
    """A listener that counts, for each client while it is there and for the server in all.

    What is published of a client that has left, as the end of a frame, counts for the server alone.
    """

    def __init__(self, metrics: ServerMetrics, clock: Callable[[], float]) -> None:
        """Count in `metrics`; `clock` is monotonic, in seconds."""
        self._server = metrics
        self._collector = metrics.client_collector
        self._clock = clock
        self._clients: dict[int, ClientCounts] = {}

    def listen_to(self, feed: Feed) -> None:
        """Count what `feed` tells from now on."""
        feed.listen(Joined, self._joined)
        feed.listen(Renamed, lambda event: self._named(event.client.session, event.name))
        feed.listen(MessageReceived, self._message_received)
        feed.listen(MessageSent, self._message_sent)
        feed.listen(FrameArrived, self._frame_arrived)
        feed.listen(FacesRecognised, self._faces_recognised)
        feed.listen(ResultSent, self._result_sent)
        feed.listen(FrameEnded, self._frame_ended)
        feed.listen(HealthReceived, self._health_received)
        feed.listen(Ignored, lambda _: self._server.ignored.inc())
        feed.listen(Refused, lambda event: self._rejected(event.client.session, str(event.code)))
        feed.listen(PeerRefused, self._peer_refused)
        feed.listen(Left, self._left)

    def _joined(self, event: Joined) -> None:
        client = event.client
        self._server.clients.inc()
        self._clients[client.session] = self._collector.join(
            client.session, client.version, client.identity.name
        )

    def _left(self, event: Left) -> None:
        del self._clients[event.client.session]
        self._server.clients.dec()
        self._collector.leave(event.client.session)

    def _named(self, session: int, name: str) -> None:
        if session in self._clients:
            self._collector.name(session, name)

    def _shown(self, session: int) -> ClientCounts | None:
        """Return the client's counts, which have labels from now on: there is something to tell."""
        counts = self._clients.get(session)
        if counts is not None and counts.labels is None:
            self._collector.name(session, UNNAMED)
        return counts

    def _message_received(self, event: MessageReceived) -> None:
        self._server.received_bytes.inc(event.size)
        counts = self._clients.get(event.client.session)
        if counts is not None:
            counts.received_bytes += event.size

    def _message_sent(self, event: MessageSent) -> None:
        self._server.sent_bytes.inc(event.size)
        counts = self._clients.get(event.client.session)
        if counts is not None:
            counts.sent_bytes += event.size

    def _frame_arrived(self, event: FrameArrived) -> None:
        self._server.received.inc()
        counts = self._shown(event.client.session)
        if counts is not None:
            counts.received += 1

    def _faces_recognised(self, event: FacesRecognised) -> None:
        for face in event.faces:
            known = "unknown" if face.match.tag == UNKNOWN else "known"
            self._server.faces.labels(known).inc()

    def _result_sent(self, event: ResultSent) -> None:
        kind = str(event.kind)
        self._server.results.labels(kind).inc()
        self._server.latency_seconds.labels(kind).observe(event.seconds)
        counts = self._clients.get(event.client.session)
        if counts is not None:
            counts.latency.setdefault(kind, LatencyCounts()).observe(event.seconds)

    def _frame_ended(self, event: FrameEnded) -> None:
        match event.status:
            case FrameStatus.PROCESSED:
                self._processed(event)
            case FrameStatus.DROPPED:
                self._server.dropped.labels(event.reason).inc()
                counts = self._clients.get(event.client.session)
                if counts is not None:
                    counts.dropped[event.reason] += 1
            case FrameStatus.REJECTED:
                self._rejected(event.client.session, event.reason)
            case _:
                assert_never(event.status)

    def _processed(self, event: FrameEnded) -> None:
        self._server.processed.inc()
        self._server.queue_seconds.observe(event.queue_seconds)
        counts = self._clients.get(event.client.session)
        if counts is not None:
            counts.processed += 1
            counts.rate.count(self._clock())

    def _rejected(self, session: int, reason: str) -> None:
        self._server.rejected.labels(reason).inc()
        counts = self._clients.get(session)
        if counts is not None:
            counts.rejected += 1

    def _health_received(self, event: HealthReceived) -> None:
        if self._shown(event.client.session) is not None:
            self._collector.set_health(event.client.session, event.health)

    def _peer_refused(self, event: PeerRefused) -> None:
        self._server.refused.labels(event.reason).inc()
        if event.reason == AUTHENTICATION:
            self._server.authentication_failures.inc()
