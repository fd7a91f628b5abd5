"""One attack, in a process of its own: `python -m benchmarks.attack.attacker NAME TARGET SECONDS`.

TARGET is JSON, and so is what it prints. It takes what processor time the server and its victims
leave, since an attacker's machine is not the server's.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

from benchmarks import command
from benchmarks.attack.catalogue import ATTACKS
from benchmarks.attack.values import Attack, Outcome, Target

_PATIENCE_SECONDS = 60.0
"""How long an attacker may take beyond its time: some wait for the server's last word."""


def attack_apart(attack: Attack, target: Target, seconds: float) -> Outcome:
    """Run `attack` in a process of its own; one that fails did not hold."""
    arguments = [attack.name, json.dumps(target.attacked_by(attack).document()), str(seconds)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.attack.attacker", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds + _PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Outcome(0, f"the attacker hung for {seconds + _PATIENCE_SECONDS:.0f} s", held=False)
    if done.returncode:
        return Outcome(0, f"the attacker failed: {done.stderr.strip()[-200:]}", held=False)
    return Outcome(**json.loads(done.stdout))


def main() -> None:
    """Run the attack of the command line."""
    name, target, seconds = sys.argv[1:]
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    until = time.monotonic() + float(seconds)
    print(json.dumps(asdict(ATTACKS[name].run(Target.of(json.loads(target)), until))))


if __name__ == "__main__":
    command.run(main)
