"""Prints what the image is made of, Debian and Python packages, as a CycloneDX 1.5 list."""
# ruff: noqa: INP001 - a program of the build, in no package

import json
import subprocess
import sys
from importlib import metadata
from typing import Any


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
        _component(name, version, f"pkg:deb/debian/{name}@{version}?arch={architecture}", None)
        for name, version, architecture in rows
    ]


def python_packages() -> list[dict[str, Any]]:
    """Ask the environment that this runs in."""
    found = []
    for package in metadata.distributions():
        name, version = package.metadata["Name"], package.version
        licence = package.metadata.get("License-Expression")
        purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
        found.append(_component(name, version, purl, licence))
    return found


def _component(name: str, version: str, purl: str, licence: str | None) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if licence:
        component["licenses"] = [{"expression": licence}]
    return component


def main() -> None:
    """Print the list, sorted, so that two builds of the same parts give the same bytes."""
    components = {part["purl"]: part for part in [*debian_packages(), *python_packages()]}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "name": "iot-facerecognition-server"},
        },
        "components": [components[purl] for purl in sorted(components)],
    }
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
