"""An image released into a registry, and who takes it from there.

The image is a small one in the place of the server's, which has a gigabyte to push: test_image.py
tells what that is made of.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance

from tests.container.containers import ROOT, copy_of_the_tree
from tests.container.podman import BASE, Podman
from tests.container.registry import Registry
from tests.container.trixie import Trixie

pytestmark = pytest.mark.timeout(1500, func_only=True)

NAME = "registry.example.org/iot-facerecognition-server"
SMALL = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY container/sbom.cdx.json /opt/server/
ARG VERSION
ARG REVISION
ARG CREATED
RUN : "${VERSION} ${REVISION} ${CREATED}"
LABEL org.opencontainers.image.version="${VERSION}" \\
      org.opencontainers.image.revision="${REVISION}" \\
      org.opencontainers.image.created="${CREATED}"
"""


@dataclass(frozen=True, slots=True)
class Released:
    """What `make release-image` has left in a registry."""

    repository: str
    """REGISTRY/NAME."""
    digest: str
    commit: str
    key: Path
    environment: dict[str, str]

    @property
    def image(self) -> str:
        return f"{self.repository}@{self.digest}"

    def cosign(self, *words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["cosign", *words], check=check, env=self.environment, capture_output=True, text=True
        )

    def verify(self, command: str, *words: str, check: bool = True) -> Any:
        """Verify as docs/release.md tells."""
        key = self.key.with_suffix(".pub")
        return self.cosign(
            *(command, "--key", key, "--insecure-ignore-tlog=true", "--allow-http-registry"),
            *words,
            check=check,
        )

    def statement(self, kind: str) -> dict[str, Any]:
        """Return the verified statement about the image of one kind."""
        (line,) = self.verify("verify-attestation", "--type", kind, self.image).stdout.splitlines()
        found: dict[str, Any] = json.loads(base64.b64decode(json.loads(line)["payload"]))
        return found


@pytest.fixture(scope="module")
def trixie(podman: Podman, cache: Path) -> Trixie:
    return Trixie(podman, cache)


@pytest.fixture(scope="module")
def registry(trixie: Trixie, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with Registry(trixie, tmp_path_factory.mktemp("registry")) as running:
        yield running


def commit_of(folder: Path) -> str:
    """Make a repository of `folder`; return its commit."""
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "-m", "All")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    told = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


@pytest.fixture(scope="module")
def released(
    podman: Podman,
    trixie: Trixie,
    registry: Registry,
    tmp_path_factory: pytest.TempPathFactory,
) -> Released:
    """A small image, released by the command of docs/release.md."""
    podman.make_base()
    tree = copy_of_the_tree(tmp_path_factory.mktemp("tree") / "iot-facerecognition")
    (tree / "Dockerfile.cuda").write_text(SMALL)
    with (tree / "container" / "sbom.cdx.json").open("w") as file:
        listing = [sys.executable, "-m", "container.sbom", sys.prefix]
        subprocess.run(listing, cwd=tree, stdout=file, check=True)
    commit = commit_of(tree)
    environment = podman.environment | {
        "PATH": f"{trixie.folder}:{os.environ['PATH']}",
        "COSIGN_PASSWORD": "correct horse",
    }
    keys = tmp_path_factory.mktemp("keys")
    make = ["cosign", "generate-key-pair"]
    subprocess.run(make, cwd=keys, env=environment, check=True, capture_output=True)
    repository = f"{registry.address}/iot-facerecognition-server"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scripts.release_image", repository),
            *("--key", keys / "cosign.key", "--torch", "cpu", "--base-image", BASE),
            *("--engine", "podman", "--plain-http"),
            *(f"--build-option={word}" for word in podman.pip_of_this_machine()),
        ],
        cwd=tree, env=environment, check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    said, _, name = done.stdout.strip().splitlines()[-1].partition(": ")
    assert said == "released and verified"
    assert name.startswith(f"{repository}@sha256:")
    return Released(repository, name.partition("@")[2], commit, keys / "cosign.key", environment)


def test_provenance_says_what_was_built_from_what(released: Released, podman: Podman) -> None:
    statement = released.statement("slsaprovenance1")
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    (subject,) = statement["subject"]
    assert f"sha256:{subject['digest']['sha256']}" == released.digest
    # The published schema, which knows no other key.
    predicate = json_format.ParseDict(statement["predicate"], Provenance())
    build = predicate.build_definition
    source, base, *lists = build.resolved_dependencies
    assert source.digest["gitCommit"] == released.commit
    assert base.digest["sha256"] == podman.inspect(BASE)["Digest"].partition(":")[2]
    assert [one.name for one in lists] == [
        "container/requirements-build.txt",
        "container/requirements-cpu.txt",
        "container/requirements-sbom.txt",
    ]
    arguments = dict(build.external_parameters["arguments"])
    assert arguments["REVISION"] == released.commit
    assert arguments["TORCH"] == "cpu"
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict(statement["predicate"] | {"colour": "blue"}, Provenance())


