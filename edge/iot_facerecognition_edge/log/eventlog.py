"""What happened, newest first, in bounded memory: the log that a person sees on the device."""

from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum

from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.records import dataclass

MOST_ENTRIES = 1000
"""Entries that are kept; at some 100 bytes each, 600 at most."""
ENTRY_LENGTH = 600
"""Characters of an entry: room for our sentences, whose cure comes last; others may be longer."""


class EntryKind(StrEnum):
    """How serious an entry is."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


ALL_KINDS = frozenset(EntryKind)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `number` counts from 1; `time` is the local time of day with its zone."""

    number: int
    time: datetime
    kind: EntryKind
    text: str

    def line(self) -> str:
        """Return the entry as one line in the original's format, to the millisecond."""
        milliseconds = self.time.microsecond // 1000
        return f"[{self.time:%d-%m-%Y / %H:%M:%S}.{milliseconds:03}]: {self.text}"


class EventLog:
    """The newest entries. `wall` tells the time of day."""

    def __init__(self, wall: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._wall = wall
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._subscribers: list[Callable[[Entry], None]] = []
        self._number = 0

    def information(self, text: str, time: datetime | None = None) -> Entry:
        """Note something that is as it should be; `time` is now unless given."""
        return self.add(EntryKind.INFORMATION, text, time)

    def warning(self, text: str) -> Entry:
        """Note something that a person should look at."""
        return self.add(EntryKind.WARNING, text)

    def error(self, text: str) -> Entry:
        """Note something that does not work."""
        return self.add(EntryKind.ERROR, text)

    def add(self, kind: EntryKind, text: str, time: datetime | None = None) -> Entry:
        """Note `text` as one line; what could forge a line or does not fit is taken out."""
        self._number += 1
        line = clean_text(text, ENTRY_LENGTH)
        entry = Entry(self._number, time or self._wall(), kind, line)
        self._entries.append(entry)
        for callback in list(self._subscribers):
            callback(entry)
        return entry

    def entries(self, kinds: Collection[EntryKind] = ALL_KINDS) -> list[Entry]:
        """Return the entries of `kinds`, the newest first."""
        return [entry for entry in reversed(self._entries) if entry.kind in kinds]

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()

    def subscribe(self, callback: Callable[[Entry], None]) -> Callable[[], None]:
        """Call `callback` with every new entry; what is returned ends that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)
