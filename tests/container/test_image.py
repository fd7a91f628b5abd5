"""What the image is made of, and what it does not contain."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.container.containers import ROOT
from tests.container.podman import Podman

# What a build leaves behind, or an attacker would like to find.
FORBIDDEN = re.compile(
    r"pip[0-9.]*|(?:.*-)?(?:gcc|g\+\+|cc|c\+\+|cpp|clang|as|ld|ptxas|nvcc)(?:-[0-9]+)?"
    r"|make|cmake|git|curl|wget|ensurepip"
)


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
    assert not [f for f in files if "/site-packages/pip/" in f or "/.cache/" in f]
    ours = [f for f in files if f.startswith("/opt") and f.endswith((".key", ".pem", ".p12"))]
    assert ours == []
    assert not [f for f in files if f.endswith("tokens.json") or f.startswith("/data/")]


def test_bill_of_materials_names_every_package(podman: Podman, image: str, tmp_path: Path) -> None:
    container = podman.run("podman", "create", "--quiet", image).strip().splitlines()[-1]
    try:
        podman.run("podman", "cp", f"{container}:/opt/server/sbom.cdx.json", str(tmp_path))
    finally:
        podman.run("podman", "rm", "--volumes", container)
    document = json.loads((tmp_path / "sbom.cdx.json").read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    problems = JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(document))
    assert problems is None, problems
    parts = [part for part in document["components"] if "purl" in part]
    versions = {part["purl"].partition("@")[0]: part["version"] for part in parts}
    pinned = (ROOT / "container" / "requirements-cpu.txt").read_text().splitlines()
    for line in pinned:
        name, found, version = line.split(" ")[0].partition("==")
        if found:
            assert versions[f"pkg:pypi/{name}"] == version
    assert "pkg:deb/debian/libturbojpeg0" in versions
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
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(document)) is not None


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
