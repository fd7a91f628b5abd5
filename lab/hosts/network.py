"""The hosts' network: a bridge in a network namespace of its own, and one namespace a host.

Nothing of it is in this machine's own network, and there is no way out.
"""

import ctypes
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.edge_device import DeviceError, install

TOOLS = {"ip": "iproute2"}
_PREFIX = "10.77.0"
_BRIDGE = "br0"
NAMESPACES = Path("/run/netns")
_NETWORK = 0x40000000
"""CLONE_NEWNET of linux/sched.h."""


class LabNetwork:
    """A bridge with up to 250 hosts at it; `name` is unique on this machine."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ports: dict[str, str] = {}

    def open(self) -> None:
        """Make the bridge. Raises DeviceError."""
        install(TOOLS)
        _ip("netns", "add", self.name)
        self._inside("link", "set", "lo", "up")
        self._inside("link", "add", _BRIDGE, "type", "bridge")
        self._inside("addr", "add", f"{_PREFIX}.1/24", "dev", _BRIDGE)
        self._inside("link", "set", _BRIDGE, "up")

    def close(self) -> None:
        """Remove everything."""
        for host in list(self._ports):
            self.remove(host)
        subprocess.run(["ip", "netns", "del", self.name], check=False, stderr=subprocess.DEVNULL)

    def add(self, host: str, address: str = "") -> tuple[Path, str]:
        """Plug a host in; return the path of its namespace and its address. Raises DeviceError.

        An `address` is given to a host that takes another's place, which has to be cut off.
        """
        number = len(self._ports) + 2
        port, namespace = f"port{number}", self._namespace(host)
        address = address or f"{_PREFIX}.{number}"
        _ip("netns", "add", namespace)
        self._ports[host] = port
        self._inside(
            "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace
        )
        self._inside("link", "set", port, "master", _BRIDGE, "up")
        for step in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"{address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            _ip("-n", namespace, *step)
        return NAMESPACES / namespace, address

    def remove(self, host: str) -> None:
        """Take a host's namespace away."""
        del self._ports[host]
        command = ["ip", "netns", "del", self._namespace(host)]
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)

    def cut(self, host: str) -> None:
        """Let nothing through to or from a host; its link stays up, as behind a dead router."""
        self._inside("link", "set", self._ports[host], "nomaster")

    def mend(self, host: str) -> None:
        """Undo `cut`."""
        self._inside("link", "set", self._ports[host], "master", _BRIDGE)

    def command(self, *words: str | Path) -> list[str]:
        """Return `words` as a command that runs where all hosts can be reached."""
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def enter(self) -> None:
        """Let the calling thread, for the rest of its life, make its connections in the network."""
        with (NAMESPACES / self.name).open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NETWORK):
                raise DeviceError(f"setns: {os.strerror(ctypes.get_errno())}")

    def _namespace(self, host: str) -> str:
        return f"{self.name}-{host}"

    def _inside(self, *words: str) -> None:
        _ip("-n", self.name, *words)


def _ip(*words: str) -> None:
    run_tool(["ip", *words])


def run_tool(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> str:
    """Run a tool; return what it printed. Raises DeviceError with what it said."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise DeviceError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout
