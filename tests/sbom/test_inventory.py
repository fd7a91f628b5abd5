"""The list of what the image is made of: what CycloneDX's tool finds, and what is added to it."""

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from container.sbom import debian_packages, inventory

TOOL_SAYS: Mapping[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {
            "bom-ref": "exact==1",
            "name": "exact",
            "version": "1",
            "type": "library",
            "purl": "pkg:pypi/exact@1",
            "licenses": [{"license": {"id": "MIT-0", "acknowledgement": "declared"}}],
        },
        {
            "bom-ref": "vague==1",
            "name": "vague",
            "version": "1",
            "type": "library",
            "purl": "pkg:pypi/vague@1",
            "licenses": [{"license": {"name": "License :: OSI Approved :: BSD License"}}],
        },
        {"bom-ref": "silent==1", "name": "silent", "version": "1", "type": "library"},
    ],
    "dependencies": [{"ref": "exact==1", "dependsOn": ["vague==1"]}, {"ref": "vague==1"}],
}
BSD = """\
Redistribution and use in source and binary forms, with or without modification, are permitted.
The name of the author may not be used to endorse or promote products.
"""


def installed(folder: Path, name: str, headers: str, files: Mapping[str, str]) -> None:
    """Lay an installed Python package into `folder`."""
    about = folder / f"{name}-1.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {name}\nVersion: 1\n{headers}\n"
    )
    about.joinpath("RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file, text in files.items():
        folder.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(file).write_text(text)


@pytest.fixture
def distributions(tmp_path: Path) -> dict[str, metadata.Distribution]:
    installed(tmp_path, "exact", "License: nonsense", {})
    installed(tmp_path, "vague", "License: BSD", {"vague-1.dist-info/LICENSE": BSD})
    installed(tmp_path, "silent", "Summary: says nothing", {})
    installed(tmp_path, "iot-facerecognition", "License-Expression: AGPL-3.0-or-later", {})
    installed(tmp_path, "networks", "License: CC0-1.0", {"networks/models/face.dat": "weights"})
    return {one.name: one for one in metadata.distributions(path=[str(tmp_path)])}


@pytest.fixture
def document(
    distributions: dict[str, metadata.Distribution], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The whole list, with a Debian with one package."""
    package = debian_packages.Package("libc++", "1:2.0", "amd64", "MIT AND Zlib")
    monkeypatch.setattr(debian_packages, "installed", lambda: iter([package]))
    made = inventory.whole(inventory.parsed(TOOL_SAYS), distributions)
    listed: dict[str, Any] = json.loads(inventory.as_json(made))
    return listed


def part(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in document["components"] if one["name"] == name]
    return dict(found)


def test_exact_licence_stays_as_the_tool_says_it(document: dict[str, Any]) -> None:
    assert part(document, "exact")["licenses"][0]["license"]["id"] == "MIT-0"


def test_vague_licence_gives_way_to_the_text_of_the_licence(document: dict[str, Any]) -> None:
    assert part(document, "vague")["licenses"] == [{"expression": "BSD-3-Clause"}]


def test_part_without_a_stated_licence_has_none_in_the_list(document: dict[str, Any]) -> None:
    assert "licenses" not in part(document, "silent")


def test_debian_package_is_listed_with_its_licence(document: dict[str, Any]) -> None:
    debian = part(document, "libc++")
    assert debian["purl"] == "pkg:deb/debian/libc%2B%2B@1:2.0?arch=amd64"
    assert debian["licenses"] == [{"expression": "MIT AND Zlib"}]


def test_network_has_its_hash_and_its_package_s_licence(document: dict[str, Any]) -> None:
    network = part(document, "face.dat")
    assert network["type"] == "machine-learning-model"
    assert network["hashes"][0]["content"] == hashlib.sha256(b"weights").hexdigest()
    assert network["licenses"] == [{"expression": "CC0-1.0"}]


def test_network_with_a_licence_of_its_own_next_to_it_has_that(tmp_path: Path) -> None:
    text = "Permission is hereby granted, free of charge, to deal in it, to sublicense it"
    files = {"own/faces.onnx": "weights", "own/faces.LICENSE.txt": text}
    installed(tmp_path, "own", "License-Expression: AGPL-3.0-or-later", files)
    (found,) = metadata.distributions(path=[str(tmp_path)])
    (network,) = inventory.model_parts({"own": found})
    assert [str(one.value) for one in network.licenses] == ["MIT"]


def test_network_outside_the_image_is_not_listed(
    distributions: dict[str, metadata.Distribution], tmp_path: Path
) -> None:
    assert [one.name for one in inventory.model_parts(distributions)] == ["face.dat"]
    (tmp_path / "networks" / "models" / "face.dat").unlink()
    assert list(inventory.model_parts(distributions)) == []


def test_image_contains_every_part_and_dependencies_stay(document: dict[str, Any]) -> None:
    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert set(needs["image"]) == {one["bom-ref"] for one in document["components"]}
    assert needs["exact==1"] == ["vague==1"]
    about = document["metadata"]["component"]
    assert (about["type"], about["version"]) == ("container", "1")
    assert about["licenses"] == [{"expression": "AGPL-3.0-or-later"}]


def test_same_parts_give_the_same_bytes(
    distributions: dict[str, metadata.Distribution], document: dict[str, Any]
) -> None:
    again = inventory.whole(inventory.parsed(TOOL_SAYS), distributions)
    assert json.loads(inventory.as_json(again)) == document
    assert "timestamp" not in document["metadata"]
