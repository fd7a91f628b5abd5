"""Builds and runs the image with buildah and podman on a Debian machine, without a registry.

Nothing here changes what stands in Dockerfile.cuda: the base image is made from Debian's own
archive, and where this machine's pip has a certificate authority or folders of wheels of its own,
the build sees them too and the image keeps nothing of them.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

BASE = "localhost/iot-facerecognition-base:bookworm-slim"
PACKAGES = (
    "buildah", "podman", "runc", "netavark", "aardvark-dns", "slirp4netns", "uidmap", "catatonit",
    "iptables", "mmdebstrap", "systemd",
)  # fmt: skip
_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
cgroupns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
"""


class PodmanError(Exception):
    """A command failed; the message has its last words."""


class Podman:
    """The two tools, with settings that work without systemd and with hybrid cgroups."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Keep settings in `folder`, images and layers in `cache`: nobody else's are touched."""
        self._folder = folder
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)
        storage = folder / "storage.conf"
        storage.write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{cache / "storage"}"\n'
            f'runroot = "{folder / "run"}"\n'
        )
        configuration = folder / "containers.conf"
        configuration.write_text(_CONTAINERS_CONF)
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(configuration),
            "CONTAINERS_STORAGE_CONF": str(storage),
        }
        """What other programs need that use the two tools."""

    def run(self, *command: str, seconds: float = 120, check: bool = True) -> str:
        """Run a command; return what it printed, both streams together."""
        done = subprocess.run(
            command,
            check=False,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            text=True,
            errors="replace",
        )
        if check and done.returncode:
            shown = " ".join(command)
            raise PodmanError(f"{shown}: exit code {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    def make_base(self) -> str:
        """Make Debian bookworm's base image out of Debian's archive, once; return its name."""
        archive = self._cache / "bookworm-slim.tar"
        if not archive.exists():
            unfinished = self._cache / f"bookworm-slim.{os.getpid()}.tar"
            options = ["--variant=minbase", "--include=ca-certificates"]
            self.run("mmdebstrap", *options, "bookworm", str(unfinished), seconds=600)
            unfinished.rename(archive)
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.run(
            "podman", "import", "--quiet", "--change", f"ENV {path}", "--change", 'CMD ["bash"]',
            str(archive), BASE,
        )  # fmt: skip
        return BASE

    def build(self, context: Path, image: str, *options: str) -> None:
        """Build Dockerfile.cuda in its CPU variant."""
        self.run(
            "buildah", "bud", "--runtime", "runc", "--layers", "--format", "docker",
            *self.pip_of_this_machine(),
            "--build-arg", f"BASE_IMAGE={BASE}",
            "--build-arg", "TORCH=cpu",
            *options,
            "--tag", image,
            "--file", str(context / "Dockerfile.cuda"),
            str(context),
            seconds=1800,
        )  # fmt: skip

    def forget_old_layers(self) -> None:
        """Free the disk of what no build of the last day has made."""
        self.run("podman", "image", "prune", "--force", "--filter", "until=24h")

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what podman knows of a container or an image."""
        (found,) = json.loads(_document(self.run("podman", "inspect", name)))
        assert isinstance(found, dict)
        return found

    def logs(self, container: str) -> str:
        """Return everything that a container has printed."""
        return self.run("podman", "logs", container)

    def port(self, container: str, port: int) -> int:
        """Return the port of this machine that a container's port is published at."""
        published = self.run("podman", "port", container, str(port)).strip().splitlines()[-1]
        return int(published.rpartition(":")[2])

    def until_healthy(self, container: str, seconds: float = 600) -> float:
        """Wait until HEALTHCHECK says that all is well; return the seconds since the call.

        It is run once the log says that the server listens: asked again and again meanwhile, the
        questions, each a program of its own, take the processor from the start that they ask
        about. How long a start may take is measured elsewhere; `seconds` only ends what will
        never come.
        """
        began = time.monotonic()
        self.until_logged(container, "listening on ", seconds)
        while time.monotonic() < began + seconds:
            self.run("podman", "healthcheck", "run", container, check=False)
            state = self.inspect(container)["State"]
            if state["Health"]["Status"] == "healthy":
                return time.monotonic() - began
            if not state["Running"]:
                break
        raise PodmanError(f"{container} did not become healthy:\n{self.logs(container)}")

    def until_logged(self, container: str, words: str, seconds: float) -> None:
        """Read what a container prints until it prints `words`. Raises PodmanError if it ends."""
        following = subprocess.Popen(
            ["podman", "logs", "--follow", container],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        limit = threading.Timer(seconds, following.kill)
        limit.start()
        try:
            assert following.stdout is not None
            if not any(words in line for line in following.stdout):
                raise PodmanError(f"{container} never said {words!r}:\n{self.logs(container)}")
        finally:
            limit.cancel()
            following.kill()
            following.communicate()

    def pip_of_this_machine(self) -> Iterator[str]:
        """Mount what the host's pip needs to reach packages, for the build only."""
        settings = dict(_pip_settings(self.run("pip3", "config", "list", check=False)))
        lines = ["[global]"]
        for key in ("index-url", "extra-index-url", "find-links"):
            if key in settings:
                lines.append(f"{key} = {settings[key]}")
                for place in settings[key].split():
                    folder = urlparse(place).path.removesuffix("/simple")
                    if urlparse(place).scheme in {"", "file"} and Path(folder).is_dir():
                        yield from ("-v", f"{folder}:{folder}:ro")
        authority = Path(os.environ.get("PIP_CERT") or settings.get("cert") or "/nowhere")
        if authority.is_file():
            lines.append("cert = /run/build-ca.crt")
            yield from ("-v", f"{authority.resolve()}:/run/build-ca.crt:ro")
        configuration = self._folder / "pip.conf"
        configuration.write_text("\n".join(lines) + "\n")
        yield from ("-v", f"{configuration}:/etc/pip.conf:ro")


def _pip_settings(listed: str) -> Iterator[tuple[str, str]]:
    """Read `pip config list`; what the environment says comes last and holds."""
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        if place.startswith(("global.", ":env:.")):
            yield place.removeprefix("global.").removeprefix(":env:."), value.strip("'\"")


def _document(printed: str) -> str:
    """Leave out what podman says about systemd before the JSON."""
    return printed[printed.index("[\n") :] if "[\n" in printed else "[]"


def missing_packages(packages: Sequence[str] = PACKAGES) -> list[str]:
    """Return those Debian packages that are not installed."""
    asked = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages],
        check=False,
        capture_output=True,
        text=True,
    )
    there = {line.split()[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in there]
