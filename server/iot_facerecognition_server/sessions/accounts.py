"""Whose processor time a frame is: sessions share that of their account."""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from iot_facerecognition_server.sessions.arrived_frame import ArrivedFrame
from iot_facerecognition_server.sessions.virtual_time import (
    Charge,
    FairShare,
    ShareQueue,
    VirtualTime,
)

MOST_REMEMBERED: Final = 1000
"""Accounts without a session whose debts are kept."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A frame that was taken: what account and session were charged, whether it counts as dear.

    `size` is that of its picture in bytes, which its work keeps.
    """

    of_account: Charge
    of_session: Charge
    dear: bool
    size: int = 0


@dataclass(slots=True, eq=False)
class Place(FairShare):
    """One session: its part of its account's time, its waiting frame, and those under way."""

    session: int = 0
    waiting: ArrivedFrame | None = None
    under_way: deque[UnderWay] = field(default_factory=deque)
    estimate: float | None = None
    """Processor seconds that its next frame is expected to cost; None before one has ended."""
    piece: float = 0.0
    """Processor seconds of the longest piece of its last frames' work outside of their slots."""
    left: bool = False


@dataclass(slots=True, eq=False)
class Account(FairShare):
    """The sessions of one client, and those of them whose waiting frame may be taken."""

    key: Hashable = None
    remember: bool = False
    sessions: int = 0
    frames: int = 0
    """Its frames that wait or are under way."""
    time: VirtualTime = field(default_factory=VirtualTime)
    ready: ShareQueue[Place] = field(default_factory=ShareQueue)
    cheap: ShareQueue[Place] = field(default_factory=ShareQueue)
    """Those that are ready with a frame that is not expected to be dear."""
    slots: dict[int, Place] = field(default_factory=dict)
    """Those with a waiting frame, the one whose frame came first at the front."""
    waiting_bytes: int = 0
    """Of all its waiting frames."""
    under_way_bytes: int = 0
    """Of all its frames under way."""

    def put(self, place: Place, frame: ArrivedFrame) -> ArrivedFrame | None:
        """Let `frame` wait in the slot of `place`; return the one that waited there."""
        replaced = self.pop(place)
        place.waiting = frame
        self.slots[place.session] = place
        self.waiting_bytes += len(frame.jpeg)
        return replaced

    def pop(self, place: Place) -> ArrivedFrame | None:
        """Empty the slot of `place` and return what waited there."""
        frame, place.waiting = place.waiting, None
        if frame is not None:
            del self.slots[place.session]
            self.waiting_bytes -= len(frame.jpeg)
        return frame


class Accounts:
    """The accounts that have sessions, and those whose sessions may come back."""

    def __init__(self) -> None:
        self._accounts: dict[Hashable, Account] = {}
        self._remembered: OrderedDict[Hashable, Account] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of accounts with a session."""
        return len(self._accounts)

    def join(self, key: Hashable, now: float, *, remember: bool) -> Account:
        """Return the account of `key` for one more session, a new one that starts `now`.

        What is to `remember` finds its debts again when its sessions come back.
        """
        account = self._accounts.get(key)
        if account is None:
            account = self._remembered.pop(key, None)
            account = account or Account(paid_until=now, key=key, remember=remember)
            self._accounts[key] = account
        account.sessions += 1
        return account

    def find(self, key: Hashable) -> Account | None:
        """Return the account of `key`, also one without a session whose debts are kept."""
        return self._accounts.get(key) or self._remembered.get(key)

    def leave(self, account: Account) -> None:
        """Record that a session of `account` ended."""
        account.sessions -= 1
        if account.sessions:
            return
        del self._accounts[account.key]
        if account.remember:
            self._remembered[account.key] = account
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
