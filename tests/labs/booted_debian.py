"""A Debian with systemd as its first process, in a container on this machine's network."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.edge_device import LABS, DeviceError, install

TOOLS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}
PACKAGES = "systemd,systemd-sysv,udev,python3,python3-sdnotify"
_BOOT = 60.0
"""Seconds for systemd to be up; it takes five."""


def debian_root() -> Path:
    """Return the root, made at the first call (a minute). Raises DeviceError."""
    install(TOOLS)
    root, made_of = LABS / "systemd", LABS / "systemd.packages"
    if not (made_of.exists() and made_of.read_text() == PACKAGES and root.is_dir()):
        print("unit: making a Debian bookworm root with systemd (a minute) …", flush=True)
        LABS.mkdir(parents=True, exist_ok=True)
        new = LABS / "systemd.new"
        for old in (new, root):
            shutil.rmtree(old, ignore_errors=True)
        command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=minbase"]
        command += [f"--include={PACKAGES}", "bookworm", new]
        if subprocess.run(command, check=False).returncode:
            raise DeviceError("mmdebstrap could not make the root")
        new.rename(root)
        made_of.write_text(PACKAGES)
    return root


class BootedDebian:
    """Boots a root whose changes are forgotten at the end; a context manager that ends it."""

    def __init__(self, root: Path, binds: Mapping[Path, str], more: Sequence[str] = ()) -> None:
        """`binds` are folders of this machine that are seen, not written, in the container.

        `more` are further arguments of systemd-nspawn.
        """
        self._command: list[str | Path] = ["systemd-nspawn", "--quiet", "--boot"]
        self._machine = f"edge-{os.getpid()}"
        self._command += ["--directory", root, "--machine", self._machine]
        self._command += ["--keep-unit", "--register=no", "--volatile=overlay"]
        self._command += ["--console=read-only"]
        self._command += [f"--bind-ro={ours}:{theirs}" for ours, theirs in binds.items()]
        self._command += more
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._first = 0

    def __enter__(self) -> Self:
        self._nspawn = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        self.until(self._is_up, _BOOT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._nspawn is not None
        # nspawn asks the container's systemd to power off.
        self._nspawn.send_signal(signal.SIGTERM)
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()
            # Its container outlives it, until the first process has ended, and all others with it.
            with suppress(ProcessLookupError):
                os.kill(self._first, signal.SIGKILL)
        self._sweep()

    def cut_power(self) -> None:
        """End all of its processes at once; what they had written stays, what they meant to not."""
        assert self._nspawn is not None
        os.kill(self._first, signal.SIGKILL)
        self._nspawn.wait(30)
        self._sweep()

    def _sweep(self) -> None:
        """Remove what nspawn itself dares not remove where /run is on a disk."""
        for left in Path("/run/systemd/nspawn").glob(f"*/{self._machine}"):
            shutil.rmtree(left, ignore_errors=True)

    def run(self, *command: str, check: bool = True, given: bytes = b"") -> str:
        """Run a command in the container as root; return what it printed."""
        enter = ["nsenter", "--target", str(self._first), "--mount", "--uts", "--ipc", "--pid"]
        done = subprocess.run(
            [*enter, *command],
            input=given,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout.decode()}")
        return done.stdout.decode().strip()

    def until(self, seen: Callable[[], object], patience: float) -> None:
        """Wait until `seen` holds. Raises AssertionError after `patience` seconds."""
        end = time.monotonic() + patience
        while not seen():
            assert time.monotonic() < end, f"waited {patience:.0f} s in vain"
            time.sleep(0.2)

    def _is_up(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, "systemd-nspawn ended"
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text()
        if not children.split():
            return False
        self._first = int(children.split()[0])
        state = self.run("systemctl", "is-system-running", check=False)
        return state in {"running", "degraded"}
