"""Names that clients choose, made fit for labels: distinct, and few however often they change."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

OTHER: Final = "other"
"""The label of a value that there is no room for."""
RENAMES: Final = 3
"""How often one connection may change its label."""


class LabelBudget:
    """Lets a bounded number of values through as labels; the rest is `OTHER`.

    A monitoring system keeps a series for each value that was ever seen, so it is not enough to
    bound those in use: a value counts until it has not been used for `memory` seconds.
    """

    def __init__(self, most: int, memory: float) -> None:
        """Let `most` values through (at least 1)."""
        self._most = most
        self._memory = memory
        self._used: OrderedDict[str, float] = OrderedDict()

    def admit(self, value: str, now: float) -> str:
        """Return `value`, or `OTHER` when there is no room; `now` is in monotonic seconds."""
        if value not in self._used:
            if len(self._used) >= self._most and not self._forget_oldest(now):
                return OTHER
            self._used[value] = now
        self.touch(value, now)
        return value

    def touch(self, value: str, now: float) -> None:
        """Record that `value` is in use at `now`."""
        if value in self._used:
            self._used[value] = now
            self._used.move_to_end(value)

    def remembers(self, value: str) -> bool:
        """Tell whether `value` has a place."""
        return value in self._used

    def _forget_oldest(self, now: float) -> bool:
        oldest, used = next(iter(self._used.items()))
        if now - used < self._memory:
            return False
        del self._used[oldest]
        return True


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """How many labels there may be: `identities`, and `names` of each, within `memory` seconds."""

    identities: int = 1000
    names: int = 100
    memory: float = 86_400.0


class IdentityLabels:
    """Gives every connection the label of its identity and, among that one's, a label of its own.

    Each identity has a budget of names, so that none can use up another's. Plain, no clock.
    """

    def __init__(self, limits: LabelLimits) -> None:
        """Begin without labels."""
        self._limits = limits
        self._identities = LabelBudget(limits.identities, limits.memory)
        self._names: dict[str, ClientLabels] = {}
        self._labels: dict[int, str] = {}

    def enter(self, key: int, identity: str, name: str, now: float) -> tuple[str, str]:
        """Give connection `key` its first labels: its identity's and its own."""
        label = self._identities.admit(identity, now)
        self._forget()
        if label not in self._names:
            self._names[label] = ClientLabels(LabelBudget(self._limits.names, self._limits.memory))
        self._labels[key] = label
        return label, self._names[label].enter(key, name, now)

    def rename(self, key: int, name: str, now: float) -> tuple[str, str]:
        """Return the labels of `key` under its new name."""
        label = self._labels[key]
        self._identities.touch(label, now)
        return label, self._names[label].rename(key, name, now)

    def leave(self, key: int, now: float) -> None:
        """Take the labels back."""
        label = self._labels.pop(key)
        self._identities.touch(label, now)
        self._names[label].leave(key, now)

    def _forget(self) -> None:
        """Forget the names of identities that were superseded, once nobody uses them."""
        gone = [
            label
            for label, names in self._names.items()
            if label != OTHER and not self._identities.remembers(label) and not names.in_use
        ]
        for label in gone:
            del self._names[label]


class ClientLabels:
    """Gives every connection of one identity a label: `kitchen`, `kitchen~2`. Plain, no clock."""

    def __init__(self, budget: LabelBudget) -> None:
        """Take names through `budget`."""
        self._budget = budget
        self._numbers: dict[str, set[int]] = {}
        self._labels: dict[int, tuple[str, int]] = {}
        self._changes: dict[int, int] = {}

    @property
    def in_use(self) -> bool:
        """Whether a connection has a label."""
        return bool(self._labels)

    def enter(self, key: int, name: str, now: float) -> str:
        """Give connection `key` its first label."""
        self._changes[key] = 0
        return self._give(key, name, now)

    def rename(self, key: int, name: str, now: float) -> str:
        """Return the label of `key` under its new name: the old one when it has changed enough."""
        current = self._labels[key]
        if current[0] == _fit(name) or self._changes[key] >= RENAMES:
            return _written(current)
        self._changes[key] += 1
        self._take_back(key, now)
        return self._give(key, name, now)

    def leave(self, key: int, now: float) -> None:
        """Take the label back."""
        self._take_back(key, now)
        del self._changes[key]

    def _give(self, key: int, name: str, now: float) -> str:
        value = self._budget.admit(_fit(name), now)
        taken = self._numbers.setdefault(value, set())
        number = next(n for n in range(1, len(taken) + 2) if n not in taken)
        taken.add(number)
        self._labels[key] = (value, number)
        return _written(self._labels[key])

    def _take_back(self, key: int, now: float) -> None:
        value, number = self._labels.pop(key)
        self._budget.touch(value, now)
        self._numbers[value].discard(number)
        if not self._numbers[value]:
            del self._numbers[value]


def _fit(name: str) -> str:
    """Keep the mark of numbers for numbers, so that no name looks like another's label."""
    return name.replace("~", "-")


def _written(label: tuple[str, int]) -> str:
    value, number = label
    return value if number == 1 else f"{value}~{number}"
