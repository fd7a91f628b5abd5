"""Deploying the edge under test: by this project's Ansible collection, or by its card alone."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.edge_device import REPOSITORY
from lab.hil.bench import BenchError
from lab.hil.device import until, written
from lab.hil.rig import Rig, Settings
from lab.hil.server import ServerUnderTest, fingerprint, new_token

IDENTITY = "hil"
"""Whom the server's token names."""
HOSTNAME = "hil-edge"
_ANSIBLE = {
    # A module takes an emulated processor seconds; without pipelining, twice as many.
    "ANSIBLE_PIPELINING": "true",
    "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=600",
    "ANSIBLE_HOST_KEY_CHECKING": "false",
    "ANSIBLE_NOCOLOR": "true",
}
_EMULATED = {
    "ansible_timeout": 300,
    "ansible_python_interpreter": "/usr/bin/python3",
    # Each is a handful of modules more, a minute for an emulated processor; the hosts of
    # `make test-fleet` get them all. Its hardware watchdog must not be opened, and it has no apt.
    "edge_watchdog": False,
    "edge_time": False,
    "edge_journal": False,
    "edge_ssh": False,
    "edge_unattended_upgrades": False,
    "edge_firewall": False,
}
PLAYBOOK = REPOSITORY / "ansible" / "playbooks" / "edges.yml"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is deployed: the `package`, and an edge with these `settings` that finds its server."""

    package: Path
    server_host: str
    server_port: int
    settings: Settings


class Deployment:
    """Deploys `wanted` in one of three ways, named by `mode`: `ansible`, `card` or `none`."""

    def __init__(self, mode: str, wanted: Wanted, server: ServerUnderTest, folder: Path) -> None:
        """`folder` gets inventory and log."""
        self.mode = mode
        self._wanted = wanted
        self._server = server
        self._folder = folder

    def provision(self, rig: Rig) -> None:
        """Write the card, with what the chosen way needs on it. Raises BenchError."""
        if self.mode == "none":
            return
        connection: dict[str, str | int] = {}
        if self.mode == "card":
            connection = {
                "server": self._wanted.server_host,
                "port": self._wanted.server_port,
                "token": new_token(self._server, IDENTITY),
                "fingerprint": fingerprint(self._server),
            }
        text = card_settings(HOSTNAME, rig.public_key, connection, self._wanted.settings)
        rig.provision(self._wanted.package, text)

    def deploy(self, rig: Rig) -> float:
        """Bring the running device to what is wanted; return the seconds that it took.

        Raises BenchError with the end of Ansible's log.
        """
        if not rig.on:
            rig.power_on()
        until(lambda: rig.shell.answers(60), rig.goals.patience, "the device's shell")
        began = time.monotonic()
        if self.mode == "ansible":
            self._play(rig)
        return time.monotonic() - began

    def _play(self, rig: Rig) -> None:
        if not PLAYBOOK.exists():
            raise BenchError(f"{PLAYBOOK} is missing; --hil-deploy card deploys without Ansible")
        inventory = self._folder / "inventory.json"
        inventory.write_text(json.dumps(self._inventory(rig), indent=1))
        inventory.chmod(0o600)
        ansible = Path(sys.executable).with_name("ansible-playbook")
        log = self._folder / "ansible.txt"
        with log.open("wb") as output:
            ended = subprocess.run(
                [ansible, "--inventory", inventory, PLAYBOOK],
                env=os.environ | _ANSIBLE,
                cwd=REPOSITORY / "ansible",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if ended.returncode:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
            raise BenchError(f"the playbook ended with {ended.returncode}; {log} ends with\n{last}")

    def _inventory(self, rig: Rig) -> dict[str, Any]:
        destination, wanted = rig.shell.destination, self._wanted
        user, _, host = destination.host.rpartition("@")
        edge: dict[str, Any] = {
            "ansible_host": host,
            "ansible_port": destination.port,
            "ansible_ssh_common_args": shlex.join(destination.options[2:]),
            "edge_identity": IDENTITY,
            "edge_deb": str(wanted.package.resolve()),
            "edge_server_address": wanted.server_host,
            "edge_server_port": wanted.server_port,
            "edge_settings": {key: written(value) for key, value in wanted.settings.items()},
            "edge_verify_seconds": round(rig.goals.patience),
            **(_EMULATED if rig.emulated else {}),
        }
        if user:
            edge["ansible_user"] = user
        server = {"ansible_connection": "local", "server_command": self._server.command}
        server["ansible_python_interpreter"] = sys.executable
        return {
            "edges": {"hosts": {IDENTITY: edge}},
            "servers": {"hosts": {"hil-server": server}},
        }


def card_settings(
    name: str, key: str, connection: Mapping[str, str | int], settings: Settings
) -> str:
    """Return the card's settings file: a host `name`, an SSH `key` (none where it is empty).

    With a `connection` (server, port, token, fingerprint) it deploys the edge by itself, `settings`
    included.
    """
    lines = ['config_version = "1.0"', "[system]", f"hostname = {_toml(name)}"]
    if key:
        lines += ["[ssh]", f"authorized_keys = [{_toml(key)}]"]
    if connection:
        lines += ["[iot-facerecognition]", f"name = {_toml(IDENTITY)}"]
        lines += [f"{key} = {_toml(value)}" for key, value in connection.items()]
        lines.append("[iot-facerecognition.settings]")
        lines += [f"{key} = {_toml(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def _toml(value: str | float | bool) -> str:
    # TOML's basic strings, numbers and booleans are written as JSON's.
    return json.dumps(value)
