"""The table of attacks: what was seen of each, by the attacker and by the victims."""

from dataclasses import dataclass
from typing import Final

from benchmarks.attack.values import Attack, Outcome
from benchmarks.attack.victims import Noticed

RISE_TARGET: Final = 0.20
MEMORY_TARGET: Final = 64e6
_LEAST_SHARE: Final = 0.8
"""Of the results a second, and of the faces with a name, that there are without an attack."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attack and what came of it.

    `quiet` is what the victims noticed so far while nobody attacked, `during` meanwhile, `whole`
    from the quiet time before until the effects have had time to come; `memory` is by how many
    bytes the server's own memory rose above what it was before, at most.
    """

    attack: Attack
    outcome: Outcome
    quiet: Noticed
    during: Noticed
    whole: Noticed
    memory: float

    @property
    def rise(self) -> float:
        """By which part the victims' p95 was longer."""
        return self.during.p95 / self.quiet.p95 - 1 if self.quiet.p95 else float("inf")

    @property
    def misses(self) -> list[str]:
        """What was promised and not held, in a few words each."""
        quiet_share = self.quiet.named / max(1, self.quiet.results)
        share = self.during.named / max(1, self.during.results)
        found = {
            "promise": not self.outcome.held,
            "p95": self.rise >= RISE_TARGET,
            "memory": self.memory >= MEMORY_TARGET,
            "wrong name": self.whole.wrong > 0,
            "names": share < _LEAST_SHARE * quiet_share,
            "cut": self.whole.lost > 0,
            "results": self.during.rate < _LEAST_SHARE * self.quiet.rate,
            "silence": not self.during.results or not self.quiet.results,
        }
        return [what for what, missed in found.items() if missed]

    @property
    def verdict(self) -> str:
        """`held`, or what was missed."""
        return "missed: " + ", ".join(self.misses) if self.misses else "held"

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        return (
            self.attack.title,
            f"{self.outcome.tries}",
            self.attack.promise,
            self.outcome.seen,
            f"{self.quiet.p95:.0f} → {self.during.p95:.0f} ms ({self.rise:+.0%})",
            f"{self.memory / 1e6:+.0f} MB",
            self.verdict,
        )


HEADER: Final = ("attack", "tries", "promised", "seen", "others' p95", "memory", "verdict")


def markdown(rows: list[Row]) -> str:
    """Return all rows as a table of a document."""
    lines = ["| " + " | ".join(HEADER) + " |", "|---" * len(HEADER) + "|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)


def plain(row: Row) -> str:
    """Return one row for a terminal: a line of figures, and one of words."""
    title, tries, _, seen, p95, memory, verdict = row.cells()
    return f"{title:<46} {tries:>7}  {p95:>26}  {memory:>8}  {verdict}\n    {seen}"
