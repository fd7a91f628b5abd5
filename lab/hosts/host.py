"""One real systemd host: systemd-nspawn in a network namespace, over a disk that survives it."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.edge_device import DeviceError
from lab.hosts.network import LabNetwork, run_tool
from lab.hosts.processes import HostProcesses
from lab.hosts.root import ACCOUNT, ACCOUNT_ID, HostRoot

BOOT_PATIENCE = 120.0
"""Seconds for systemd to be up; it takes five."""
POWER_OFF_PATIENCE = 60.0
"""Seconds for it to shut down."""
_POWER = """set -eu
for group in $GROUPS_TO_JOIN; do echo $$ >"$group"; done
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$MERGED"
while :; do
    code=0
    "$@" || code=$?
    # What nspawn ends with when its host wants to be started again.
    [ "$code" = 133 ] || exit "$code"
done
"""
"""What a power supply does: a host that reboots gets its power again."""


@dataclass(frozen=True, slots=True)
class SshKey:
    """How one logs in to the hosts: the private key's file, and the file of known hosts."""

    private: Path
    known_hosts: Path

    @property
    def public(self) -> str:
        """The line for `authorized_keys`."""
        return self.private.with_name(f"{self.private.name}.pub").read_text()


@dataclass(slots=True)
class Host:
    """A machine of the lab, off at first. `folder` is its disk, and holds what its console said.

    `binds` are folders of this machine that it can read at the paths given.
    """

    name: str
    root: HostRoot
    folder: Path
    network: LabNetwork
    key: SshKey
    machine: str
    binds: Mapping[Path, str] = field(default_factory=dict)
    address: str = ""
    _namespace: Path = Path()
    _processes: HostProcesses | None = None
    _power: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Give it a network, an empty disk over its root, and an identity of its own."""
        self._namespace, self.address = self.network.add(self.name, self.address)
        self._processes = HostProcesses(self.machine)
        for name in ("upper", "work", "merged"):
            (self.folder / name).mkdir(parents=True)
        files = {
            "etc/hostname": f"{self.name}\n",
            "etc/machine-id": f"{secrets.token_hex(16)}\n",
            "etc/resolv.conf": "",
        }
        for path, content in files.items():
            self.write(path, content)
        self._let_the_operator_in()

    def write(self, path: str, content: str | bytes) -> None:
        """Write a file to the disk of a host that is off."""
        place = self.folder / "upper" / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())

    # Power.

    def start(self) -> None:
        """Give it power, and wait until it is up. Raises DeviceError."""
        self.power_on()
        self.until_up()

    def power_on(self) -> None:
        """Give it power. Raises DeviceError."""
        if self.is_on():
            raise DeviceError(f"{self.name} runs already")
        assert self._processes is not None
        groups = self._processes.open()
        disk = {
            "LOWER": str(self.root.path()),
            "UPPER": str(self.folder / "upper"),
            "WORK": str(self.folder / "work"),
            "MERGED": str(self.folder / "merged"),
            "GROUPS_TO_JOIN": " ".join(map(str, groups)),
        }
        # What is mounted goes with its namespace.
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _POWER, "power"]
        with (self.folder / "console.txt").open("ab") as console:
            self._power = subprocess.Popen(
                [*command, *self._nspawn()],
                env=os.environ | disk,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_on(self) -> bool:
        """Return whether it has power and has not ended by itself."""
        return self._power is not None and self._power.poll() is None

    def power_cut(self) -> None:
        """Pull the plug: everything of the host is killed at once."""
        if self._processes is not None:
            # The first process takes all others of its namespace with it in the same moment.
            leader = self._leader()
            if leader:
                with suppress(ProcessLookupError):
                    os.kill(leader, signal.SIGKILL)
            self._processes.kill()
        if self._power is not None:
            self._power.wait()
            self._power = None
        self._clean_up_after_nspawn()

    def power_off(self) -> None:
        """Shut it down as `systemctl poweroff` does; a host that does not end is cut off."""
        if self.is_on():
            assert self._power is not None
            self.console("systemctl", "--no-block", "poweroff", check=False)
            with suppress(subprocess.TimeoutExpired):
                self._power.wait(POWER_OFF_PATIENCE)
        self.power_cut()

    def reboot(self) -> None:
        """Let it reboot, and wait until it is up again. Raises DeviceError."""
        before = self._leader()
        self.console("systemctl", "--no-block", "reboot")
        self.until(lambda: self._leader() not in {0, before}, BOOT_PATIENCE, "to reboot")
        self.until_up()

    def until_up(self) -> None:
        """Wait until systemd has started everything. Raises DeviceError."""
        self.until(self._is_up, BOOT_PATIENCE, "to be up")

    def remove(self) -> None:
        """Cut it off and forget it, its disk too."""
        self.power_cut()
        if self._processes is not None:
            self._processes.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> set[int]:
        """Return the ids that its processes have on this machine."""
        return set() if self._processes is None else self._processes.ids()

    # Network.

    def cut_network(self) -> None:
        """Let nothing through to or from it."""
        self.network.cut(self.name)

    def mend_network(self) -> None:
        """Undo `cut_network`."""
        self.network.mend(self.name)

    # What is done on it.

    def console(self, *command: str, check: bool = True, given: bytes = b"") -> str:
        """Run a command as root, without its network; return what it printed."""
        leader = self._leader()
        if not leader:
            raise DeviceError(f"{self.name} is off")
        enter = ["nsenter", "--target", str(leader)]
        enter += ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        return _run([*enter, *command], check=check, given=given)

    def ssh(self, *command: str) -> str:
        """Run a command as the operator does, over the network; return what it printed."""
        return _run(
            self.network.command("ssh", *self.ssh_options(), f"{ACCOUNT}@{self.address}", *command),
            check=True,
            given=b"",
        )

    def ssh_options(self) -> tuple[str, ...]:
        """Return ssh's options for this host: its key, and no other."""
        return (
            *("-i", str(self.key.private), "-o", "IdentitiesOnly=yes"),
            *("-o", f"UserKnownHostsFile={self.key.known_hosts}"),
            *("-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=5"),
            *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
        )

    def shown(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.console("systemctl", "show", "--value", "--property", name, unit)

    def journal(self, unit: str) -> str:
        """Return what a unit logged, and systemd about it."""
        return self.console("journalctl", "--no-pager", "--output=cat", "--unit", unit)

    def read_json(self, path: str) -> object:
        """Return a JSON file of the host; None where there is none."""
        text = self.console("sh", "-c", f"cat '{path}' 2>/dev/null || true")
        return json.loads(text) if text else None

    def until(self, seen: Callable[[], object], patience: float, what: str) -> None:
        """Wait until `seen` holds. Raises DeviceError after `patience` seconds."""
        end = time.monotonic() + patience
        while not seen():
            if time.monotonic() > end:
                raise DeviceError(f"waited {patience:.0f} s for {self.name} {what}, in vain")
            time.sleep(0.2)

    # How.

    def _nspawn(self) -> list[str]:
        command = ["systemd-nspawn", "--quiet", "--boot", "--keep-unit", "--register=no"]
        command += ["--directory", str(self.folder / "merged"), "--machine", self.machine]
        command += [f"--network-namespace-path={self._namespace}", f"--hostname={self.name}"]
        command += ["--console=read-only", "--resolv-conf=off", "--timezone=off"]
        # A host filters its own packets, in its own network.
        command += ["--capability=CAP_NET_ADMIN"]
        command += [f"--bind-ro={ours}:{theirs}" for ours, theirs in self.binds.items()]
        return command

    def _let_the_operator_in(self) -> None:
        home = self.folder / "upper/home" / ACCOUNT
        self.write(f"home/{ACCOUNT}/.ssh/authorized_keys", self.key.public)
        home.chmod(0o700)
        for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
            os.chown(path, ACCOUNT_ID, ACCOUNT_ID)
        (home / ".ssh").chmod(0o700)
        host_key = self.folder / "upper/etc/ssh/ssh_host_ed25519_key"
        host_key.parent.mkdir(parents=True, exist_ok=True)
        run_tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", host_key])
        kind, public, _ = host_key.with_suffix(".pub").read_text().split()
        with self.key.known_hosts.open("a") as known:
            known.write(f"{self.address} {kind} {public}\n")

    def _leader(self) -> int:
        """Return the id of its first process on this machine; 0 while there is none."""
        if self._power is None:
            return 0
        for nspawn in _children(self._power.pid):
            for child in _children(nspawn):
                if _number_inside(child) == 1:
                    return child
        return 0

    def _is_up(self) -> bool:
        if not self.is_on():
            said = (self.folder / "console.txt").read_text(errors="replace")[-2000:]
            raise DeviceError(f"{self.name} ended:\n{said}")
        if not self._leader():
            return False
        state = self.console("systemctl", "is-system-running", check=False)
        return state.rpartition("\n")[2] in {"running", "degraded"}

    def _clean_up_after_nspawn(self) -> None:
        # What nspawn itself dares not remove where /run is on a disk.
        for left in Path("/run/systemd/nspawn").glob(f"*/{self.machine}"):
            shutil.rmtree(left, ignore_errors=True)


def _children(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return list(map(int, text.split()))


def _number_inside(process: int) -> int:
    """Return the id that a process has in its own namespace; 0 for one that is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    (line,) = (line for line in status.splitlines() if line.startswith("NSpid:"))
    return int(line.split()[-1])


def _run(command: list[str], *, check: bool, given: bytes) -> str:
    done = subprocess.run(
        command,
        input=given,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace").strip()
    if check and done.returncode:
        raise DeviceError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return said
