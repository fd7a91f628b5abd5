"""What a running process costs, as Linux counts it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """Memory of a process now and the processor time that it has used so far.

    `memory` is its own (anonymous) memory in bytes: what it has made itself, without the pages of
    libraries, whose share depends on who else has them open. `cpu` is in seconds, of all threads.
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
        # The name of the program, in brackets, may hold spaces.
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return cls(memory, (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK"))
