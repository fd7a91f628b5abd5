"""A shell on the device over SSH, with one connection for all commands.

A handshake takes a Zero seconds; with OpenSSH's ControlMaster only the first command pays it.
"""

import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


class DeviceCommandError(AssertionError):
    """A command failed on the device, or the device was not reached; the message has its output."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the device's SSH is: `host` may begin with `user@`; `key` None is SSH's own choice."""

    host: str
    port: int = 22
    key: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """What `ssh` and Ansible are given; a freshly written card has a new host key each time."""
        given = ["-p", str(self.port), "-o", "BatchMode=yes"]
        given += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        given += [
            "-o",
            "LogLevel=ERROR",
            "-o",
            "ServerAliveInterval=30",
            "-o",
            "IdentityAgent=none",
        ]
        if self.key is not None:
            given += ["-i", str(self.key), "-o", "IdentitiesOnly=yes"]
        return tuple(given)


class Shell:
    """Runs commands at `destination`."""

    def __init__(self, destination: Destination, patience: float = 120.0) -> None:
        """`patience` are the seconds that a command may take unless it is given its own."""
        self.destination = destination
        self._patience = patience
        # A socket's path has to be short.
        self._folder = Path(tempfile.mkdtemp(prefix="hil-ssh-"))

    def run(
        self,
        script: str,
        *,
        root: bool = False,
        given: bytes = b"",
        check: bool = True,
        patience: float | None = None,
    ) -> str:
        """Run `script` by the device's sh, as root by sudo; return what it printed, stripped.

        Raises DeviceCommandError when it fails (unless not to `check`) or is not done in time.
        """
        return self.raw(script, root=root, given=given, check=check, patience=patience).decode(
            errors="replace"
        ).strip()  # fmt: skip

    def raw(
        self,
        script: str,
        *,
        root: bool = False,
        given: bytes = b"",
        check: bool = True,
        patience: float | None = None,
    ) -> bytes:
        """Run `script` as `run` does; return the bytes that it printed."""
        seconds = self._patience if patience is None else patience
        command = [*self.command(seconds), remote(script, root=root)]
        try:
            done = subprocess.run(
                command, input=given, capture_output=True, check=False, timeout=seconds
            )
        except FileNotFoundError:
            raise DeviceCommandError("ssh is not installed: apt install openssh-client") from None
        except subprocess.TimeoutExpired:
            raise DeviceCommandError(f"not done after {seconds:.0f} s: {script}") from None
        if check and done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace").strip()
            raise DeviceCommandError(f"ended with {done.returncode}: {script}\n{said}")
        return done.stdout

    def command(self, connect_seconds: float = 60.0) -> list[str]:
        """Return the `ssh` command up to what is to be run."""
        control = ["-o", "ControlMaster=auto", "-o", f"ControlPath={self._folder}/%C"]
        control += ["-o", "ControlPersist=600", "-o", f"ConnectTimeout={connect_seconds:.0f}"]
        return ["ssh", *control, *self.destination.options, self.destination.host]

    def answers(self, patience: float) -> bool:
        """Return whether the device runs a command within so many seconds."""
        try:
            self.run("true", patience=patience)
        except DeviceCommandError:
            return False
        return True

    def forget(self) -> None:
        """Drop the connection: the device behind it is gone, or has another address."""
        if not any(self._folder.iterdir()):  # no socket: nothing is connected
            return
        destination = self.destination
        command = ["ssh", "-O", "exit", "-o", f"ControlPath={self._folder}/%C"]
        subprocess.run(
            [*command, *destination.options, destination.host], capture_output=True, check=False
        )

    def close(self) -> None:
        """End the connection and remove its socket."""
        self.forget()
        shutil.rmtree(self._folder, ignore_errors=True)


def remote(script: str, *, root: bool) -> str:
    """Return the one word that the device's login shell has to run."""
    shell = f"sh -c {shlex.quote(script)}"
    return f"sudo -n {shell}" if root else shell
