"""A registry of images on this machine's loopback, as Debian packages it."""

import socket
import subprocess
from pathlib import Path
from threading import Thread
from typing import Self

from tests.container.trixie import Trixie

_CONFIGURATION = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{address}"}}
"""


class Registry:
    """A context manager; everything that was pushed goes with its folder."""

    def __init__(self, trixie: Trixie, folder: Path) -> None:
        """Keep what is pushed in `folder`."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        file = folder / "registry.yml"
        file.write_text(_CONFIGURATION.format(folder=folder / "blobs", address=self.address))
        self._command = [trixie.program("docker-registry"), "serve", file]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "listening on" in line:
                # A pipe that nobody reads would stop it once it is full.
                Thread(target=self._process.stderr.read, daemon=True).start()
                return self
        raise AssertionError("".join(said))

    def __exit__(self, *problem: object) -> None:
        self._process.terminate()
        self._process.wait()
