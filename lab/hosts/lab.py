"""A small fleet on this machine: hosts in one network, a key to them, and Ansible to manage them.

Needs root. Everything of it is gone at the end, also what an earlier lab left that was killed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.edge_device import REPOSITORY, DeviceError, install
from lab.hosts.host import Host, SshKey
from lab.hosts.network import NAMESPACES, LabNetwork, run_tool
from lab.hosts.processes import HostProcesses
from lab.hosts.root import ACCOUNT, HostRoot

TOOLS = {"ssh": "openssh-client", "nsenter": "util-linux", "unshare": "util-linux"}
COLLECTION = ("iot_facerecognition", "appliance")
_NAME = "iotfr"
_numbers = count(1)


class HostLab:
    """A context manager around hosts; `folder` holds their disks, on a file system for overlays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, Host] = {}
        self._name = f"{_NAME}-{os.getpid()}-{next(_numbers)}"
        # A socket's path has to be short.
        self._control_paths = f"/tmp/{self._name}"  # noqa: S108 - its own name
        self.network = LabNetwork(self._name)
        self.key = SshKey(folder / "operator", folder / "known_hosts")

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise DeviceError("hosts need root: run it with sudo")
        install(TOOLS)
        _remove_left_overs()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key.private.unlink(missing_ok=True)
        run_tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key.private])
        self.key.known_hosts.touch()
        self._link_collection()
        self.network.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ExitStack() as ends:
            ends.callback(shutil.rmtree, self._control_paths, ignore_errors=True)
            ends.callback(self.network.close)
            for host in self.hosts.values():
                ends.callback(host.remove)

    def add(
        self,
        name: str,
        root: HostRoot,
        binds: Mapping[Path, str] | None = None,
        *,
        in_place_of: Host | None = None,
    ) -> Host:
        """Return a new host, which is off. Every host knows every other's name once it boots.

        A host that takes the place of another has its address; the other is cut off.
        """
        machine = f"{self._name}-{name}"
        folder = self.folder / "hosts" / name
        host = Host(name, root, folder, self.network, self.key, machine, binds or {})
        if in_place_of is not None:
            in_place_of.cut_network()
            host.address = in_place_of.address
        host.install()
        self.hosts[name] = host
        lines = ["127.0.0.1 localhost", *(f"{h.address} {h.name}" for h in self.hosts.values())]
        for known in self.hosts.values():
            if not known.is_on():
                known.write("etc/hosts", "\n".join(lines) + "\n")
        return host

    # Ansible.

    def write_inventory(
        self,
        path: Path,
        groups: Mapping[str, Mapping[str, Mapping[str, object]]],
    ) -> Path:
        """Write an inventory: groups, their hosts, each host's variables."""
        children = {
            group: {"hosts": {name: {**self._reached(name), **own} for name, own in hosts.items()}}
            for group, hosts in groups.items()
        }
        everything = {"all": {"children": children}}
        path.write_text(json.dumps(everything, indent=2))
        return path

    def playbook(
        self, inventory: Path, *arguments: str | Path, log: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `ansible-playbook` where the hosts can be reached; keep its output in `log`."""
        started = self.start_playbook(inventory, *arguments)
        output, _ = started.communicate()
        if log is not None:
            log.write_text(output)
        return subprocess.CompletedProcess(started.args, started.returncode, output)

    def start_playbook(self, inventory: Path, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start `ansible-playbook`, both of its streams in one pipe."""
        program = Path(sys.executable).with_name("ansible-playbook")
        return subprocess.Popen(
            self.network.command(program, "--inventory", inventory, *arguments),
            env=self.ansible_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def listed_inventory(self, inventory: Path, api_token: str) -> dict[str, Any]:
        """Return what Ansible reads out of an inventory. Raises DeviceError."""
        program = Path(sys.executable).with_name("ansible-inventory")
        settings = {
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
            "IOT_FACERECOGNITION_API_TOKEN": api_token,
        }
        listed: dict[str, Any] = json.loads(
            run_tool(
                self.network.command(program, "--inventory", inventory, "--list"),
                self.ansible_environment() | settings,
            )
        )
        return listed

    def ansible_environment(self) -> dict[str, str]:
        """Return where Ansible finds the collection, and that it writes only in `folder`."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("ANSIBLE_")}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "ansible/tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": self._control_paths,
            "ANSIBLE_TIMEOUT": "10",
            "LC_ALL": "C.UTF-8",
        }

    def _reached(self, name: str) -> dict[str, object]:
        host = self.hosts[name]
        return {
            "ansible_host": host.address,
            "ansible_user": ACCOUNT,
            "ansible_become": True,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_private_key_file": str(self.key.private),
            "ansible_ssh_common_args": " ".join(host.ssh_options()[2:]),
        }

    def _link_collection(self) -> None:
        namespace, name = COLLECTION
        place = self.folder / "collections/ansible_collections" / namespace / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(REPOSITORY / "ansible")


def _remove_left_overs() -> None:
    """End the hosts of labs whose process is gone, and remove their networks."""
    for namespace in sorted(NAMESPACES.glob(f"{_NAME}-*")):
        found = re.match(rf"{_NAME}-(\d+)-\d+", namespace.name)
        if found is None or Path(f"/proc/{found[1]}").exists():
            continue
        processes = HostProcesses(namespace.name)
        processes.kill()
        processes.close()
        with suppress(DeviceError):
            run_tool(["ip", "netns", "del", namespace.name])
        shutil.rmtree(f"/tmp/{found[0]}", ignore_errors=True)  # noqa: S108 - its own name
