"""The course of an update: which phase follows which, and when. No clock, file or command here."""

from dataclasses import dataclass, replace

from iot_facerecognition_edge.update.journal import Journal, Phase

MOST_BOOTS = 3
"""Starts of the device in one probation, after which the new version is taken to cause them."""
MOST_RESTARTS = 3
"""Starts of the service in one boot of a probation, after which the new version has failed."""
UNHEALTHY_FOR = 30.0
"""Seconds without streaming until an edge that was to be switched is not switched."""
_AGAIN = "; putting the old version back is tried again, since "


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guard sees when it looks: all that the course depends on.

    `now` is the monotonic second of the boot `boot`. `unhealthy` says why the appliance does not
    stream, and is empty while it does; `failed` says why its service cannot be waited for.
    `acknowledged` is whether the server has acknowledged this attempt, `called_back` whether a
    person wants the old version back.
    """

    now: float
    boot: str
    unhealthy: str = ""
    failed: str = ""
    in_use: bool = False
    acknowledged: bool = False
    called_back: bool = False


class Course:
    """Follows one attempt from its journal; the guard does what `phase` says and reports back.

    The journal it begins with may be an earlier guard's, which was ended at any moment: by a
    signal, or with the power.
    """

    def __init__(self, journal: Journal, now: float, boot: str) -> None:
        """Take up `journal` at the monotonic second `now` of the boot `boot`."""
        self.journal = _taken_up(journal, now, boot)
        self._streamed = now

    @property
    def phase(self) -> Phase:
        """What is to be done now."""
        return self.journal.phase

    def advance(self, facts: Facts) -> None:
        """Look at `facts` while waiting: before the switch, or in probation."""
        if not facts.unhealthy:
            self._streamed = facts.now
        if self.phase is Phase.ARMED:
            self._before_switch(facts)
        elif self.phase is Phase.PROBATION:
            self._in_probation(facts)

    def switched(self, now: float, problem: str = "") -> None:
        """Say that apt is done; `problem` is why the new version is not there."""
        if problem:
            self._enter(Phase.ROLLING_BACK, now, problem)
        else:
            self._enter(Phase.PROBATION, now)

    def put_back(self, now: float, problem: str = "") -> None:
        """Say that dpkg is done; `problem` is why the old version is not there yet."""
        if not problem:
            self._enter(Phase.ROLLED_BACK, now, self.journal.reason.partition(_AGAIN)[0])
            return
        first = self.journal.reason.partition(_AGAIN)[0]
        self.journal = replace(self.journal, reason=f"{first}{_AGAIN}{problem}")

    def running(self, now: float) -> float:
        """Return the running seconds that the phase has taken until now."""
        return self.journal.counted + max(0.0, now - self.journal.mark)

    def checkpoint(self, now: float) -> None:
        """Count the running time until now, so that the journal holds it when the power fails."""
        self.journal = replace(self.journal, counted=self.running(now), mark=now)

    def _before_switch(self, facts: Facts) -> None:
        attempt, waited = self.journal.attempt, self.running(facts.now)
        if facts.called_back:
            self._enter(Phase.SKIPPED, facts.now, "called off before the switch")
        elif facts.now - self._streamed >= UNHEALTHY_FOR:
            self._enter(Phase.SKIPPED, facts.now, f"unhealthy before: {facts.unhealthy}")
        elif facts.in_use and not attempt.even_if_in_use:
            if waited >= attempt.patience:
                self._enter(
                    Phase.SKIPPED,
                    facts.now,
                    f"in use: somebody has used the touch screen for {waited:.0f} s; try again "
                    "later, or with --even-if-in-use",
                )
        elif not facts.unhealthy:
            self._enter(Phase.SWITCHING, facts.now)

    def _in_probation(self, facts: Facts) -> None:
        limit = self.journal.attempt.probation
        if facts.acknowledged:
            self.journal = replace(self.journal, acknowledged=True)
            self._enter(Phase.GOOD, facts.now)
        elif facts.called_back:
            self.journal = replace(self.journal, asked=True)
            self._enter(Phase.ROLLING_BACK, facts.now, "called off by a person in probation")
        elif facts.failed:
            self._enter(Phase.ROLLING_BACK, facts.now, facts.failed)
        elif self.running(facts.now) >= limit:
            seen = facts.unhealthy or "it streams, but not at the rate that the server expects"
            reason = f"not acknowledged by the server within {limit:.0f} s: {seen}"
            self._enter(Phase.ROLLING_BACK, facts.now, reason)

    def _enter(self, phase: Phase, now: float, reason: str = "") -> None:
        self.journal = replace(self.journal, phase=phase, reason=reason, mark=now, counted=0.0)


def _taken_up(journal: Journal, now: float, boot: str) -> Journal:
    """Return `journal` as it stands after whatever ended the guard before."""
    another_boot = journal.boot != boot
    match journal.phase:
        case Phase.PREPARED:
            reason = "interrupted before the guard was armed; nothing was changed"
            return replace(journal, phase=Phase.SKIPPED, reason=reason)
        case Phase.ARMED if another_boot:
            reason = "the device was restarted before the switch; nothing was changed"
            return replace(journal, phase=Phase.SKIPPED, reason=reason, boot=boot, mark=now)
        case Phase.SWITCHING:
            reason = (
                "the power was lost in the middle of the switch"
                if another_boot
                else "the guard was ended in the middle of the switch"
            )
            return replace(
                journal, phase=Phase.ROLLING_BACK, reason=reason, boot=boot, mark=now, counted=0.0
            )
        case Phase.PROBATION if another_boot:
            return _next_boot(journal, now, boot)
        case _:
            return replace(journal, boot=boot, mark=now) if another_boot else journal


def _next_boot(journal: Journal, now: float, boot: str) -> Journal:
    """Return `journal` in another boot: what ran before stays counted, the time between is not."""
    begun = replace(journal, boot=boot, mark=now, boots=journal.boots + 1)
    if begun.boots <= MOST_BOOTS:
        return begun
    reason = f"the device was started {begun.boots} times before the server acknowledged it"
    return replace(begun, phase=Phase.ROLLING_BACK, reason=reason, counted=0.0)
