"""The list of an image's parts: Python's packages, Debian's, and the networks' files.

https://cyclonedx.org/docs/1.6/json/
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from container.sbom import debian_packages, licences, python_packages

PROJECT = "iot-facerecognition"
MODELS = (".dat", ".onnx", ".pth")
"""Endings of the networks' files."""

Distributions = Mapping[str, metadata.Distribution]
"""The installed Python packages by their names."""


def parsed(document: Mapping[str, Any]) -> Bom:
    """Return a list that was written as JSON."""
    made: Bom = Bom.from_json(data=document)  # type: ignore[attr-defined]  # a decorator adds it
    return made


def whole(python: Bom, distributions: Distributions) -> Bom:
    """Return the parts of the image: those of `python`, Debian's, and the networks' files."""
    parts = [_with_its_licence(part, distributions) for part in python.components]
    parts += debian_parts(debian_packages.installed())
    parts += model_parts(distributions)
    about = distributions[PROJECT]
    image = Component(
        name=f"{PROJECT}-server",
        version=about.version,
        type=ComponentType.CONTAINER,
        bom_ref="image",
        licenses=_licences(python_packages.licence(about)),
    )
    made = Bom(
        components=parts,
        dependencies=python.dependencies,
        metadata=BomMetaData(component=image, tools=python.metadata.tools),
    )
    made.register_dependency(image, parts)
    references = "\n".join(sorted(str(part.bom_ref) for part in parts))
    made.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, references)
    return made


def debian_parts(packages: Iterable[debian_packages.Package]) -> Iterator[Component]:
    """List Debian's packages."""
    for package in packages:
        architecture = {"arch": package.architecture}
        purl = PackageURL("deb", "debian", package.name, package.version, architecture)
        yield Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            bom_ref=purl.to_string(),
            purl=purl,
            licenses=_licences(package.licence),
        )


def model_parts(distributions: Distributions) -> Iterator[Component]:
    """Hash the networks' files; a text next to a file, or else its package, states its licence."""
    for distribution in distributions.values():
        for file in distribution.files or []:
            path = Path(str(distribution.locate_file(file)))
            # With MODELS=volume they are not in the image.
            if file.suffix not in MODELS or not path.is_file():
                continue
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            yield Component(
                name=path.name,
                type=ComponentType.MACHINE_LEARNING_MODEL,
                bom_ref=f"{path.name}@{digest[:16]}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                licenses=_licences(_own_licence(path) or python_packages.licence(distribution)),
            )


def as_json(bom: Bom) -> str:
    """Return the list as CycloneDX 1.6, without a time: the same parts give the same bytes."""
    document = json.loads(
        make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string()
    )
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=1)


def _own_licence(model: Path) -> str | None:
    """Return the licence in the text that lies next to a network's file; None without one."""
    text = model.with_suffix(".LICENSE.txt")
    return licences.together(licences.in_text(text.read_text())) if text.is_file() else None


def _with_its_licence(part: Component, distributions: Distributions) -> Component:
    """Name the licence of a package that the tool has found none of SPDX's list for."""
    stated = list(part.licenses)
    if len(stated) == 1 and _is_exact(stated[0]):
        return part
    if found := python_packages.licence(distributions[part.name]):
        part.licenses = _licences(found)
    return part


def _is_exact(licence: License) -> bool:
    return isinstance(licence, LicenseExpression) or (
        isinstance(licence, DisjunctiveLicense) and licence.id is not None
    )


def _licences(expression: str | None) -> list[License]:
    return [LicenseExpression(expression)] if expression else []
