"""Runs our stage on a ready root: through the real pi-gen, or by the stand-in for it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.edge_device import LABS, REPOSITORY, DeviceError, install
from tests.image.base_root import base_root

STAGE = "stage-iot-facerecognition"
RUNNER = Path(__file__).parent / "stage_runner.sh"
STORE = LABS.parent / "pi-gen.git"
"""Where image/build.sh keeps pi-gen."""
PI_GEN_TOOLS = {
    "quilt": "quilt",
    "parted": "parted",
    "debootstrap": "debootstrap",
    "zerofree": "zerofree",
    "zip": "zip",
    "mkdosfs": "dosfstools",
    "capsh": "libcap2-bin",
    "bsdtar": "libarchive-tools",
    "rsync": "rsync",
    "curl": "curl",
    "xxd": "xxd",
    "file": "file",
    "git": "git",
    "lsmod": "kmod",
    "bc": "bc",
    "gpg": "gpg",
    "pigz": "pigz",
}
"""What pi-gen looks for before it begins, and the Debian package that brings it."""
_SHIMS = ("arch-test", "qemu-arm", "qemu-aarch64")
"""What pi-gen also looks for, to run ARM programs: the root of these tests has none."""
_SEED = "base"
_INSIDE = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"'


@dataclass(frozen=True, slots=True)
class Built:
    """What a run of the stage has left: the root, and what was printed."""

    root: Path
    output: str

    def text(self, path: str) -> str:
        """Return a file of the root."""
        return (self.root / path.lstrip("/")).read_text()

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in the root."""
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", _INSIDE, self.root, *command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout.strip()


def pi_gen_missing() -> str:
    """Say why pi-gen itself cannot be run; nothing where it can."""
    pins = (REPOSITORY / "image" / "pi-gen.pins").read_text()
    commits = [line.split()[2] for line in pins.splitlines() if not line.startswith("#")]
    look = ["git", "-C", str(STORE), "cat-file", "-e"]
    kept = STORE.is_dir() and not any(
        subprocess.run([*look, f"{commit}^{{commit}}"], check=False, capture_output=True).returncode
        for commit in commits
    )
    if kept or "PI_GEN_SOURCE" in os.environ:
        return ""
    return (
        f"pi-gen's pinned commits are not in {STORE}, and nothing says where else they are: "
        "PI_GEN_SOURCE=FOLDER_OR_ADDRESS make test-image"
    )


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder on a disk for roots, gone afterwards with whatever was left mounted in it."""
    LABS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="image-work-", dir=LABS))
    try:
        yield folder
    finally:
        mounts = Path("/proc/mounts").read_text().splitlines()
        for place in reversed([line.split()[1] for line in mounts]):
            if place.startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def prepare(package: Path, architecture: str, options: Mapping[str, str]) -> Path:
    """Let image/build.sh bring pi-gen, stage, package and configuration together."""
    command = [REPOSITORY / "image" / "build.sh", "--prepare", "--arch", architecture]
    _run([*command, "--deb", package], os.environ | options)
    return REPOSITORY / "build" / f"image-{architecture}" / "pi-gen"


def by_pi_gen(package: Path, architecture: str, options: Mapping[str, str], folder: Path) -> Built:
    """Run the stage through pi-gen's build.sh; the seed stage before it is the ready root."""
    install(PI_GEN_TOOLS)
    pi_gen = prepare(package, architecture, options)
    seed = pi_gen / _SEED
    seed.mkdir()
    (seed / "SKIP").touch()
    # The image itself would need FAT mounts, which not every kernel has.
    (pi_gen / STAGE / "SKIP_IMAGES").touch()
    work = folder / "work"
    (work / _SEED).mkdir(parents=True)
    (work / _SEED / "rootfs").symlink_to(base_root())
    config = folder / "config"
    config.write_text(f"WORK_DIR={work}\nSTAGE_LIST='{seed} {pi_gen / STAGE}'\n")
    tools = folder / "bin"
    tools.mkdir()
    for name in _SHIMS:
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
    # A name space of its own: nothing that it mounts outlives it.
    script = 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; exec ./build.sh -c "$0"'
    output = _run(["unshare", "--mount", "sh", "-c", script, config], environment, pi_gen)
    return Built(work / STAGE / "rootfs", output)


def by_stand_in(
    package: Path, architecture: str, options: Mapping[str, str], folder: Path
) -> Built:
    """Run the stage by stage_runner.sh, with the settings of image/config."""
    install({"rsync": "rsync"})
    stage = folder / STAGE
    shutil.copytree(REPOSITORY / "image" / STAGE, stage)
    (stage / "09-package" / "files").mkdir(exist_ok=True)
    shutil.copy(package, stage / "09-package" / "files")
    config = folder / "config"
    # As image/build.sh does: every setting is handed on to the steps.
    config.write_text(f"set -a\n. {REPOSITORY}/image/config\nset +a\n")
    command = [RUNNER, config, base_root(), stage, folder / "work"]
    environment = os.environ | options | {"ARCH": architecture}
    output = _run(["unshare", "--mount", *command], environment)
    return Built(folder / "work" / STAGE / "rootfs", output)


def _run(
    command: list[str | Path], environment: Mapping[str, str], folder: Path | None = None
) -> str:
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise DeviceError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout
