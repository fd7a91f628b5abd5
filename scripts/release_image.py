"""Build the image of the commit at hand, push it, sign it, and attest what it is made of.

Usage: python -m scripts.release_image REGISTRY/NAME --key cosign.key [--torch cpu|cuda]
       [--platform linux/amd64|linux/arm64] [--base-image IMAGE] [--builder URI]

Pushed is REGISTRY/NAME:VERSION-TORCH, or with -arm64 after it. Next to it in the registry lie, each
signed with the key: its signature, its provenance (SLSA v1) and the list of what is inside
(CycloneDX). All three are verified before the command ends well. docs/release.md tells the rest.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.container_engine import Engine, ReleaseError, run
from scripts.provenance import BaseImage, Build, Source, predicate, timestamp
from scripts.signer import Signer

ROOT = Path(__file__).resolve().parents[1]
FAILED = 1
SBOM = "/opt/server/sbom.cdx.json"
PROVENANCE = "https://slsa.dev/provenance/v1"
"""By its whole name: what cosign knows as slsaprovenance1 it rewrites, with a key misspelt."""
BASE = "docker.io/library/debian:bookworm-slim"


def source() -> Source:
    """Return the commit at hand. Raises ReleaseError when files differ from it."""
    if changed := run("git", "status", "--porcelain", cwd=ROOT):
        raise ReleaseError(f"files differ from the commit; commit them first:\n{changed}")
    remotes = run("git", "remote", cwd=ROOT).split()
    url = run("git", "remote", "get-url", remotes[0], cwd=ROOT).strip() if remotes else ROOT.name
    return Source(url, run("git", "rev-parse", "HEAD", cwd=ROOT).strip())


def labels(commit: Source) -> dict[str, str]:
    """Return the arguments of the build that become the image's labels."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    seconds = run("git", "show", "--no-patch", "--format=%ct", commit.commit, cwd=ROOT)
    created = timestamp(datetime.fromtimestamp(int(seconds), UTC))
    return {"VERSION": version, "REVISION": commit.commit, "CREATED": created}


def release(given: argparse.Namespace, engine: Engine, signer: Signer, folder: Path) -> str:
    """Do it all; return the name of the released image with its digest. Raises ReleaseError."""
    commit = source()
    context = folder / "context"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, context)
    run("git", "checkout", "--quiet", commit.commit, cwd=context)
    arguments = labels(commit) | {"TORCH": given.torch, "BASE_IMAGE": given.base_image}
    architecture = given.platform.partition("/")[2].replace("/", "-")
    suffix = "" if architecture == "amd64" else f"-{architecture}"
    tag = f"{given.image}:{arguments['VERSION']}-{given.torch}{suffix}"
    base = BaseImage(given.base_image, engine.base_digest(given.base_image, given.platform))
    started = datetime.now(UTC)
    engine.build(context, tag, given.platform, arguments)
    build = Build(
        source=commit,
        base=base,
        dockerfile="Dockerfile.cuda",
        platform=given.platform,
        arguments=arguments,
        builder=given.builder,
        tools={engine.name: engine.version()},
        started=started,
        finished=datetime.now(UTC),
        invocation=str(uuid.uuid4()),
    )
    materials, provenance = folder / "sbom.cdx.json", folder / "provenance.json"
    engine.copy_out(tag, SBOM, materials)
    lists = (f"container/requirements-{one}.txt" for one in (given.torch, "build", "sbom"))
    made = predicate(build, {name: context / name for name in lists}, materials)
    provenance.write_text(json.dumps(made, indent=1))
    image = f"{given.image}@{engine.push(tag)}"
    publish(signer, image, {PROVENANCE: provenance, "cyclonedx": materials})
    return image


def publish(signer: Signer, image: str, statements: Mapping[str, Path]) -> None:
    """Sign a pushed image and state what `statements` say of it; verify all of it."""
    signer.sign(image)
    for kind, file in statements.items():
        signer.attest(image, kind, file)
    signer.verify(image, list(statements))


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("image", help="where to push: REGISTRY/NAME, without a tag")
    parser.add_argument("--key", type=Path, required=True, help="private key of cosign's")
    parser.add_argument("--torch", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--base-image", default=BASE)
    builder = f"urn:iot-facerecognition:builder:{platform.node()}"
    parser.add_argument("--builder", default=builder, help="URI of who builds (%(default)s)")
    parser.add_argument("--transparency-log", action="store_true", help="write to Sigstore's log")
    parser.add_argument("--plain-http", action="store_true", help="the registry speaks no TLS")
    parser.add_argument("--engine", choices=["docker", "podman"])
    parser.add_argument("--build-option", action="append", default=[], help="one more for it")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Release; return the exit code."""
    given = parse(words)
    chosen = given.engine or ("docker" if shutil.which("docker") else "podman")
    engine = Engine(chosen, given.build_option, given.plain_http)
    try:
        signer = Signer(given.key, given.transparency_log, given.plain_http)
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            image = release(given, engine, signer, Path(folder))
    except ReleaseError as error:
        sys.stderr.write(f"release-image: {error}\n")
        return FAILED
    sys.stdout.write(f"released and verified: {image}\n")
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
