"""`python -m benchmarks.attack`: see the package."""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks import command
from benchmarks.attack.attacker import attack_apart
from benchmarks.attack.catalogue import ATTACKS
from benchmarks.attack.field import VICTIMS, MemoryWatch, add_token, target_of
from benchmarks.attack.report import Row, markdown, plain
from benchmarks.attack.values import PROXY, Attack, Target
from benchmarks.attack.victims import Noticed, Victims
from benchmarks.machine import machine
from benchmarks.scenes import references
from benchmarks.server_metrics import ENABLED
from lab.server_process import ServerProcess

FIRST_SECONDS: Final = 20.0
"""For which the victims are watched before the first attack."""
QUIET_SECONDS: Final = 2.0
"""For which they are watched before each: these times together are what an attack is compared
with, since the 95th percentile of a few seconds varies by a fifth by itself."""
SETTLE_SECONDS: Final = 1.0
SETTINGS: Final = {"Metrics": ENABLED, "Connection": {"ProxyProtocolFrom": PROXY}}


class Trial:
    """Tries attacks while victims stream, and remembers what they notice in between."""

    def __init__(self, target: Target, victims: Victims) -> None:
        self._target = target
        self._victims = victims
        self._quiet = Noticed((), 0.0)

    def watch(self, seconds: float) -> None:
        """Watch the victims for so long without an attack."""
        begin = time.monotonic()
        time.sleep(seconds)
        self._quiet += self._victims.between(begin, time.monotonic())

    def measure(self, attack: Attack, seconds: float) -> Row:
        """Attack once, between a quiet time and one in which its effects may still come."""
        before = time.monotonic()
        self.watch(QUIET_SECONDS)
        with MemoryWatch(self._target.pid) as memory:
            begin = time.monotonic()
            outcome = attack_apart(attack, self._target, max(seconds, attack.seconds))
            end = time.monotonic()
        time.sleep(SETTLE_SECONDS)
        during = self._victims.between(begin, end)
        whole = self._victims.between(before, time.monotonic())
        return Row(attack, outcome, self._quiet, during, whole, memory.rise)


def attack_all(attacks: list[Attack], seconds: float, folder: Path) -> tuple[list[Row], bool]:
    """Start a server and its victims, attack, and print each row as it comes.

    Returns the rows, and whether the server ended in order afterwards.
    """
    rows = []
    with ServerProcess(folder, references(), SETTINGS) as server:
        target = target_of(server)
        with Victims(server.access, [add_token(server, name) for name in VICTIMS]) as victims:
            time.sleep(SETTLE_SECONDS)
            trial = Trial(target, victims)
            trial.watch(FIRST_SECONDS)
            for attack in attacks:
                rows.append(trial.measure(attack, seconds))
                print(plain(rows[-1]), flush=True)
        begun = time.monotonic()
        code = server.stop()
        took = time.monotonic() - begun
    print(f"\nSIGTERM: exit code {code} after {took:.1f} s")
    return rows, code == 0


def main() -> int:
    """Print the table; 1 when a promise was not held, or the server did not end in order."""
    parser = argparse.ArgumentParser(prog="benchmarks.attack", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="attack only these")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack, at least")
    parser.add_argument("--list", action="store_true", help="list the attacks and end")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to FILE")
    options = parser.parse_args()
    if options.list:
        for attack in ATTACKS.values():
            print(f"{attack.name:<36} {attack.title}")
        return 0
    unknown = set(options.names) - set(ATTACKS)
    if unknown:
        parser.error(f"no such attack: {', '.join(sorted(unknown))} (--list names them)")
    attacks = [attack for attack in ATTACKS.values() if attack.name in (options.names or ATTACKS)]
    print(f"{machine()}\ntwo victims, 10 frames a second each, through every attack\n")
    with tempfile.TemporaryDirectory() as name:
        rows, ended = attack_all(attacks, options.seconds, Path(name) / "server")
    if options.markdown:
        options.markdown.write_text(f"{machine()}\n\n{markdown(rows)}\n")
    missed = [row.attack.title for row in rows if row.misses]
    print(f"{len(rows) - len(missed)} of {len(rows)} attacks held")
    return 1 if missed or not ended else 0


if __name__ == "__main__":
    sys.modules["__main__"].__doc__ = "Attack a real server on loopback while two victims stream."
    command.run(main)
