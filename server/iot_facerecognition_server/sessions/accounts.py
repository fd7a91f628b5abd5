"""How much processor time each client has had: virtual time, as fair queueing keeps it.

Each frame starts where its client's last one ended, and ends its expected cost later; the smallest
end goes first, so that a cheap frame passes a dear one (Golestani, "A self-clocked fair queueing
scheme", 1994). Nobody who was idle starts below the virtual time, the start of what is served
(Goyal, Vin and Cheng, "Start-time fair queueing", 1996). Frames that were handed on and wait
elsewhere are not served yet, so here it is the start of what was done last: else whoever has many
frames on the way would make it run ahead, and the others' credit with it.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

FIRST_GUESS: Final = 0.02
"""Processor seconds that a frame is taken to cost before any has ended: 640x480 on one core."""
_SMOOTHING: Final = 0.1
"""Weight of the newest cost in a mean. An account's estimate falls like this and rises at once, so
that whoever mixes cheap frames with dear ones counts as dear."""
MOST_CREDIT: Final = 1.0
"""Seconds by which one that always had a frame waiting may be behind; who was idle has none."""
MOST_REMEMBERED: Final = 1000
"""Accounts without a session whose debts and estimates are kept."""


@dataclass(slots=True, eq=False)
class Account:
    """What the sessions of one client have spent together, in processor seconds.

    `paid_until` is the virtual time up to which their frames are paid for; `estimate` what the next
    one is expected to cost, None before the first has ended.
    """

    key: Hashable
    paid_until: float = 0.0
    estimate: float | None = None
    sessions: int = 0
    earliest: float = 0.0
    """The virtual time before which its frames do not start."""
    ready: OrderedDict[int, None] = field(default_factory=OrderedDict)
    """Its sessions with a frame that may be taken, in the order in which they are served."""
    arrival: int = 0
    """Decides between accounts whose frames end at the same time."""

    @property
    def start(self) -> float:
        """Virtual time at which its next frame starts: idling earns no credit."""
        return max(self.earliest, self.paid_until)


@dataclass(frozen=True, slots=True)
class Charge:
    """One frame in an account: its start in virtual time, and what it is expected to cost."""

    start: float
    cost: float

    @property
    def end(self) -> float:
        """Virtual time at which it is paid for."""
        return self.start + self.cost


class Ledger:
    """All accounts and the virtual time in seconds. Plain; every call takes constant time."""

    def __init__(self) -> None:
        self._now = 0.0
        self._latest = 0.0
        self._typical = FIRST_GUESS
        self._accounts: dict[Hashable, Account] = {}
        self._remembered: OrderedDict[Hashable, Account] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of accounts with a session."""
        return len(self._accounts)

    def join(self, key: Hashable) -> Account:
        """Return the account of `key` for one more session; a reconnection finds its debt again."""
        account = self._accounts.get(key)
        if account is None:
            account = self._remembered.pop(key, None) or Account(key, paid_until=self._now)
            self._accounts[key] = account
        account.sessions += 1
        return account

    def leave(self, account: Account, *, remember: bool) -> None:
        """Take note that a session of `account` ended; `remember` one that may come back."""
        account.sessions -= 1
        if account.sessions:
            return
        del self._accounts[account.key]
        if remember:
            self._remembered[account.key] = account
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)

    def wait(self, account: Account, *, always: bool) -> None:
        """Let `account` have a frame that may be taken; `always`: it had one waiting all along."""
        account.earliest = self._now - MOST_CREDIT if always else self._now

    def next_charge(self, account: Account) -> Charge:
        """Return what the next frame of `account` is expected to cost."""
        cost = self._typical if account.estimate is None else account.estimate
        return Charge(account.start, cost)

    def begin(self, account: Account) -> Charge:
        """Charge `account` with its next frame."""
        charge = self.next_charge(account)
        account.paid_until = charge.end
        return charge

    def end(self, account: Account, charge: Charge, cost: float | None) -> None:
        """Put the real `cost` of a frame in the place of its `charge`; None: nobody knows it."""
        self._now = max(self._now, charge.start)
        if cost is not None:
            account.paid_until += cost - charge.cost
            known = cost if account.estimate is None else account.estimate
            account.estimate = max(cost, known + _SMOOTHING * (cost - known))
            self._typical += _SMOOTHING * (cost - self._typical)
        self._latest = max(self._latest, account.paid_until)

    def undo(self, account: Account, charge: Charge) -> None:
        """Take back what was charged for a frame that is not worked on."""
        account.paid_until -= charge.cost

    def charge(self, account: Account, cost: float) -> None:
        """Charge `account` with work on a frame that has had its turn already."""
        account.paid_until += cost
        self._latest = max(self._latest, account.paid_until)

    def rest(self) -> None:
        """Take note that nobody waits and nothing is under way: all start equal after that."""
        self._now = max(self._now, self._latest)
