"""What the Zero's firmware would load: kernel, device tree, and an initrd that mounts the root.

The tree is Debian's for the Zero with a node for the framebuffer, which on a real one the firmware
adds. The initrd loads the file system of the root, which is a module of Debian's kernel, and goes.
"""

import gzip
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.edge_device import install
from lab.virtual_pi.root import kernel_version

TOOLS = {"fdtput": "device-tree-compiler", "cpio": "cpio"}
SCREEN = (640, 480)
"""QEMU's framebuffer for this machine, of 16 bits a pixel in RGB565."""
FRAMEBUFFER = 0x1C100000
"""Where QEMU has it: in the last 64 MiB of the memory, which are the graphics processor's."""
KERNEL, TREE, INITRD = "kernel.img", "bcm2708-rpi-zero.dtb", "initrd.img"
"""Their names on the card."""
_TREE = "bcm2835-rpi-zero.dtb"
"""Without Wi-Fi and Bluetooth, which QEMU has not; its Bluetooth would sit on our serial line."""
_NEEDED = ("ext4", "crc32c_generic", "mmc_block", "bcm2835", "sdhci-iproc")
"""Modules that the root may lie behind; those that the kernel has built in are left out."""
_INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
for module in $(/bin/busybox cat /modules); do /bin/busybox insmod /$module; done
root=/dev/mmcblk0p2
while [ ! -b $root ]; do /bin/busybox usleep 20000; done
/bin/busybox mount -t ext4 $root /root || exec /bin/busybox sh
/bin/busybox umount /proc
/bin/busybox umount /sys
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""


def make_boot_files(root: Path, folder: Path) -> None:
    """Write `KERNEL`, `TREE` and `INITRD` of `root`'s kernel to `folder`. Raises DeviceError."""
    install(TOOLS)
    folder.mkdir(parents=True, exist_ok=True)
    version = kernel_version(root)
    shutil.copyfile(root / f"boot/vmlinuz-{version}", folder / KERNEL)
    _make_tree(root / f"usr/lib/linux-image-{version}", folder / TREE)
    _make_initrd(root, version, folder)


def _make_tree(trees: Path, tree: Path) -> None:
    shutil.copyfile(trees / _TREE, tree)
    node = f"/chosen/framebuffer@{FRAMEBUFFER:x}"
    stride = SCREEN[0] * 2
    cells = {
        "reg": (FRAMEBUFFER, stride * SCREEN[1]),
        "width": (SCREEN[0],),
        "height": (SCREEN[1],),
        "stride": (stride,),
    }
    texts = {"compatible": "simple-framebuffer", "format": "r5g6b5", "status": "okay"}
    subprocess.run(["fdtput", "-p", "-c", tree, node], check=True)
    # Places below /chosen are those of the memory.
    for name, value in {"#address-cells": ["1"], "#size-cells": ["1"], "ranges": []}.items():
        subprocess.run(["fdtput", "-t", "x", tree, "/chosen", name, *value], check=True)
    for name, values in cells.items():
        words = [f"{value:#x}" for value in values]
        subprocess.run(["fdtput", "-t", "x", tree, node, name, *words], check=True)
    for name, text in texts.items():
        subprocess.run(["fdtput", "-t", "s", tree, node, name, text], check=True)


def _make_initrd(root: Path, version: str, folder: Path) -> None:
    inside = folder / "initrd"
    shutil.rmtree(inside, ignore_errors=True)
    for name in ("bin", "dev", "proc", "sys", "root"):
        (inside / name).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", inside / "bin/busybox")
    loaded = []
    for module in _with_dependencies(root / "lib/modules" / version):
        shutil.copyfile(module, inside / module.name)
        loaded.append(module.name)
    (inside / "modules").write_text("\n".join(loaded))
    (inside / "init").write_text(_INIT)
    (inside / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(inside)) for path in sorted(inside.rglob("*")))
    archive = subprocess.run(
        ["cpio", "--create", "--format=newc", "--owner=0:0", "--quiet"],
        cwd=inside,
        input=names.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    (folder / INITRD).write_bytes(gzip.compress(archive, 6))
    shutil.rmtree(inside)


def _with_dependencies(modules: Path) -> list[Path]:
    """Return the files of the modules that are needed, each after those that it depends on."""
    depends = dict(_dependencies(modules / "modules.dep"))
    by_name = {Path(path).name.partition(".")[0].replace("-", "_"): path for path in depends}
    ordered: list[str] = []
    for name in _NEEDED:
        path = by_name.get(name.replace("-", "_"))
        if path is not None:
            # modules.dep lists the last one first.
            ordered += (*reversed(depends[path]), path)
    return [modules / path for path in dict.fromkeys(ordered)]


def _dependencies(listing: Path) -> Iterator[tuple[str, list[str]]]:
    for line in listing.read_text().splitlines():
        path, _, needed = line.partition(":")
        yield path, needed.split()
