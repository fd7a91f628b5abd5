"""docker or podman, for what a release needs of them."""

import json
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ReleaseError(Exception):
    """The image could not be released; the message says why and what to do."""


def run(*command: str | Path, cwd: Path | None = None, quiet: bool = True) -> str:
    """Run a command and return what it prints. Raises ReleaseError with its last words."""
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        raise ReleaseError(f"{words[0]} is not installed, and a release needs it")
    done = subprocess.run(
        words, check=False, cwd=cwd, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
    )  # fmt: skip
    if done.returncode:
        told = f": {done.stderr.strip()[-2000:]}" if done.stderr else ""
        raise ReleaseError(f"{shlex.join(words)} failed with exit code {done.returncode}{told}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Engine:
    """One of the two, which take the same words for nearly everything."""

    name: str
    """`docker` or `podman`."""
    build_options: Sequence[str] = ()
    """What else this machine's builds need."""
    plain_http: bool = False
    """The registry speaks no TLS; docker knows that of 127.0.0.1 by itself."""

    def version(self) -> str:
        """Return its name and version."""
        return run(self.name, "--version").strip()

    def build(self, context: Path, image: str, platform: str, arguments: Mapping[str, str]) -> None:
        """Build Dockerfile.cuda in `context` as `image`. Raises ReleaseError."""
        given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        # Only docker's own form can hold a HEALTHCHECK; docker makes no other.
        form = ["--format", "docker", "--layers"] if self.name == "podman" else []
        run(
            *(self.name, "build", *form, *self.build_options, "--platform", platform, *given),
            *("--tag", image, "--file", context / "Dockerfile.cuda", context),
            quiet=False,
        )

    def base_digest(self, image: str, platform: str) -> str:
        """Fetch the newest `image`, unless it is this machine's own; return its digest."""
        if not image.startswith("localhost/"):
            run(self.name, "pull", "--platform", platform, image, quiet=False)
        about = self._inspect(image)
        known = [name.partition("@")[2] for name in about.get("RepoDigests") or []]
        return str(about.get("Digest") or next(iter(known), about["Id"]))

    def push(self, image: str) -> str:
        """Push `image` to the registry in its name; return its digest there."""
        if self.name == "docker":
            run("docker", "push", image, quiet=False)
            name = image.rpartition(":")[0]
            known = self._inspect(image)["RepoDigests"]
            (pushed,) = (one for one in known if one.startswith(f"{name}@"))
            return str(pushed.partition("@")[2])
        with tempfile.NamedTemporaryFile("r") as file:
            verify = ["--tls-verify=false"] if self.plain_http else []
            run(self.name, "push", *verify, "--digestfile", file.name, image, quiet=False)
            return file.read().strip()

    def copy_out(self, image: str, path: str, target: Path) -> None:
        """Copy a file out of an image, which is not run for that."""
        container = run(self.name, "create", image).split()[-1]
        try:
            run(self.name, "cp", f"{container}:{path}", target)
        finally:
            run(self.name, "rm", "--volumes", container)

    def _inspect(self, image: str) -> dict[str, Any]:
        (about,) = json.loads(run(self.name, "image", "inspect", image))
        assert isinstance(about, dict)
        return about