def test_labels_are_those_of_the_commit(released: Released) -> None:
    words = ["skopeo", "inspect", "--tls-verify=false", f"docker://{released.image}"]
    told = subprocess.run(
        words, env=released.environment, check=True, capture_output=True, text=True
    )
    labels = json.loads(told.stdout)["Labels"]
    assert labels["org.opencontainers.image.revision"] == released.commit
    arguments = released.statement("slsaprovenance1")["predicate"]["buildDefinition"][
        "externalParameters"
    ]["arguments"]
    for key in ("version", "created"):
        assert labels[f"org.opencontainers.image.{key}"] == arguments[key.upper()]


def test_list_of_contents_is_attested_too(released: Released) -> None:
    listed = released.statement("cyclonedx")["predicate"]
    assert {"torch", "libc6"} <= {part["name"] for part in listed["components"]}


class Taker:
    """skopeo with the policy of container/verification, which is podman's and CRI-O's too."""

    def __init__(self, released: Released, folder: Path) -> None:
        self._released = released
        self._folder = folder
        lookup = folder / "registries.d"
        lookup.mkdir()
        for name, place in (
            ("policy.json", folder / "policy.json"),
            ("registries.yaml", lookup / "registries.yaml"),
        ):
            text = (ROOT / "container" / "verification" / name).read_text()
            assert NAME in text
            key = str(released.key.with_suffix(".pub"))
            text = text.replace("/etc/containers/iot-facerecognition.pub", key)
            place.write_text(text.replace(NAME, released.repository))

    def skopeo(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("skopeo", "--policy", self._folder / "policy.json"),
                *("--registries.d", self._folder / "registries.d", *words),
            ],
            env=self._released.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip

    def take(self, reference: str) -> subprocess.CompletedProcess[str]:
        """Copy an image from the registry, if its signature allows it."""
        return self.skopeo(
            *("copy", "--src-tls-verify=false"),
            *(f"docker://{reference}", f"dir:{self._folder / 'taken'}"),
        )


@pytest.fixture
def taker(released: Released, tmp_path: Path) -> Taker:
    return Taker(released, tmp_path)


def other(podman: Podman, released: Released, tmp_path: Path, tag: str) -> str:
    """Push an image that nobody signed under `tag`; return its digest."""
    (tmp_path / "file").write_text(tag)
    subprocess.run(["tar", "-cf", tmp_path / "layer.tar", "-C", tmp_path, "file"], check=True)
    local, digest = f"localhost/iotfr-test-{tmp_path.name}", tmp_path / "digest"
    podman.run("podman", "import", "--quiet", str(tmp_path / "layer.tar"), local)
    try:
        podman.run(
            *("podman", "push", "--tls-verify=false", "--digestfile", str(digest)),
            *(local, f"{released.repository}:{tag}"),
            seconds=600,
        )
    finally:
        podman.run("podman", "image", "rm", local)
    return digest.read_text()


def test_signed_image_is_taken(taker: Taker, released: Released) -> None:
    taken = taker.take(released.image)
    assert (taken.returncode, taken.stderr) == (0, "")


def test_unsigned_image_is_rejected(
    taker: Taker, released: Released, podman: Podman, tmp_path: Path
) -> None:
    other(podman, released, tmp_path, "unsigned")
    taken = taker.take(f"{released.repository}:unsigned")
    assert taken.returncode != 0
    assert "A signature was required, but no signature exists" in taken.stderr
    refused = released.verify("verify", f"{released.repository}:unsigned", check=False)
    assert "no signatures found" in refused.stderr


ATTACHED = {
    "sig": ("verify",),
    "att": ("verify-attestation", "--type", "slsaprovenance1"),
}
"""Endings of the tags of what cosign puts next to an image, and how it is verified."""


@pytest.mark.parametrize("suffix", ATTACHED)
def test_image_with_anothers_signature_is_rejected(
    taker: Taker, released: Released, podman: Podman, tmp_path: Path, suffix: str
) -> None:
    digest = other(podman, released, tmp_path, f"borrowed-{suffix}")
    place = f"docker://{released.repository}:" + "{}." + suffix
    moved = taker.skopeo(
        *("copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--insecure-policy"),
        *(place.format(one.replace(":", "-")) for one in (released.digest, digest)),
    )
    assert (moved.returncode, moved.stderr) == (0, "")
    image = f"{released.repository}@{digest}"
    assert taker.take(image).returncode != 0
    refused = released.verify(*ATTACHED[suffix], image, check=False)
    assert refused.returncode != 0
    assert "digest" in refused.stderr


def test_signature_by_another_key_is_rejected(
    taker: Taker, released: Released, podman: Podman, tmp_path: Path
) -> None:
    digest = other(podman, released, tmp_path, "foreign")
    make = ["cosign", "generate-key-pair"]
    subprocess.run(make, cwd=tmp_path, env=released.environment, check=True, capture_output=True)
    image = f"{released.repository}@{digest}"
    released.cosign(
        *("sign", "--yes", "--tlog-upload=false", "--allow-http-registry"),
        *("--key", tmp_path / "cosign.key", image),
    )
    taken = taker.take(image)
    assert taken.returncode != 0
    assert "signature" in taken.stderr
    assert released.verify("verify", image, check=False).returncode != 0
