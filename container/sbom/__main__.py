"""Prints what the image is made of as a CycloneDX 1.5 list, each part with its licence.

Debian packages, Python packages, and the networks' files where they are inside. How many parts say
nothing of their licence goes to standard error, with their names.

Usage: python -m container.sbom, inside the image
"""

import hashlib
import json
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from container.sbom import debian_packages, python_packages

MODELS = (".dat", ".pth")
"""Endings of the networks' files."""


def components() -> Iterator[dict[str, Any]]:
    """List every part."""
    for debian in debian_packages.installed():
        purl = (
            f"pkg:deb/debian/{quote(debian.name)}@{quote(debian.version)}"
            f"?arch={debian.architecture}"
        )
        yield _library(debian.name, debian.version, purl) | _licences(debian.licence)
    for python in python_packages.installed():
        purl = f"pkg:pypi/{python.name.lower().replace('_', '-')}@{quote(python.version)}"
        yield _library(python.name, python.version, purl) | _licences(python.licence)
    yield from models()


def models() -> Iterator[dict[str, Any]]:
    """Hash the networks' files; the packages that they come in state their licences."""
    owners = metadata.packages_distributions()
    for path in sorted(Path(sysconfig.get_path("purelib")).glob("*/models/*")):
        if path.suffix not in MODELS:
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        (owner,) = set(owners[path.parts[-3]])
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"{path.name}@{digest[:16]}",
            "name": path.name,
            "hashes": [{"alg": "SHA-256", "content": digest}],
        } | _licences(python_packages.licence(metadata.distribution(owner)))


def document(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the list, sorted, so that two builds of the same parts give the same bytes."""
    by_reference = {part["bom-ref"]: part for part in parts}
    about = python_packages.licence(metadata.distribution("iot-facerecognition"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": "iot-facerecognition-server",
                "version": metadata.version("iot-facerecognition"),
            }
            | _licences(about),
        },
        "components": [by_reference[reference] for reference in sorted(by_reference)],
    }


def _library(name: str, version: str, purl: str) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _licences(expression: str | None) -> dict[str, Any]:
    return {"licenses": [{"expression": expression}]} if expression else {}


def main() -> None:
    """Print the list, and how complete its licences are."""
    made = document(list(components()))
    json.dump(made, sys.stdout, indent=1)
    sys.stdout.write("\n")
    silent = [part["name"] for part in made["components"] if "licenses" not in part]
    count = len(made["components"])
    told = f"sbom: {count} parts, {count - len(silent)} with their licence"
    sys.stderr.write(f"{told}; none is stated by: {', '.join(silent)}\n" if silent else f"{told}\n")


if __name__ == "__main__":
    main()
