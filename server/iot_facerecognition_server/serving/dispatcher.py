"""Carries frames from sessions to the engine, in fair turns, and results back."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from iot_facerecognition_protocol import DropReason, ErrorCode, FrameStatus, ObjectLabel
from iot_facerecognition_server.engine.interface import Engine, Submission, WorkFailedError
from iot_facerecognition_server.frames import (
    Found,
    Frame,
    FrameRejectedError,
    RecognisedFace,
    Recognition,
    Tracks,
)
from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.events import (
    GONE,
    FacesRecognised,
    FrameEnded,
    ObjectsRecognised,
    ResultKind,
    ResultSent,
)
from iot_facerecognition_server.sessions.feed import Feed
from iot_facerecognition_server.sessions.scheduler import FairScheduler, Turn
from iot_facerecognition_server.sessions.sequence import Sequence
from iot_facerecognition_server.sessions.session import Session

_log = logging.getLogger(__name__)

Deliver = Callable[[], None]
WhenSent = Callable[[Callable[[], None]], None]
"""Calls what it is given once everything that was sent to a client so far has left."""


@dataclass(slots=True, eq=False)
class _FrameUnderWay:
    """A frame at the engine: what of it is still computed, and what is still to be delivered.

    `submitted` is the monotonic time at which it went there, in seconds; from then on it `waited`
    so many seconds until work on its first part began, and `ended` so many until its last part was
    done.
    """

    frame: ArrivedFrame
    submission: Submission
    submitted: float
    computing: int
    undelivered: int
    waited: float | None = None
    ended: float = 0.0
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class _Client:
    """A session, its frames at the engine, and the order in which their results leave.

    `joined` is the monotonic time at which it began, in seconds, and `tracks` what the engine
    remembers of its last frame.
    """

    session: Session
    when_sent: WhenSent
    joined: float
    account: Hashable | None = None
    faces: Sequence[Deliver] = field(default_factory=Sequence)
    objects: Sequence[Deliver] = field(default_factory=Sequence)
    classifying: bool = False
    under_way: set[_FrameUnderWay] = field(default_factory=set)
    tracks: Tracks | None = None


class Dispatcher:
    """Joins sessions, scheduler and engine; lives on the event loop and never blocks it.

    Results of one kind leave in the order of their frames, each as soon as it is ready. A frame's
    turn ends with its faces: objects take several times as long and must not hold up the session's
    next frame, so one frame of a session at a time is searched for them.

    Every frame is answered once, whatever raises on its way, and its turn ends.
    """

    def __init__(
        self, engine: Engine, scheduler: FairScheduler, clock: Callable[[], float], feed: Feed
    ) -> None:
        """`clock` is the monotonic time in seconds that frames are stamped with.

        What becomes of frames is published to `feed`.
        """
        self._engine = engine
        self._scheduler = scheduler
        self._clock = clock
        self._feed = feed
        self._clients: dict[int, _Client] = {}
        self._open = 0
        self._refusing = False
        self._idle = asyncio.Event()
        self._idle.set()
        engine.when_capacity_grows(self._take_turns)

    @property
    def objects_under_way(self) -> int:
        """Clients that have a frame at the engine whose objects are searched; from any thread."""
        return sum(client.classifying for client in tuple(self._clients.values()))

    def join(self, session: Session, when_sent: WhenSent, account: Hashable | None = None) -> None:
        """Let `session` take part.

        Sessions of one `account` share its processor time; without, a session has its own.
        """
        self._scheduler.join(session.key, account)
        self._clients[session.key] = _Client(session, when_sent, self._clock(), account)

    def leave(self, session: Session) -> None:
        """Forget `session` and give up what the engine has not begun of it.

        What is begun ends, and its account pays for it: else whoever leaves in time pays nothing.
        """
        client = self._clients.pop(session.key)
        frame = self._scheduler.leave(session.key)
        if frame is not None:
            self._gone(client, frame.number)
        for under_way in client.under_way:
            for future in (under_way.submission.faces, under_way.submission.objects):
                if future is not None:
                    future.cancel()
        self._take_turns()

    def offer(self, frame: ArrivedFrame) -> None:
        """Put `frame` into its session's slot, in place of older ones that still wait."""
        if self._refusing:
            self._drop(frame, DropReason.ENDING)
            return
        for replaced in self._scheduler.offer(frame):
            self._drop(replaced, DropReason.REPLACED)
        self._take_turns()

    def refuse_frames(self) -> None:
        """Take no more frames, so that `drained` comes about while clients go on sending."""
        self._refusing = True

    async def drained(self) -> None:
        """Return when no frame waits or is under way."""
        await self._idle.wait()

    def _take_turns(self) -> None:
        while (turn := self._scheduler.take(self._clock())) is not None:
            if turn.late:
                self._drop(turn.frame, DropReason.LATE)
            else:
                self._begin(turn)
        if self._scheduler.waiting or self._open:
            self._idle.clear()
        else:
            self._idle.set()

    def _begin(self, turn: Turn) -> None:
        frame = turn.frame
        client = self._clients[frame.session]
        try:
            now = self._clock()
            wants = client.session.wants(now, objects_free=not client.classifying)
            if isinstance(wants, DropReason):
                self._scheduler.undo(frame.session)
                self._drop(frame, wants)
                return
            at = frame.received - client.joined
            submitted = Frame(frame.session, frame.number, frame.jpeg, at, client.tracks)
            submission = self._engine.submit(submitted, wants, turn.rank)
        except Exception as error:  # noqa: BLE001 - whatever it is, the frame is answered
            _log.exception("frame %d could not be given to the engine", frame.number)
            self._scheduler.undo(frame.session)
            self._reject(client, frame, error)
            return
        parts = sum(f is not None for f in (submission.faces, submission.objects))
        if not parts:  # an engine that has nothing to say to what was wanted
            self._scheduler.undo(frame.session)
            self._drop(frame, DropReason.SWITCHED_OFF)
            return
        self._await(client, _FrameUnderWay(frame, submission, now, parts, parts))

    def _await(self, client: _Client, under_way: _FrameUnderWay) -> None:
        submission, number = under_way.submission, under_way.frame.number
        client.under_way.add(under_way)
        client.classifying |= submission.objects is not None
        self._open += 1
        if submission.faces is not None:
            client.faces.begin(number)
            submission.faces.add_done_callback(partial(self._faces_ready, client, under_way))
        if submission.objects is not None:
            client.objects.begin(number)
            submission.objects.add_done_callback(partial(self._objects_ready, client, under_way))

    def _faces_ready(
        self,
        client: _Client,
        under_way: _FrameUnderWay,
        future: asyncio.Future[Recognition[RecognisedFace]],
    ) -> None:
        found = self._outcome(under_way, future)
        _keep_tracks(client, found, under_way.error)
        deliver = partial(self._deliver_faces, client, under_way, found)
        self._computed(client, under_way, future, ends_turn=True)
        for ready in client.faces.end(under_way.frame.number, deliver):
            ready()
        self._take_turns()

    def _objects_ready(
        self,
        client: _Client,
        under_way: _FrameUnderWay,
        future: asyncio.Future[Recognition[ObjectLabel]],
    ) -> None:
        found = self._outcome(under_way, future)
        deliver = partial(self._deliver_objects, client, under_way, found)
        client.classifying = False
        ends_turn = under_way.submission.faces is None
        self._computed(client, under_way, future, ends_turn=ends_turn)
        for ready in client.objects.end(under_way.frame.number, deliver):
            ready()
        self._take_turns()

    def _deliver_faces(
        self, client: _Client, under_way: _FrameUnderWay, found: Recognition[RecognisedFace] | None
    ) -> None:
        session, frame = client.session, under_way.frame
        with self._delivering(client, under_way):
            if found is not None and session.key in self._clients:
                sent = partial(self._sent, session, frame.number, frame.received, ResultKind.FACES)
                if session.faces_found(frame.number, found.found):
                    client.when_sent(sent)
                else:
                    sent()  # what waits for a text is bounded by the texts only
                picture = self._feed.picture(frame.jpeg)
                self._feed.publish_new(
                    FacesRecognised, session.client, frame.number, found.found, picture
                )

    def _deliver_objects(
        self, client: _Client, under_way: _FrameUnderWay, found: Recognition[ObjectLabel] | None
    ) -> None:
        session, frame = client.session, under_way.frame
        with self._delivering(client, under_way):
            if found is not None and session.key in self._clients:
                session.objects_found(frame.number, found.found)
                client.when_sent(
                    partial(self._sent, session, frame.number, frame.received, ResultKind.OBJECTS)
                )
                picture = self._feed.picture(frame.jpeg)
                self._feed.publish_new(
                    ObjectsRecognised, session.client, frame.number, found.found, picture
                )

    def _sent(self, session: Session, number: int, received: float, kind: ResultKind) -> None:
        """Tell that a result has left; what waits for that must not keep the frame."""
        seconds = self._clock() - received
        self._feed.publish_new(ResultSent, session.client, number, kind, seconds)

    @contextmanager
    def _delivering(self, client: _Client, under_way: _FrameUnderWay) -> Iterator[None]:
        """End the frame after its last part, also when that part cannot be sent."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the frame is answered
            _log.exception("a result of frame %d could not be sent", under_way.frame.number)
            under_way.error = error
        finally:
            under_way.undelivered -= 1
            if not under_way.undelivered:
                with _no_harm_to_others(under_way.frame):
                    self._end(client, under_way)

    def _outcome(
        self,
        under_way: _FrameUnderWay,
        future: asyncio.Future[Recognition[Found]],
    ) -> Recognition[Found] | None:
        """Return the result, or None after keeping the error for the frame's end."""
        if future.cancelled():
            return None
        error = future.exception()
        if error is not None:
            under_way.error = error if isinstance(error, Exception) else RuntimeError(repr(error))
            return None
        result = future.result()
        waited = under_way.waited
        under_way.waited = result.waited if waited is None else min(waited, result.waited)
        under_way.ended = max(under_way.ended, result.waited + result.took)
        return result

    def _computed(
        self,
        client: _Client,
        under_way: _FrameUnderWay,
        future: asyncio.Future[Recognition[Found]],
        *,
        ends_turn: bool,
    ) -> None:
        """Account for one part of a frame, which is no longer at the engine."""
        session = under_way.frame.session
        cost, piece = _spent(future)
        under_way.computing -= 1
        if not under_way.computing:
            client.under_way.discard(under_way)
            self._open -= 1
        if ends_turn:
            self._scheduler.done(session, cost, more=bool(under_way.computing))
        else:
            self._scheduler.charge(session, cost, piece, client.account)

    def _end(self, client: _Client, under_way: _FrameUnderWay) -> None:
        """Answer a frame whose last part has left."""
        frame, error = under_way.frame, under_way.error
        if client.session.key not in self._clients:
            self._gone(client, frame.number)
        elif error is not None:
            self._reject(client, frame, error)
        else:
            waited = under_way.waited or 0.0
            queue_seconds = under_way.submitted - frame.received + waited
            self._answer_processed(client, frame, queue_seconds, under_way.ended - waited)

    def _answer_processed(
        self, client: _Client, frame: ArrivedFrame, queue_seconds: float, compute_seconds: float
    ) -> None:
        try:
            client.session.processed(frame.number, queue_seconds, compute_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the frame is answered
            _log.exception("the end of frame %d could not be sent", frame.number)
            self._reject(client, frame, error)
        else:
            self._feed.publish_new(
                FrameEnded,
                client.session.client,
                frame.number,
                FrameStatus.PROCESSED,
                queue_seconds=queue_seconds,
                compute_seconds=compute_seconds,
            )

    def _reject(self, client: _Client, frame: ArrivedFrame, error: Exception) -> None:
        if isinstance(error, FrameRejectedError):
            code, message = error.code, error.message
        else:
            code = ErrorCode.ENGINE_FAILED
            message = "the server could not process this frame; its log says why, the next may pass"
        with _no_harm_to_others(frame):
            self._feed.publish(client.session.reject(frame.number, code, message))

    def _drop(self, frame: ArrivedFrame, reason: DropReason) -> None:
        client = self._clients[frame.session]
        with _no_harm_to_others(frame):
            self._feed.publish(client.session.drop(frame.number, reason))

    def _gone(self, client: _Client, frame: int) -> None:
        """End a frame whose client has left: there is nobody to tell."""
        self._feed.publish_new(FrameEnded, client.session.client, frame, FrameStatus.DROPPED, GONE)


@contextmanager
def _no_harm_to_others(frame: ArrivedFrame) -> Iterator[None]:
    """Let a failure to answer one client end here: the others' turns come next."""
    try:
        yield
    except Exception:  # noqa: BLE001 - of one client; there are others
        _log.exception("frame %d could not be answered", frame.number)


def _keep_tracks(
    client: _Client, found: Recognition[RecognisedFace] | None, error: Exception | None
) -> None:
    """Let the session's next frame go with the tracks of this one, if it has left any.

    After a rejected frame they are as they were. A failure may have been theirs.
    """
    if found is not None:
        client.tracks = found.tracks
    elif client.tracks is not None and not isinstance(error, FrameRejectedError | None):
        client.tracks = client.tracks.renewed()


def _spent(future: asyncio.Future[Recognition[Found]]) -> tuple[float | None, float]:
    """Return the processor seconds that a part of a frame took, and the longest piece of them.

    None when nobody knows.
    """
    if future.cancelled():
        return None, 0.0
    error = future.exception()
    if error is None:
        return future.result().cost, future.result().piece
    cost = error.cost if isinstance(error, FrameRejectedError | WorkFailedError) else None
    return cost, cost or 0.0
