"""Whether the server can do its work, and whether it still makes progress."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """An answer with its reasons: one line for each thing that was looked at."""

    good: bool
    lines: tuple[str, ...]


class Readiness:
    """Conditions that are met one after the other while the server starts. From any thread."""

    def __init__(self, *conditions: str) -> None:
        """None of `conditions` is met yet."""
        self._lock = threading.Lock()
        self._problems: dict[str, str | None] = dict.fromkeys(conditions, "not yet")

    def meet(self, condition: str) -> None:
        """Take note that `condition` is met."""
        self._set(condition, None)

    def fail(self, condition: str, problem: str) -> None:
        """Take note that `condition` is not met, and why."""
        self._set(condition, problem)

    def verdict(self) -> ProbeResult:
        """Tell whether all conditions are met."""
        with self._lock:
            problems = dict(self._problems)
        lines = tuple(f"{name}: {problem or 'ok'}" for name, problem in problems.items())
        return ProbeResult(not any(problems.values()), lines)

    def _set(self, condition: str, problem: str | None) -> None:
        with self._lock:
            if condition not in self._problems:
                raise ValueError(f"no condition {condition!r}: {', '.join(self._problems)}")
            self._problems[condition] = problem


@dataclass(frozen=True, slots=True)
class Watch:
    """Something that must make progress: for how many seconds it has stalled, and may."""

    name: str
    stalled_seconds: Callable[[], float]
    limit: float


class Liveness:
    """Judges watches. From any thread."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = tuple(watches)

    def verdict(self) -> ProbeResult:
        """Return whether everything makes progress."""
        good, lines = True, []
        for watch in self._watches:
            seconds = watch.stalled_seconds()
            stuck = seconds > watch.limit
            good &= not stuck
            lines.append(
                f"{watch.name}: no progress for {seconds:.0f} s" if stuck else f"{watch.name}: ok"
            )
        return ProbeResult(good, tuple(lines))
