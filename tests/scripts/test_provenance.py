"""What the provenance of an image says."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from scripts.provenance import BaseImage, Build, Source, predicate, timestamp

BUILD = Build(
    source=Source("https://git.example.org/faces.git", "c" * 40),
    base=BaseImage("debian:bookworm-slim", "sha256:" + "d" * 64),
    dockerfile="Dockerfile.cuda",
    platform="linux/arm64",
    arguments={"TORCH": "cpu", "REVISION": "c" * 40},
    builder="urn:example:builder",
    tools={"podman": "podman version 5"},
    started=datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC),
    finished=datetime(2031, 1, 2, 3, 5, 6, tzinfo=UTC),
    invocation="one",
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("b.txt", "a.txt", "sbom.json")}
    for name, path in made.items():
        path.write_text(name)
    return made


def test_everything_that_went_in_is_named_by_its_digest(files):
    lists = {name: files[name] for name in ("b.txt", "a.txt")}
    build = predicate(BUILD, lists, files["sbom.json"])["buildDefinition"]
    source, base, *pinned = build["resolvedDependencies"]
    assert source == {
        "uri": "git+https://git.example.org/faces.git",
        "digest": {"gitCommit": "c" * 40},
    }
    assert base["digest"] == {"sha256": "d" * 64}
    assert [one["name"] for one in pinned] == ["a.txt", "b.txt"]
    assert pinned[0]["digest"]["sha256"] == hashlib.sha256(b"a.txt").hexdigest()
    parameters = build["externalParameters"]
    assert parameters["source"] == source
    assert parameters["arguments"] == BUILD.arguments
    assert parameters["platform"] == "linux/arm64"


def test_run_is_reported_with_its_builder_times_and_list_of_contents(files):
    run = predicate(BUILD, {}, files["sbom.json"])["runDetails"]
    assert run["builder"] == {"id": "urn:example:builder"}
    assert run["metadata"]["startedOn"] == "2031-01-02T03:04:05Z"
    assert run["metadata"]["finishedOn"] == "2031-01-02T03:05:06Z"
    (listed,) = run["byproducts"]
    assert listed["digest"]["sha256"] == hashlib.sha256(b"sbom.json").hexdigest()


def test_two_builds_differ_in_their_run_alone(files):
    later = replace(BUILD, invocation="two", started=BUILD.finished)
    first, second = (predicate(one, {}, files["sbom.json"]) for one in (BUILD, later))
    assert first["buildDefinition"] == second["buildDefinition"]
    assert first["runDetails"] != second["runDetails"]


def test_time_of_another_zone_is_told_in_utc():
    moment = datetime(2031, 1, 2, 3, 4, 5, 600, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "2031-01-02T01:04:05Z"
