"""The packages of a virtual environment: what is missing, how much that is, and fetching it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.virtual_environment import VirtualEnvironment

GIGABYTE = 10**9
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's index of builds without CUDA for Linux, which PyPI does not have."""
DRIVER_SIGNS = (
    Path("/proc/driver/nvidia/version"),
    Path("/dev/nvidiactl"),
    Path("/usr/lib/wsl/lib/libcuda.so.1"),
)
_NO_NETWORK = re.compile(
    r"NewConnectionError|Failed to establish|name resolution|ConnectTimeout|ReadTimeout|timed out"
    r"|ProxyError|SSLError|Network is unreachable|Connection refused|Max retries"
    r"|from versions: none"  # all that pip says of an index that it asked once
)
_LAST_LINES = 12


class PackageError(Exception):
    """The packages could not be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Size:
    """What packages take, in gigabytes: `fetched` over the network, `installed` on the disk."""

    fetched: float
    installed: float

    def __add__(self, other: "Size") -> "Size":
        """Return both together."""
        return Size(self.fetched + other.fetched, self.installed + other.installed)


OTHERS = Size(0.3, 0.8)
"""Everything but torch, measured on Python 3.11 and rounded up; half of it is networks."""
TORCH = {"cpu": Size(0.2, 0.8), "cuda": Size(2.8, 4.6)}
"""torch 2.13 with what comes with it."""


def say(words: str) -> None:
    """Tell the person who waits."""
    print(f"setup: {words}", file=sys.stderr, flush=True)


def wanted_torch(
    environ: Mapping[str, str], signs: Sequence[Path] = DRIVER_SIGNS
) -> tuple[str, str]:
    """Return the build of torch, `cpu` or `cuda`, and why. Raises PackageError."""
    asked = environ.get("TORCH", "")
    if asked in TORCH:
        return asked, f"TORCH={asked}"
    if asked:
        raise PackageError(f"TORCH={asked}: it can be cpu or cuda")
    driver = any(sign.exists() for sign in signs) or shutil.which("nvidia-smi")
    if driver:
        return "cuda", "this machine has an NVIDIA driver; TORCH=cpu takes the small build"
    return "cpu", "no NVIDIA driver here; TORCH=cuda takes the other build"


def needed_space(size: Size, *, same_disk_for_cache: bool) -> float:
    """Return the bytes that have to be free: packages, what was fetched, and pip's copy of that."""
    return (size.installed + size.fetched * (2 if same_disk_for_cache else 1)) * GIGABYTE


def failure(output: str, command: str) -> str:
    """Return what to say of a pip that failed with `output` on standard error."""
    if "No space left on device" in output:
        return "the disk is full; free some of it, then try again: what was fetched is kept"
    if _NO_NETWORK.search(output):
        return (
            "the package index cannot be reached, and packages are missing: connect this machine"
            " to the network (behind a proxy: set HTTPS_PROXY), then try again"
        )
    last = "\n".join(output.strip().splitlines()[-_LAST_LINES:])
    return f"{command} failed, and said:\n{last}"


