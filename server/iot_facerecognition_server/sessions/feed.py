"""The feed: what happens to clients, published to whoever listens.

Publishers know no listener. A quick listener (`Feed.listen`) is called at once, on the event loop's
thread, and loses nothing. One that may be slow has a mailbox (`Feed.mailbox`), which is bounded:
what it does not take in time is lost to it alone, counted, and told in its place.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, ParamSpec, TypeVar

from iot_facerecognition_server.sessions.events import (
    Event,
    FacesRecognised,
    FrameArrived,
    ObjectsRecognised,
)
from iot_facerecognition_server.sessions.mailbox import Mailbox

_log = logging.getLogger(__name__)

_Event = TypeVar("_Event", bound=Event)
_Fields = ParamSpec("_Fields")
_Call = Callable[[Any], None]
_Calls = dict[object, tuple[_Call, ...]]
"""Who is called with an event, by its kind."""
_PICTURED: Final = (FrameArrived, FacesRecognised, ObjectsRecognised)
"""Events that may have a picture."""


class Feed:
    """Hands every event to those who listen to its kind, in the order in which they began to.

    On the event loop's thread only. Publishing never raises: a listener that does is a fault of its
    own, which is logged and counted, and the others are called all the same.
    """

    def __init__(
        self,
        failed: Callable[[], None] = lambda: None,
        lost: Callable[[str], Callable[[int], None]] = lambda _name: lambda _events: None,
    ) -> None:
        """Call `failed` when a listener raised; `lost` returns what counts a mailbox's losses."""
        self._failed = failed
        self._lost = lost
        self._calls: _Calls = {}
        self._pictured: _Calls = {}

    def publish_new(
        self, kind: Callable[_Fields, Event], *values: _Fields.args, **named: _Fields.kwargs
    ) -> None:
        """Publish the event `kind(*values, **named)`, which is made only if anybody listens to it.

        Making it costs more than finding out that nobody does.
        """
        if kind in self._calls or kind in self._pictured:
            self.publish(kind(*values, **named))

    def publish(self, event: Event) -> None:
        """Let whoever listens know."""
        kind = type(event)
        if self._pictured:
            self._notify(self._pictured.get(kind, ()), event)
            if isinstance(event, _PICTURED):
                event = replace(event, picture=None)
        self._notify(self._calls.get(kind, ()), event)

    def picture(self, jpeg: bytes) -> bytes | None:
        """Return what to publish of a frame's `jpeg`: nothing while nobody wants pictures."""
        return jpeg if self._pictured else None

    def listen(self, kind: type[_Event], call: Callable[[_Event], None]) -> None:
        """Call `call` with every event of `kind` from now on, without its picture.

        It returns quickly, and neither blocks nor raises.
        """
        _add(self._calls, kind, call)

    def mailbox(
        self, name: str, kinds: Iterable[type[Event]], most: int, picture_bytes: int = 0
    ) -> Mailbox:
        """Return a mailbox that gets the events of `kinds` while it is entered.

        `name` is what its losses are counted by. It holds `most` events, and of pictures
        `picture_bytes` (0: its listener wants none).
        """
        calls = self._pictured if picture_bytes else self._calls
        wanted = tuple(kinds)

        def enter(put: _Call) -> None:
            for kind in wanted:
                _add(calls, kind, put)

        def leave(put: _Call) -> None:
            for kind in wanted:
                _remove(calls, kind, put)

        return Mailbox(enter, leave, most, picture_bytes, self._lost(name))

    def _notify(self, calls: tuple[_Call, ...], event: Event) -> None:
        for call in calls:
            try:
                call(event)
            except Exception:  # noqa: BLE001 - a listener's fault must not reach what happens
                self._failed()
                _log.exception("a listener failed at %s", type(event).__name__)


def _add(calls: _Calls, kind: type, call: _Call) -> None:
    calls[kind] = (*calls.get(kind, ()), call)


def _remove(calls: _Calls, kind: type, call: _Call) -> None:
    """Leave nothing where nobody listens any more."""
    remaining = tuple(one for one in calls.pop(kind, ()) if one != call)
    if remaining:
        calls[kind] = remaining
