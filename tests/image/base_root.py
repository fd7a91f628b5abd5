"""A root file system as pi-gen's stage1 leaves it, of Debian trixie for this machine's processor.

The archives of Raspberry Pi OS cannot be reached from everywhere, and its processor would have to
be emulated. So what only they have is here as packages that are empty but for what the stage looks
at: the kernels of all boards, with headers that bring a real compiler; the units of
raspberrypi-sys-mods; the library that ARMv6 loads into every process.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.edge_device import LABS, DeviceError, install

TOOLS = {"mmdebstrap": "mmdebstrap", "dpkg-deb": "dpkg", "apt-ftparchive": "apt-utils"}
_RELEASE = "trixie"
_INCLUDED = (
    "ca-certificates,locales,gcc,adduser,systemd,systemd-sysv,udev,dbus,netbase,fdisk,python3"
)
"""With gcc, which the headers depend on, as the real ones do."""
_UNIT = """\
[Unit]
Description=Stand-in

[Service]
ExecStart=/bin/true

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class StandIn:
    """A package of Raspberry Pi OS's own archive."""

    name: str
    depends: str = ""
    files: dict[str, str] = field(default_factory=dict)
    """Content by path."""


_KERNELS = [
    stand_in
    for board in ("v6", "v7", "v8")
    for stand_in in (
        StandIn(f"linux-image-rpi-{board}", f"linux-image-6.12.75+rpt-rpi-{board}"),
        StandIn(f"linux-image-6.12.75+rpt-rpi-{board}"),
        StandIn(f"linux-headers-rpi-{board}", f"linux-headers-6.12.75+rpt-rpi-{board}"),
        StandIn(f"linux-headers-6.12.75+rpt-rpi-{board}", "gcc, linux-kbuild-6.12.75+rpt"),
    )
]
STAND_INS = [
    *_KERNELS,
    StandIn("linux-kbuild-6.12.75+rpt"),
    StandIn(
        "raspberrypi-sys-mods",
        files={
            f"/usr/lib/systemd/system/{unit}.service": _UNIT
            for unit in ("rpi-resize", "sshswitch", "regenerate_ssh_host_keys")
        },
    ),
    StandIn("raspi-utils-core"),
    StandIn("firmware-brcm80211"),
    StandIn("raspi-copies-and-fills", files={"/etc/ld.so.preload": "/usr/lib/arm-mem.so\n"}),
    StandIn("python3-picamera2"),
    StandIn("python3-kms++"),
]
_INSTALLED = [name for board in ("v6", "v7", "v8") for name in (f"linux-image-rpi-{board}",)]
_INSTALLED += ["linux-headers-rpi-v6", "linux-headers-rpi-v7"]
"""What stage0 installs of them."""
_STAGE1 = """
set -e
printf 'deb [trusted=yes] file:/srv/stand-ins ./\\n' >/etc/apt/sources.list.d/stand-ins.list
apt-get update --quiet --quiet
apt-get install --yes --quiet --quiet --no-install-recommends {installed} >/dev/null
apt-mark auto gcc >/dev/null
apt-get clean
dpkg --add-architecture i386
adduser --quiet --disabled-login --gecos '' pi
echo root:root | chpasswd
mkdir -p /boot/firmware
for file in kernel kernel7 kernel8; do echo kernel >/boot/firmware/$file.img; done
for file in initramfs initramfs7 initramfs8; do echo initramfs >/boot/firmware/$file; done
echo 'console=tty1 root=ROOTDEV rootwait resize' >/boot/firmware/cmdline.txt
echo 'dtoverlay=vc4-kms-v3d' >/boot/firmware/config.txt
printf 'ROOTDEV / ext4 defaults,noatime 0 1\\n' >/etc/fstab
echo raspberrypi >/etc/hostname
rm -f /etc/localtime
"""


def base_root() -> Path:
    """Return the root, made at the first call (two minutes). Raises DeviceError."""
    install(TOOLS)
    root, made_of = LABS / "image-base", LABS / "image-base.made-of"
    recipe = repr((_RELEASE, _INCLUDED, STAND_INS, _STAGE1))
    if made_of.exists() and made_of.read_text() == recipe and root.is_dir():
        return root
    print("image: making a root as pi-gen's stage1 leaves it (two minutes) …", flush=True)
    LABS.mkdir(parents=True, exist_ok=True)
    new = LABS / "image-base.new"
    for old in (new, root):
        shutil.rmtree(old, ignore_errors=True)
    include = f"--include={_INCLUDED}"
    _run("mmdebstrap", "--quiet", "--variant=minbase", include, _RELEASE, new)
    _write_archive(new / "srv" / "stand-ins")
    (new / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
    script = _STAGE1.format(installed=" ".join(_INSTALLED))
    _run("unshare", "--mount", "chroot", new, "sh", "-c", script)
    new.rename(root)
    made_of.write_text(recipe)
    return root


def _write_archive(folder: Path) -> None:
    """Write an apt repository of the stand-ins."""
    for stand_in in STAND_INS:
        tree = folder / "tree"
        control = tree / "DEBIAN" / "control"
        control.parent.mkdir(parents=True)
        depends = f"Depends: {stand_in.depends}\n" if stand_in.depends else ""
        control.write_text(
            f"Package: {stand_in.name}\nVersion: 1.0\nArchitecture: all\n{depends}"
            "Maintainer: nobody <nobody@localhost>\n"
            "Description: stand-in for a package of Raspberry Pi OS\n"
        )
        for path, content in stand_in.files.items():
            file = tree / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        target = folder / f"{stand_in.name}.deb"
        _run("dpkg-deb", "--root-owner-group", "--build", "-Znone", tree, target)
        shutil.rmtree(tree)
    listed = subprocess.run(
        ["apt-ftparchive", "packages", "."], cwd=folder, check=True, stdout=subprocess.PIPE
    )
    (folder / "Packages").write_bytes(listed.stdout)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise DeviceError(f"{command[0]} failed:\n{done.stdout[-3000:]}")
