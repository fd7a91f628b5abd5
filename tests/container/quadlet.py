"""podman's generator of systemd units, out of Debian 13: bookworm's podman has none yet.

Only its packages' files are extracted, and the program runs on the C library next to it.
"""

import shutil
import subprocess
from pathlib import Path

from tests.container.podman import Podman

_LOADER = "ld-linux-x86-64.so.2"


class Quadlet:
    """Turns a folder of `.container` files into the services that systemd would get."""

    def __init__(self, podman: Podman, cache: Path) -> None:
        """Fetch the program once and keep it in `cache`."""
        self._folder = cache / "quadlet-trixie"
        if not self._folder.exists():
            self._fetch(podman)

    def service(self, folder: Path) -> str:
        """Return the one service of `folder`; a key that is unknown is an error."""
        made = subprocess.run(
            [
                *(self._folder / _LOADER, "--library-path", self._folder),
                *(self._folder / "quadlet", "-dryrun"),
            ],
            check=False,
            env={"QUADLET_UNIT_DIRS": str(folder)},
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr
        head, _, unit = made.stdout.partition("\n")
        assert head.endswith(".service---"), made.stdout + made.stderr
        return unit

    def _fetch(self, podman: Podman) -> None:
        root, unfinished = self._folder.with_suffix(".root"), self._folder.with_suffix(".new")
        for left in (root, unfinished):
            shutil.rmtree(left, ignore_errors=True)
        podman.run(
            *("mmdebstrap", "--variant=extract", "--include=podman", "trixie", str(root)),
            seconds=900,
        )
        unfinished.mkdir()
        for wanted in (
            "usr/libexec/podman/quadlet",
            f"usr/lib64/{_LOADER}",
            "usr/lib/x86_64-linux-gnu/libc.so.6",
        ):
            shutil.copy(root / wanted, unfinished)
        shutil.rmtree(root)
        unfinished.rename(self._folder)
