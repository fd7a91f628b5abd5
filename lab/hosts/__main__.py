"""Boot hosts to try a role or a playbook on, until Ctrl-C.

Usage: python -m lab.hosts [--folder FOLDER] NAME=bookworm|trixie[:server] ...
A host has what an edge needs installed, with `:server` what a server and its monitoring need.
"""

import argparse
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.edge_device import DeviceError
from lab.hosts.lab import HostLab
from lab.hosts.root import ACCOUNT, EDGE_PACKAGES, SERVER_PACKAGES, HostRoot


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot the hosts, say how to reach them, and wait; return the exit status."""
    parser = argparse.ArgumentParser(prog="lab.hosts", description=__doc__.splitlines()[0])
    parser.add_argument("hosts", nargs="+", metavar="NAME=SUITE[:server]")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="kept at the end")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="iotfr-hosts-", dir="/var/tmp") as temporary:
        folder = given.folder or Path(temporary)
        try:
            with HostLab(folder) as lab:
                _boot(lab, given.hosts)
                signal.pause()
        except DeviceError as error:
            print(f"hosts: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0
    return 0


def _boot(lab: HostLab, hosts: Sequence[str]) -> None:
    groups: dict[str, dict[str, dict[str, object]]] = {"edges": {}, "servers": {}}
    for word in hosts:
        name, _, kind = word.partition("=")
        suite, _, what = kind.partition(":")
        packages = SERVER_PACKAGES if what == "server" else EDGE_PACKAGES
        lab.add(name, HostRoot(suite, packages))
        groups["servers" if what == "server" else "edges"][name] = {}
    for host in lab.hosts.values():
        host.power_on()
    for host in lab.hosts.values():
        host.until_up()
        command = lab.network.command("ssh", *host.ssh_options(), f"{ACCOUNT}@{host.address}")
        print(f"{host.name}: {shlex.join(command)}")
    inventory = lab.write_inventory(lab.folder / "inventory.yml", groups)
    environment = lab.ansible_environment()
    words = [f"{name}={environment[name]}" for name in environment if name.startswith("ANSIBLE_")]
    program = Path(sys.executable).with_name("ansible-playbook")
    playbook = lab.network.command("env", *words, program, "--inventory", inventory)
    print(f"playbooks: {shlex.join(playbook)} PLAYBOOK", flush=True)


if __name__ == "__main__":
    sys.exit(main())
