"""Where an image comes from, as the predicate of an in-toto statement in SLSA's form.

https://slsa.dev/spec/v1.0/provenance: what was built (externalParameters), what went into it
(resolvedDependencies), and who built it when (runDetails).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BUILD_TYPE = "urn:iot-facerecognition:build:dockerfile:1"
"""Names the form of `externalParameters`; docs/release.md describes it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The commit that was built."""

    repository: str
    """URL of the repository, or the name of its folder where it has no remote."""
    commit: str
    """SHA-1 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What the image stands on."""

    name: str
    digest: str
    """`sha256:` and 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Build:
    """One run of the builder."""

    source: Source
    base: BaseImage
    dockerfile: str
    platform: str
    arguments: Mapping[str, str]
    builder: str
    """URI of who built."""
    tools: Mapping[str, str]
    """Versions by name."""
    started: datetime
    finished: datetime
    invocation: str
    """Different for every run."""


def predicate(build: Build, lists: Mapping[str, Path], materials: Path) -> dict[str, Any]:
    """Return the predicate.

    `lists` are the pinned lists of packages by their paths in the repository; `materials` is the
    list of everything inside the image. Raises OSError where one cannot be read.
    """
    commit = {"uri": f"git+{build.source.repository}", "digest": {"gitCommit": build.source.commit}}
    algorithm, _, digest = build.base.digest.partition(":")
    base = {"uri": f"pkg:docker/{build.base.name}", "digest": {algorithm: digest}}
    pinned = [{"name": name, "digest": _digest(path)} for name, path in sorted(lists.items())]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "source": commit,
                "dockerfile": build.dockerfile,
                "platform": build.platform,
                "arguments": dict(build.arguments),
            },
            "internalParameters": {"tools": dict(build.tools)},
            "resolvedDependencies": [commit, base, *pinned],
        },
        "runDetails": {
            "builder": {"id": build.builder},
            "metadata": {
                "invocationId": build.invocation,
                "startedOn": timestamp(build.started),
                "finishedOn": timestamp(build.finished),
            },
            "byproducts": [{"name": materials.name, "digest": _digest(materials)}],
        },
    }


def timestamp(moment: datetime) -> str:
    """Return `moment` in RFC 3339, in UTC and whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
