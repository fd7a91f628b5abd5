"""How often each label or name was seen."""

from dataclasses import dataclass

from iot_facerecognition_edge.statistics.charts import Slice

MOST_LABELS = 2000
"""Different labels that are told apart; ImageNet has 1000. Later ones are counted together."""
SHOWN = 9
"""Slices of a pie that a person can tell apart; the others become one."""
OTHERS = "Others"


@dataclass(slots=True)
class Seen:
    """One label: how often, and the highest value it had."""

    count: int = 0
    best: float = 0.0


class Tally:
    """Counts labels, in bounded memory whatever a server sends."""

    def __init__(self, most: int = MOST_LABELS) -> None:
        self._most = most
        self._labels: dict[str, Seen] = {}
        self._others = Seen()

    def add(self, label: str, value: float = 0.0) -> None:
        """Count `label`, seen with `value`."""
        seen = self._labels.get(label)
        if seen is None:
            if len(self._labels) < self._most:
                seen = self._labels[label] = Seen()
            else:
                seen = self._others
        seen.count += 1
        seen.best = max(seen.best, value)

    def ranked(self) -> list[tuple[str, Seen]]:
        """Return every label, the most frequent first; what was not told apart comes last."""
        ranked = sorted(self._labels.items(), key=lambda item: (-item[1].count, item[0]))
        return [*ranked, (OTHERS, self._others)] if self._others.count else ranked

    def slices(self, *, percent: bool) -> tuple[Slice, ...]:
        """Return the pie; with `percent` each slice notes its best value as a percentage."""
        ranked = self.ranked()
        rest = ranked[SHOWN:]
        if rest:
            together = Seen(sum(s.count for _, s in rest), max(s.best for _, s in rest))
            ranked = [*ranked[:SHOWN], (OTHERS, together)]
        total = sum(seen.count for _, seen in ranked)
        return tuple(
            Slice(
                label,
                seen.count,
                seen.count / total,
                f"max {100 * seen.best:.0f} %" if percent else "",
            )
            for label, seen in ranked
        )
