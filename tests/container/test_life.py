"""Upgrade, rollback, backup and restore: the commands of docs/container.md, as they stand there."""

import asyncio
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.container.containers import ROOT, Access, copy_of_the_tree
from tests.container.podman import Podman
from tests.container.test_container import recognise, until_known

pytestmark = pytest.mark.timeout(1500, func_only=True)

PAGE = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
NAME = "localhost/iot-facerecognition-server"
# The only difference to what a user starts: a port that is free.
OVERRIDE = 'services:\n  server:\n    ports: !override ["127.0.0.1::50000"]\n'


def commands(heading: str) -> list[str]:
    """Return the two commands under a heading of the page."""
    section = PAGE.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    found = re.findall(r"^    (\S.*)$", section, re.MULTILINE)
    assert len(found) == 2, (heading, found)
    return found


class Site:
    """A machine with the compose files: a context manager that ends what runs there."""

    def __init__(self, podman: Podman, folder: Path) -> None:
        self.podman = podman
        self.folder = folder
        self.project = f"iotfr-test-{secrets.token_hex(4)}"
        self.container = f"{self.project}_server_1"
        (folder / "compose.test.yaml").write_text(OVERRIDE)
        subprocess.run([folder / "scripts" / "make-secrets"], check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.podman.run("sh", "-c", self._here("docker compose down --volumes"), check=False)

    def run(self, command: str, *, check: bool = True) -> str:
        """Run a line of the page; its image has been built already, as `next_image` does."""
        line = command.replace(":cuda", ":cpu").replace("up --build", "up --no-build")
        return self.podman.run("sh", "-c", self._here(line), seconds=600, check=check)

    def access(self, token: str | None = None) -> Access:
        """Wait until the server listens; return what an edge needs."""
        self.podman.until_logged(self.container, "listening on ", 600)
        printed = self.podman.logs(self.container)
        found = re.search(r"token: (\S+)", printed)
        assert (found is None) is (token is not None), "a token is printed once, at the first start"
        fingerprint = re.search(r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", printed)
        assert fingerprint is not None, printed
        port = self.podman.port(self.container, 50000)
        return Access(port, token or (found[1] if found else ""), fingerprint[0])

    def version(self) -> str:
        """Return the label by which the two images differ."""
        labels = self.podman.inspect(self.container)["Config"]["Labels"]
        return str(labels.get("org.opencontainers.image.revision"))

    def _here(self, line: str) -> str:
        compose = [str(Path(sys.executable).with_name("podman-compose")), "--project-name"]
        compose += [self.project, "--file compose.yaml --file compose.cpu.yaml"]
        line = line.replace("docker compose", " ".join([*compose, "--file compose.test.yaml"]))
        line = line.replace("docker tag", "podman tag").replace(
            " iot-facer", " localhost/iot-facer"
        )
        line = line.replace("server localhost/iot-facer", "server iot-facer")  # a command inside
        return f"cd '{self.folder}' && {line}"


def next_image(podman: Podman, folder: Path, image: str, revision: str) -> None:
    """Build what `docker compose build` would: another image under the name that compose uses."""
    label = f"org.opencontainers.image.revision={revision}"
    (folder / "Dockerfile").write_text(f"FROM {image}\nLABEL {label}\n")
    podman.run(
        *("buildah", "bud", "--runtime", "runc", "--format", "docker", "--tag", f"{NAME}:cpu"),
        str(folder),
    )


@pytest.fixture
def site(podman: Podman, image: str, tmp_path: Path) -> Iterator[Site]:
    next_image(podman, tmp_path, image, "first")
    with Site(podman, copy_of_the_tree(tmp_path / "site")) as made:
        yield made


def test_documented_commands_upgrade_roll_back_back_up_and_restore(
    site: Site, photos: Path, image: str, tmp_path: Path
) -> None:
    picture = (photos / "obama2.jpg").read_bytes()
    podman = site.podman
    site.run("docker compose up --no-build -d server")
    first = site.access()
    podman.run("podman", "exec", site.container, "mkdir", "-p", "/data/faces")
    podman.run("podman", "cp", str(photos / "obama.jpg"), f"{site.container}:/data/faces/obama.jpg")
    enrol = ("iot-facerecognition-server", "faces", "add", "obama", "/data/faces/obama.jpg")
    podman.run("podman", "exec", site.container, *enrol)
    assert asyncio.run(until_known(first, picture)) == ["obama"]

    save, check = commands("Back up")
    site.run(save)
    assert (
        "whole: 1 key, 1 token file, 1 record of the fleet, 1 list of people, 1 photo"
        in site.run(check)
    )

    keep, upgrade = commands("Upgrade")
    site.run(keep)
    next_image(podman, tmp_path, image, "second")
    site.run(upgrade)
    assert site.version() == "second"
    upgraded = site.access(first.token)
    assert upgraded.fingerprint == first.fingerprint
    assert asyncio.run(recognise(upgraded, picture)) == ["obama"]

    for command in commands("Roll back"):
        site.run(command)
    assert site.version() == "first"
    assert asyncio.run(recognise(site.access(first.token), picture)) == ["obama"]

    restore, start = commands("Restore")
    refused = site.run(restore, check=False)
    assert "nothing is restored" in refused
    assert "in use by another server" in refused
    site.run("docker compose down --volumes")
    assert "restored; the server can be started" in site.run(restore)
    site.run(start)
    moved = site.access(first.token)
    assert moved.fingerprint == first.fingerprint
    assert asyncio.run(recognise(moved, picture)) == ["obama"]
    site.run("docker compose stop server")
    assert "--replace" in site.run(restore, check=False)
    kept = site.run(restore.replace("restore", "restore --replace"))
    assert "/data/state/before-restore-" in kept
