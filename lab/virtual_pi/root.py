"""A Debian root for an ARMv6 Raspberry Pi, as bare as Raspberry Pi OS Lite is: made once, cached.

Debian bookworm for armel runs on an ARMv6 processor; Raspberry Pi OS's archives are not needed. The
packages are installed by an emulated processor (QEMU's user mode through binfmt_misc), which takes
several minutes. The kernel is Debian's for the Zero, unpacked without its scripts: those would make
an initrd of everything, and `boot_files` makes a small one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.edge_device import LABS, DeviceError, install

TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-arm-static": "qemu-user-static",
    "update-binfmts": "binfmt-support",
    "depmod": "kmod",
}
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "openssh-server", "netbase", "sudo"),
    *("busybox-static", "dosfstools", "ca-certificates", "passwd", "iproute2", "procps"),
    # What the edge's package depends on.
    *("python3", "python3-pygame", "python3-sdnotify", "python3-evdev", "python3-numpy"),
    *("libturbojpeg0", "fonts-dejavu-core"),
)
KERNEL = "linux-image-rpi"
ACCOUNT = "pi"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_FETCH_KERNEL = rf"""set -eu
cd "$1"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
image=$(apt-cache depends {KERNEL} | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
apt-get --quiet --quiet download "$image"
dpkg-deb --extract "$image"_*.deb kernel
rm "$image"_*.deb
# Not in one go: /lib is a link here, and a folder in the package.
cp --archive kernel/boot/. boot
cp --archive kernel/lib/modules kernel/usr/lib/. usr/lib
rm -r kernel
"""
_FILES = {
    "etc/hostname": "raspberrypi\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 raspberrypi\n",
    "etc/fstab": (
        "/dev/mmcblk0p2 / ext4 defaults,noatime 0 1\n"
        "/dev/mmcblk0p1 /boot/firmware vfat defaults,noatime 0 2\n"
    ),
    "etc/systemd/network/usb.network": "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
    "etc/systemd/journald.conf.d/memory.conf": "[Journal]\nStorage=volatile\n",
    # As in Raspberry Pi OS: what belongs to pins and camera is for these groups.
    "etc/udev/rules.d/60-lab-groups.rules": 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\n',
}
"""What Raspberry Pi OS would have there, and nothing of the edge's."""
_MASKED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer"),
    *("e2scrub_all.timer", "e2scrub_reap.service", "systemd-networkd-wait-online.service"),
)
"""What a machine that lives for minutes has no use for."""


def root_is_cached() -> bool:
    """Return whether `pi_root` would return at once."""
    return _stamp().exists() and _stamp().read_text() == _recipe()


def pi_root() -> Path:
    """Return the root, made at the first call (ten minutes). Raises DeviceError."""
    install(TOOLS)
    root = LABS / "virtual-pi"
    if root_is_cached():
        return root
    print("virtual-pi: making a Debian root for ARMv6, with its kernel (ten minutes) …", flush=True)
    LABS.mkdir(parents=True, exist_ok=True)
    let_arm_programs_run()
    new = LABS / "virtual-pi.new"
    for old in (new, root):
        shutil.rmtree(old, ignore_errors=True)
    command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=minbase"]
    command += ["--architectures=armel", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT]
    command += [f"--customize-hook={_FETCH_KERNEL}", "bookworm", new]
    if subprocess.run(command, env=armv6_environment(), check=False).returncode:
        raise DeviceError("mmdebstrap could not make the root: is there a Debian mirror for armel?")
    _configure(new)
    new.rename(root)
    _stamp().write_text(_recipe())
    return root


def let_arm_programs_run() -> None:
    """Have the kernel run ARM programs by QEMU. It stays so, as other labs may rely on it."""
    if not (_BINFMT / "register").exists():
        mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)]
        if subprocess.run(mount, check=False).returncode:
            raise DeviceError("binfmt_misc cannot be mounted: this lab needs root and that kernel")
    if not (_BINFMT / "qemu-arm").exists():
        subprocess.run(["update-binfmts", "--enable", "qemu-arm"], check=True)


def armv6_environment() -> dict[str, str]:
    """Return an environment in which the emulated processor is a Zero's."""
    return {**os.environ, "QEMU_CPU": "arm1176", "DEBIAN_FRONTEND": "noninteractive"}


def kernel_version(root: Path) -> str:
    """Return the version of the root's kernel. Raises DeviceError where there is not one."""
    found = [folder.name for folder in (root / "lib/modules").iterdir()]
    if len(found) != 1:
        raise DeviceError(f"{root} has {len(found)} kernels, not one: remove {_stamp()}")
    return found[0]


def _configure(root: Path) -> None:
    for name, content in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (root / "boot/firmware").mkdir(parents=True, exist_ok=True)
    for unit in _MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    in_root = ["chroot", str(root)]
    for command in (
        ["groupadd", "--system", "--force", "gpio"],
        # The person's account; nobody can log in to it before a key is given.
        ["useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", ACCOUNT],
        ["systemctl", "--quiet", "enable", "systemd-networkd.service"],
        # Off until somebody gives a key.
        ["systemctl", "--quiet", "disable", "ssh.service"],
    ):
        subprocess.run([*in_root, *command], env=armv6_environment(), check=True)
    depmod = ["depmod", "--basedir", str(root), kernel_version(root)]
    subprocess.run(depmod, check=True)


def _recipe() -> str:
    """Return what the root is made of, in a form that changes with it."""
    parts = (PACKAGES, KERNEL, _LEFT_OUT, _FETCH_KERNEL, sorted(_FILES.items()), _MASKED)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _stamp() -> Path:
    return LABS / "virtual-pi.recipe"


def main() -> int:
    """Make the root; with `cached` as the only argument, only say whether it is there."""
    if sys.argv[1:] == ["cached"]:
        return 0 if root_is_cached() else 1
    try:
        print(pi_root())
    except DeviceError as error:
        print(f"virtual-pi: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
