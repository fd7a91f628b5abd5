"""Debian roots that hosts boot from: made once by mmdebstrap, cached, never written to afterwards.

A host has no way out of its network, so what a role installs has to be in its root. The root is as
an owner would find a fresh machine otherwise: an account that may use sudo, SSH by key only, no
archive in apt's lists.
"""

import fcntl
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.edge_device import LABS, DeviceError, install

TOOLS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container"}
ACCOUNT = "fleet"
"""Who logs in by SSH; sudo asks for no password."""
ACCOUNT_ID = 1000
_SYSTEM = (
    *("systemd", "systemd-sysv", "systemd-timesyncd", "udev", "dbus", "openssh-server"),
    *("python3", "python3-apt", "sudo", "iproute2", "ca-certificates", "netbase", "procps"),
)
"""What every Debian with SSH and Ansible has."""
EDGE_PACKAGES = (
    *("python3-evdev", "python3-numpy", "python3-pygame", "python3-sdnotify"),
    "python3-pil",
    *("fonts-dejavu-core", "libturbojpeg0", "gnupg", "nftables", "unattended-upgrades", "polkitd"),
)
"""What the edge's package and role need, and `_TRIXIE_ONLY` where that is new enough."""
SERVER_PACKAGES = (
    *("libturbojpeg0", "openssl", "nftables", "python3-venv"),
    *("prometheus", "prometheus-alertmanager"),
)
_TRIXIE_ONLY = ("python3-websockets",)
"""Debian 12 has version 10 of it, which the edge's package does not use."""
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_PREPARE = f"""set -eu
chroot "$1" useradd --create-home --uid {ACCOUNT_ID} --shell /bin/bash {ACCOUNT}
echo '{ACCOUNT} ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/{ACCOUNT}"
chmod 440 "$1/etc/sudoers.d/{ACCOUNT}"
echo 'PasswordAuthentication no' >"$1/etc/ssh/sshd_config.d/lab.conf"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/*
mkdir -p "$1/var/log/journal"
chroot "$1" systemctl --quiet disable apt-daily.timer apt-daily-upgrade.timer || true
for daemon in prometheus prometheus-alertmanager nftables; do
    chroot "$1" systemctl --quiet disable "$daemon.service" 2>/dev/null || true
done
"""


@dataclass(frozen=True, slots=True)
class HostRoot:
    """A release of Debian with packages beyond the system's."""

    suite: str
    packages: tuple[str, ...] = ()

    def path(self) -> Path:
        """Return the root, made at the first call (a minute). Raises DeviceError."""
        install(TOOLS)
        place = self._place()
        place.parent.mkdir(parents=True, exist_ok=True)
        # Two labs that begin at once need it made once.
        with (place.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.is_dir():
                print(f"hosts: making a root of Debian {self.suite} (a minute) …", flush=True)
                self._make(place)
        return place

    def _make(self, place: Path) -> None:
        new = place.with_name(f"{place.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=minbase"]
        command += [f"--include={','.join(self._all())}"]
        command += [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
        command += [f"--customize-hook={_PREPARE}", self.suite, new]
        if subprocess.run(command, check=False).returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise DeviceError(
                f"mmdebstrap could not make a root of {self.suite}: is its mirror reachable?"
            )
        new.rename(place)

    def _place(self) -> Path:
        recipe = "\n".join((*self._all(), _PREPARE, *_LEFT_OUT))
        digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
        return LABS / "hosts" / f"{self.suite}-{digest}"

    def _all(self) -> tuple[str, ...]:
        newer = _TRIXIE_ONLY if self.suite != "bookworm" and self.packages else ()
        return (*_SYSTEM, *self.packages, *newer)


EDGE_BOOKWORM = HostRoot("bookworm", EDGE_PACKAGES)
EDGE_TRIXIE = HostRoot("trixie", EDGE_PACKAGES)