class Packages:
    """What an extra of pyproject.toml needs, in one virtual environment."""

    def __init__(self, environment: VirtualEnvironment, root: Path, extra: str) -> None:
        """Fill `environment` with the project in `root` and what its `extra` needs."""
        self._environment = environment
        self._root = root
        self._extra = extra
        self._constraints = root / "constraints.txt"
        self._digest = environment.folder / ".project"

    def complete(self) -> bool:
        """Tell whether nothing is missing and the project is installed as it now is."""
        return self._project_is_as_installed() and not self._missing()

    def install(self) -> bool:
        """Install what is missing; False where it must and can go on without. Raises PackageError.

        It can where only the project's own commands changed and the network is not there.
        """
        missing = self._missing()
        scratch = self._environment.folder / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        # The system's own folder for temporary files may lie in memory, and torch does not fit.
        environ = os.environ | {"TMPDIR": str(scratch), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self._forget_half_installed()
        try:
            self._fetch(missing, environ)
        except PackageError as error:
            if missing:
                raise
            say(f"{error} Going on with what is installed, which has everything that is needed.")
            return False
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        self._digest.write_text(self._project_digest())
        return True

    def _forget_half_installed(self) -> None:
        """Remove what a pip that was killed has left: the next one would take it for installed."""
        for stated in self._environment.folder.glob("lib/python*/site-packages/*.dist-info"):
            if not (stated / "RECORD").exists():
                shutil.rmtree(stated)

    def _fetch(self, missing: list[str], environ: Mapping[str, str]) -> None:
        pin = self._torch_pin()
        if self._extra == "dev" and pin and not self._is_installed(pin):
            self._choose_torch(pin, environ)
        else:
            say(
                "installing the project"
                + f" and what it lacks: {'; '.join(missing)}" * bool(missing)
            )
        self._pip(
            "install", "--constraint", str(self._constraints),
            "--editable", f"{self._root}[{self._extra}]",
            environ=environ,
        )  # fmt: skip

    def _choose_torch(self, pin: str, environ: Mapping[str, str]) -> None:
        """Say how much is fetched; install torch where its build is not the configured index's."""
        build, why = wanted_torch(os.environ)
        from_pytorch = build == "cpu" and sys.platform == "linux"
        offered = from_pytorch and self._offers_cpu_build(pin, environ)
        missed = from_pytorch and not offered
        size = OTHERS + TORCH["cuda" if missed else build]
        self._check_space(size)
        up_to = "up to " * missed
        say(
            f"fetching {up_to}{size.fetched:.1f} GB of packages, which take"
            f" {up_to}{size.installed:.1f} GB of disk"
            + ("" if missed else f", with PyTorch's {build.upper()} build ({why})")
        )
        if missed:
            say(
                f"{CPU_BUILDS} does not offer torch {pin} to this machine: it comes from where pip"
                " is configured to look, and may be the CUDA build"
            )
        if offered:
            self._pip(
                "install", "--no-deps", "--index-url", CPU_BUILDS, f"torch=={pin}", environ=environ
            )

    def _offers_cpu_build(self, pin: str, environ: Mapping[str, str]) -> bool:
        """Tell whether PyTorch's own index can be reached and has torch for this machine."""
        index = ("--index-url", CPU_BUILDS, "--retries", "0", "--timeout", "10")
        listed = self._run("index", "versions", "torch", *index, environ=environ)
        return not listed.returncode and f"{pin}+cpu" in listed.stdout

    def _pip(self, *arguments: str, environ: Mapping[str, str]) -> None:
        """Run pip, with its progress where a person looks on. Raises PackageError."""
        watched = sys.stderr.isatty()
        done = self._run(
            *arguments, *(() if watched else ("--quiet",)), environ=environ, shown=True
        )
        if done.returncode:
            raise PackageError(failure(done.stderr, f"pip {arguments[0]}"))

    def _run(
        self, *arguments: str, environ: Mapping[str, str], shown: bool = False
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._environment.python, "-m", "pip", *arguments],
            check=False,
            env=environ,
            stdout=sys.stderr if shown else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def _check_space(self, size: Size) -> None:
        """Raise PackageError where packages of `size` do not fit onto the disk."""
        folder = self._environment.folder
        listed = self._run("cache", "dir", environ=os.environ)
        cache = Path(listed.stdout.strip() or folder)
        while not cache.exists():
            cache = cache.parent
        same = cache.stat().st_dev == folder.stat().st_dev
        needed = needed_space(size, same_disk_for_cache=same)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise PackageError(
                f"{needed / GIGABYTE:.1f} GB have to be free for {folder}, and"
                f" {free / GIGABYTE:.1f} GB are: free some, or clone onto a larger disk"
            )

    def _missing(self) -> list[str]:
        """Return a line for each package that is missing or of another version."""
        # -P: an egg-info next to the sources must not pass for the installed project.
        script = self._root / "scripts" / "unsatisfied.py"
        command = [str(self._environment.python), "-P", str(script), self._extra]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return done.stdout.splitlines() if done.returncode == os.EX_OK else ["packaging"]

    def _torch_pin(self) -> str:
        """Return the version of torch in constraints.txt; empty where there is none."""
        pin = re.search(r"^torch==(\S+)", self._constraints.read_text(), re.MULTILINE)
        return pin[1] if pin else ""

    def _is_installed(self, pin: str) -> bool:
        found = self._environment.folder.glob(f"lib/python*/site-packages/torch-{pin}*.dist-info")
        return any((folder / "RECORD").exists() for folder in found)

    def _project_is_as_installed(self) -> bool:
        try:
            return self._digest.read_text() == self._project_digest()
        except OSError:
            return False

    def _project_digest(self) -> str:
        """Return a hash of what an editable installation takes from pyproject.toml and the tree."""
        with (self._root / "pyproject.toml").open("rb") as opened:
            whole: dict[str, Any] = tomllib.load(opened)
        project = {
            key: value
            for key, value in whole["project"].items()
            if key not in {"dependencies", "optional-dependencies"}
        }
        packaging = whole.get("tool", {}).get("setuptools", {})
        folders = packaging.get("packages", {}).get("find", {}).get("where", [])
        packages = sorted(
            str(made.parent.relative_to(self._root))
            for folder in folders
            for made in (self._root / folder).glob("*/__init__.py")
        )
        stated = json.dumps([whole.get("build-system"), project, packaging, packages])
        return hashlib.sha256(stated.encode()).hexdigest()
