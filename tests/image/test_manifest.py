"""What Raspberry Pi Imager is told about the image."""

import copy
from pathlib import Path

import pytest

from image.artefacts import manifest
from image.artefacts.compression import Download

DOWNLOAD = Download(Path("x.img.xz"), 2_000_000_000, "ab" * 32, 400_000_000, "cd" * 32)
URLS = manifest.Urls("https://example.org/x.img.xz", "file:///x.svg", "https://example.org/x.bmap")


def written(architecture: str = "armhf") -> dict:
    target = manifest.TARGETS[architecture]
    entry = manifest.entry(target, "1.2.3", DOWNLOAD, "2026-11-27", URLS)
    return manifest.document(target, [entry])


@pytest.mark.parametrize("architecture", sorted(manifest.TARGETS))
def test_every_required_field_is_there(architecture):
    document = written(architecture)
    assert manifest.problems(document) == []
    (entry,) = document["os_list"]
    assert set(entry) >= set(manifest.REQUIRED)
    # Imager compares it with what it has written, which is not compressed.
    assert entry["extract_sha256"] == "ab" * 32
    assert entry["extract_size"] == 2_000_000_000
    assert entry["init_format"] == "rpi-preseed"


@pytest.mark.parametrize("field", sorted(manifest.REQUIRED))
def test_a_missing_field_is_named(field):
    document = written()
    del document["os_list"][0][field]
    (problem,) = manifest.problems(document)
    assert field in problem


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("extract_size", "2000000000"),
        ("extract_size", True),
        ("extract_sha256", "AB" * 32),
        ("release_date", "27.11.2026"),
        ("devices", []),
        ("init_format", "system-d"),
        ("architecture", "arm64"),
        ("url", "x.img.xz"),
        ("bmap_url", "x.bmap"),
    ],
)
def test_a_value_that_imager_does_not_know_is_named(field, value):
    document = written()
    document["os_list"][0][field] = value
    (problem,) = manifest.problems(document)
    assert field in problem


def test_without_boards_nothing_could_be_chosen():
    document = written()
    document["imager"]["devices"] = []
    assert manifest.problems(document) == ["imager.devices is missing: no board could be chosen"]
    assert manifest.problems({"os_list": []})


def test_each_image_is_offered_for_boards_that_are_listed():
    for architecture in manifest.TARGETS:
        document = written(architecture)
        listed = {tag for board in document["imager"]["devices"] for tag in board["tags"]}
        assert set(document["os_list"][0]["devices"]) == listed


def test_a_repository_keeps_the_other_architecture_and_replaces_its_own():
    old = written("armhf")
    both = manifest.merged(old, written("arm64"))
    assert [entry["architecture"] for entry in both["os_list"]] == ["armhf", "armv8"]
    newer = copy.deepcopy(old)
    newer["os_list"][0]["release_date"] = "2026-12-24"
    again = manifest.merged(both, newer)
    dates = {entry["architecture"]: entry["release_date"] for entry in again["os_list"]}
    assert dates == {"armv8": "2026-11-27", "armhf": "2026-12-24"}
    assert len(again["imager"]["devices"]) == len(both["imager"]["devices"])
    assert manifest.problems(again) == []
