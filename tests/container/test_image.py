"""What the image is made of, and what it does not contain."""

import copy
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from tests.container.containers import ROOT, copy_of_the_tree
from tests.container.podman import BASE, Podman

# What a build leaves behind, or an attacker would like to find.
FORBIDDEN = re.compile(
    r"pip[0-9.]*|(?:.*-)?(?:gcc|g\+\+|cc|c\+\+|cpp|clang|as|ld|ptxas|nvcc)(?:-[0-9]+)?"
    r"|make|cmake|git|curl|wget|ensurepip"
)
# Installers of Python packages, which the build has and the image must not.
INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack", "ensurepip")
FREED_BY_THE_BUILD = {"setuptools"}
"""In the list with the hashes, since torch names it, and taken out of the image."""


def test_dockerfiles_are_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    files = [ROOT / "Dockerfile.cuda", ROOT / "tests" / "container" / "monitoring.Dockerfile"]
    checked = subprocess.run([hadolint, *files], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_image_declares_what_runtimes_ask_for(podman: Podman, image: str) -> None:
    found = podman.inspect(image)
    config = found["Config"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert set(config["ExposedPorts"]) == {"50000/tcp", "50090/tcp"}
    assert set(config["Volumes"]) == {"/data"}
    assert config["Labels"]["org.opencontainers.image.licenses"] == "AGPL-3.0-or-later"
    assert "NVIDIA_VISIBLE_DEVICES=all" in config["Env"]
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in config["Env"]
    assert found["Healthcheck"]["Test"][-1].endswith("probe")
    assert found["Healthcheck"]["StartPeriod"] == 300e9  # nanoseconds: a first start may take long
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert config["Labels"]["org.opencontainers.image.version"] == version
    print(f"\nthe image has {found['Size'] / 1e6:.0f} MB")


def test_labels_follow_the_revision_past_the_layer_cache(
    podman: Podman, image: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    context = copy_of_the_tree(tmp_path_factory.mktemp("revisions"))
    name = f"{image}-labels"
    builds = [
        {"VERSION": "7.0", "REVISION": "1" * 40, "CREATED": "2031-01-01T00:00:00Z"},
        {"VERSION": "7.1", "REVISION": "2" * 40, "CREATED": "2031-02-02T00:00:00Z"},
    ]
    try:
        for arguments in builds:
            given = (f"--build-arg={key}={value}" for key, value in arguments.items())
            podman.build(context, name, *given)
            labels = podman.inspect(name)["Config"]["Labels"]
            for key, value in arguments.items():
                assert labels[f"org.opencontainers.image.{key.lower()}"] == value
    finally:
        podman.run("podman", "image", "rm", "--force", name)


def test_no_file_gives_its_owners_rights_to_who_runs_it(podman: Podman, image: str) -> None:
    def found(what: str) -> list[str]:
        printed = podman.run(
            *("podman", "run", "--rm", "--user=0", "--entrypoint=find", what),
            *("/", "-xdev", "-perm", "/6000"),
        )
        # podman itself may have something to say about a machine without systemd.
        return [line for line in printed.splitlines() if line.startswith("/")]

    assert found(image) == []
    assert "/usr/bin/passwd" in found(BASE)  # so that the question can find


def test_image_contains_no_tool_test_or_secret(podman: Podman, image: str) -> None:
    files = podman.run(
        "podman", "run", "--rm", "--user=0", "--entrypoint=find", image,
        "/", "-xdev", "(", "-type", "f", "-o", "-type", "l", ")",
    ).splitlines()  # fmt: skip
    assert "/usr/bin/python3" in files  # links count
    tools = [f for f in files if "/bin/" in f or "/sbin/" in f or "/libexec/" in f]
    assert len(tools) > 100
    assert [f for f in tools if FORBIDDEN.fullmatch(Path(f).name)] == []
    assert FORBIDDEN.fullmatch("x86_64-linux-gnu-gcc-12")  # so that the expression can find
    assert not [f for f in files if f.endswith(("/cc1", "/cc1plus"))]
    assert not [
        f for f in files if f.startswith("/opt/") and f.endswith((".h", ".hpp", ".c", ".cu"))
    ]
    assert not [f for f in files if f.startswith("/opt/server") and Path(f).name == "conftest.py"]
    packages = {f.split("/site-packages/")[1].split("/")[0] for f in files if "/site-pack" in f}
    assert "torch" in packages
    assert not {p for p in packages if p.split("-")[0].split(".")[0] in INSTALLERS}
    assert not [f for f in files if "/.cache/" in f]
    ours = [f for f in files if f.startswith("/opt") and f.endswith((".key", ".pem", ".p12"))]
    assert ours == []
    assert not [f for f in files if f.endswith("tokens.json") or f.startswith("/data/")]


@pytest.fixture(scope="module")
def materials(
    podman: Podman, image: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The list of everything inside, out of the image."""
    folder = tmp_path_factory.mktemp("materials")
    container = podman.run("podman", "create", "--quiet", image).strip().splitlines()[-1]
    try:
        podman.run("podman", "cp", f"{container}:/opt/server/sbom.cdx.json", str(folder))
    finally:
        podman.run("podman", "rm", "--volumes", container)
    document: dict[str, Any] = json.loads((folder / "sbom.cdx.json").read_text())
    return document


def test_bill_of_materials_names_every_package(materials: dict[str, Any]) -> None:
    document = copy.deepcopy(materials)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    problems = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert problems is None, problems
    parts = [part for part in document["components"] if "purl" in part]
    versions = {part["purl"].partition("@")[0]: part["version"] for part in parts}
    pinned = (ROOT / "container" / "requirements-cpu.txt").read_text().splitlines()
    for line in pinned:
        name, found, version = line.split(" ")[0].partition("==")
        if found and name not in FREED_BY_THE_BUILD:
            assert versions[f"pkg:pypi/{name}"] == version
    assert not {f"pkg:pypi/{name}" for name in (*FREED_BY_THE_BUILD, "pip")} & set(versions)
    assert "pkg:deb/debian/libturbojpeg0" in versions
    # CycloneDX's own tool is no part of what it describes, and knows what needs what.
    assert "pkg:pypi/cyclonedx-bom" not in versions
    needs = {
        one["ref"].partition("==")[0]: one.get("dependsOn", []) for one in document["dependencies"]
    }
    assert any(one.startswith("sympy==") for one in needs["torch"])
    assert all("+" not in part["purl"] for part in parts)  # it would be read as a space
    networks = {
        part["name"]: part["hashes"][0]["content"]
        for part in document["components"]
        if part["type"] == "machine-learning-model"
    }
    descriptor = "dlib_face_recognition_resnet_model_v1.dat"
    assert networks[descriptor].startswith("55533b28a95800a5")
    assert "efficientnet-lite0-57934424.pth" in networks
    # The schema can say no.
    document["components"][0]["type"] = "thing"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is not None


def stated_in(licence: dict[str, Any]) -> str:
    """Return one licence of a part as SPDX names it; KeyError for any other name."""
    stated = licence["expression"] if "expression" in licence else licence["license"]["id"]
    assert isinstance(stated, str)
    return stated


def test_every_part_has_its_licence(materials: dict[str, Any]) -> None:
    spdx = get_spdx_licensing()
    parts = [materials["metadata"]["component"], *materials["components"]]
    unlisted: set[str] = set()
    for part in parts:
        (stated,) = (stated_in(licence) for licence in part["licenses"])
        checked = spdx.validate(re.sub(r"LicenseRef-[A-Za-z0-9.-]+", "MIT", stated))
        assert checked.errors == [], (part["name"], stated)
        unlisted |= set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", stated))
    assert "NOASSERTION" not in json.dumps(materials)
    print(f"\n{len(parts)} parts with their licence; {len(unlisted)} names are not in SPDX's list")
    by_name = {part["name"]: stated_in(part["licenses"][0]) for part in parts}
    assert by_name["iot-facerecognition-server"] == "AGPL-3.0-or-later"
    assert by_name["libc6"].count("LGPL-2.1-or-later") == 1
    assert by_name["jinja2" if "jinja2" in by_name else "Jinja2"] == "BSD-3-Clause"
    assert spdx.validate("MIT AND Nonsense").errors  # so that the check can fail


def test_pinned_lists_match_what_the_project_needs() -> None:
    # The constraints are what everything was tested with: the image has no other versions.
    tested = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for variant in ("cpu", "cuda"):
        lines = (ROOT / "container" / f"requirements-{variant}.txt").read_text().splitlines()
        pinned = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
        wrong = {
            name: version
            for name, version in pinned.items()
            if name in tested and version.partition("+")[0] != tested[name]
        }
        assert wrong == {}
        assert "nvidia-cudnn-cu13" in pinned or variant == "cpu"
