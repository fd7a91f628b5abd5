"""Programs out of Debian 13 that bookworm lacks or has without what is tested here.

Only their packages' files are extracted, with the libraries that they need next to them.
"""

import shutil
import stat
from pathlib import Path

from tests.container.podman import Podman

PROGRAMS = ("cosign", "docker-registry", "kustomize", "skopeo")
"""Packages whose program has the package's name. bookworm's skopeo checks no sigstore signature."""
_LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib")
_LOADER = "usr/lib64/ld-linux-x86-64.so.2"


class Trixie:
    """The programs, fetched once and kept."""

    def __init__(self, podman: Podman, cache: Path) -> None:
        """Keep them in `cache`."""
        self._root = cache / "programs-trixie"
        if not all(self.program(name).exists() for name in PROGRAMS):
            self._fetch(podman)

    @property
    def folder(self) -> Path:
        """What has to be on the PATH for them."""
        return self._root / "programs"

    def program(self, name: str) -> Path:
        """Return the path of one of PROGRAMS."""
        return self.folder / name

    def _fetch(self, podman: Podman) -> None:
        unfinished = self._root.with_suffix(".new")
        for left in (unfinished, self._root):
            shutil.rmtree(left, ignore_errors=True)
        options = ["--variant=extract", f"--include={','.join(PROGRAMS)}"]
        podman.run("mmdebstrap", *options, "trixie", str(unfinished), seconds=900)
        (unfinished / self.folder.name).mkdir()
        path = ":".join(str(self._root / folder) for folder in _LIBRARIES)
        for name in PROGRAMS:
            starter = unfinished / self.folder.name / name
            program = self._root / "usr" / "bin" / name
            command = f"'{self._root / _LOADER}' --library-path '{path}' '{program}'"
            starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
        unfinished.rename(self._root)
