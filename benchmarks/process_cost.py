"""What a running process costs, as Linux counts it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """Memory of a process now and the processor time that it has used so far.

    `memory` is its own (anonymous) memory in bytes: what it has made itself, without the pages of
    libraries, whose share depends on who else has them open. `cpu` is in seconds, of all threads
    that there are, by the scheduler's own count: what is sampled at ticks of the clock counts a
    thread that wakes by that clock several times over.
    """

    memory: int
    cpu: float

    @classmethod
    def of(cls, pid: int) -> "ProcessCost":
        """Read the cost of process `pid`."""
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        memory = next(
            int(line.split()[1]) * 1024 for line in rollup if line.startswith("Anonymous:")
        )
        tasks = Path(f"/proc/{pid}/task").iterdir()
        nanoseconds = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        return cls(memory, nanoseconds / 1e9)
