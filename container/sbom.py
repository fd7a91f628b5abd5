"""Prints what the image is made of as a CycloneDX 1.5 list.

Debian packages, Python packages, and the networks' files where they are inside.
"""
# ruff: noqa: INP001 - a program of the build, in no package

import hashlib
import json
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

MODELS = (".dat", ".pth")
"""Endings of the networks' files."""
SHORT = 80
"""Longest name of a licence; older packages have its whole text in that place."""


def debian_packages() -> list[dict[str, Any]]:
    """Ask dpkg."""
    form = "${Package}\t${Version}\t${Architecture}\n"
    listed = subprocess.run(  # noqa: S603 - fixed words
        ["/usr/bin/dpkg-query", "--show", f"--showformat={form}"],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [line.split("\t") for line in listed.stdout.splitlines()]
    return [
        _component(
            name, version, f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}"
        )
        for name, version, architecture in rows
    ]


def python_packages() -> list[dict[str, Any]]:
    """Ask the environment that this runs in."""
    found = []
    for package in metadata.distributions():
        name, version = package.metadata["Name"], package.version
        purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{quote(version)}"
        found.append(_component(name, version, purl) | _licences(package.metadata))
    return found


def models() -> list[dict[str, Any]]:
    """Hash the networks' files beside the packages."""
    found = []
    for path in sorted(Path(sysconfig.get_path("purelib")).glob("*/models/*")):
        if path.suffix in MODELS:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashes = [{"alg": "SHA-256", "content": digest}]
            found.append(
                {
                    "type": "machine-learning-model",
                    "bom-ref": f"{path.name}@{digest[:16]}",
                    "name": path.name,
                    "hashes": hashes,
                }
            )
    return found


def _component(name: str, version: str, purl: str) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _licences(about: metadata.PackageMetadata) -> dict[str, Any]:
    expression, words = about.get("License-Expression"), about.get("License")
    if expression:
        return {"licenses": [{"expression": expression}]}
    if words and len(words) <= SHORT and "\n" not in words:
        return {"licenses": [{"license": {"name": words}}]}
    return {}


def main() -> None:
    """Print the list, sorted, so that two builds of the same parts give the same bytes."""
    parts = [*debian_packages(), *python_packages(), *models()]
    components = {part["bom-ref"]: part for part in parts}
    version = metadata.version("iot-facerecognition")
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": "iot-facerecognition-server",
                "version": version,
            },
        },
        "components": [components[reference] for reference in sorted(components)],
    }
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
