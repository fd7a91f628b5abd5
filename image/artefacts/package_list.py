"""What the image is made of: every Debian package of its root, as an SPDX 2.3 document.

https://spdx.github.io/spdx-spec/v2.3/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from container.sbom.debian_packages import stated
from image.artefacts.disk_image import DiskImage
from image.artefacts.errors import ArtefactError

STATUS = "/var/lib/dpkg/status"
_INSTALLED = "install ok installed"
_UNKNOWN = "NOASSERTION"
_NOT_IN_IDENTIFIERS = re.compile(r"[^A-Za-z0-9.-]+")
_ADDRESS = re.compile(r"\s*<([^>]*)>$")
_REFERENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed Debian package; `licence` is an SPDX expression, None where none is stated."""

    name: str
    version: str
    architecture: str
    maintainer: str
    licence: str | None = None


def installed(image: DiskImage) -> list[Package]:
    """Read the packages of `image` with their licences. Raises ArtefactError."""
    packages = list(parsed(image.read(STATUS).decode()))
    if not packages:
        raise ArtefactError(f"{image.path}: {STATUS} lists no package")
    files = {package.name: f"/usr/share/doc/{package.name}/copyright" for package in packages}
    texts = image.read_all(files.values())
    return [
        replace(package, licence=_licence(texts.get(files[package.name]))) for package in packages
    ]


def parsed(status: str) -> Iterator[Package]:
    """Parse dpkg's status file: paragraphs of `Name: value`, of which we need single lines."""
    for paragraph in status.split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in paragraph.splitlines()
            if ": " in line and not line.startswith(" ")
        )
        if fields.get("Status") == _INSTALLED:
            yield Package(
                fields["Package"],
                fields["Version"],
                fields["Architecture"],
                fields.get("Maintainer", ""),
            )


def document(
    name: str, version: str, sha256: str, created: str, packages: Iterable[Package]
) -> dict[str, Any]:
    """Return the SPDX document of image `name`; `created` is a time in UTC (ISO 8601, with Z)."""
    entries = sorted((_entry(package) for package in packages), key=lambda e: str(e["SPDXID"]))
    whole = {
        "SPDXID": "SPDXRef-Image",
        "name": name,
        "versionInfo": version,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "checksums": [{"algorithm": "SHA256", "checksumValue": sha256}],
        **_unanalysed(None),
    }
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image")]
    relations += [("SPDXRef-Image", "CONTAINS", str(entry["SPDXID"])) for entry in entries]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{sha256}",
        "creationInfo": {"created": created, "creators": ["Tool: iot-facerecognition-image"]},
        "packages": [whole, *entries],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
        "hasExtractedLicensingInfos": _own_licences(entries),
    }


def _entry(package: Package) -> dict[str, Any]:
    purl = (
        f"pkg:deb/debian/{quote(package.name)}@{quote(package.version)}?arch={package.architecture}"
    )
    identifier = _NOT_IN_IDENTIFIERS.sub(
        "-", f"SPDXRef-{package.name}-{package.version}-{package.architecture}"
    )
    return {
        "SPDXID": identifier,
        "name": package.name,
        "versionInfo": package.version,
        "supplier": _supplier(package.maintainer),
        **_unanalysed(package.licence),
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": purl,
            }
        ],
    }


def _supplier(maintainer: str) -> str:
    """Return a maintainer, `Name <address>`, in the form that SPDX wants."""
    if not maintainer:
        return _UNKNOWN
    return "Organization: " + _ADDRESS.sub(r" (\1)", maintainer)


def _unanalysed(licence: str | None) -> dict[str, Any]:
    return {
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": licence or _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _own_licences(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Say where the text is of each licence that SPDX has no name for."""
    places: dict[str, str] = {}
    for entry in entries:
        for reference in _REFERENCE.findall(str(entry["licenseDeclared"])):
            places.setdefault(reference, f"/usr/share/doc/{entry['name']}/copyright")
    return [
        {"licenseId": reference, "extractedText": f"See {place} in the image."}
        for reference, place in sorted(places.items())
    ]


def _licence(copyright_file: bytes | None) -> str | None:
    return None if copyright_file is None else stated(copyright_file.decode(errors="replace"))
