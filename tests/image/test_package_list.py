"""The list of the image's packages, out of dpkg's own file."""

from image.artefacts import package_list

STATUS = """\
Package: bash
Status: install ok installed
Architecture: armhf
Maintainer: Matthias Klose <doko@debian.org>
Version: 5.2.37-2+b5
Description: GNU Bourne Again SHell
 Status: no field, but a line of text
 .
 The end.

Package: gone
Status: deinstall ok config-files
Architecture: armhf
Version: 1.0

Package: python3.13
Status: install ok installed
Architecture: armhf
Maintainer: Somebody
Version: 1:3.13.5-2
"""


def test_installed_packages_are_read_and_removed_ones_are_not():
    bash, python = package_list.parsed(STATUS)
    assert bash == package_list.Package(
        "bash", "5.2.37-2+b5", "armhf", "Matthias Klose <doko@debian.org>"
    )
    assert (python.name, python.version) == ("python3.13", "1:3.13.5-2")


def test_every_package_is_contained_in_the_image_with_its_purl():
    packages = list(package_list.parsed(STATUS))
    document = package_list.document(
        "iot-facerecognition-edge-1.0", "1.0", "ab" * 32, "2026-11-27T12:00:00Z", packages
    )
    image, *entries = document["packages"]
    assert image["checksums"] == [{"algorithm": "SHA256", "checksumValue": "ab" * 32}]
    contained = {
        relation["relatedSpdxElement"]
        for relation in document["relationships"]
        if relation["relationshipType"] == "CONTAINS"
    }
    assert contained == {entry["SPDXID"] for entry in entries}
    assert [entry["externalRefs"][0]["referenceLocator"] for entry in entries] == [
        "pkg:deb/debian/bash@5.2.37-2%2Bb5?arch=armhf",
        "pkg:deb/debian/python3.13@1%3A3.13.5-2?arch=armhf",
    ]
    assert entries[0]["supplier"] == "Organization: Matthias Klose (doko@debian.org)"


def test_a_licence_without_an_spdx_name_says_where_its_text_is():
    package = package_list.Package("odd", "1", "all", "", "MIT AND LicenseRef-odd-one")
    document = package_list.document("x", "1", "ab" * 32, "2026-11-27T12:00:00Z", [package])
    assert document["hasExtractedLicensingInfos"] == [
        {
            "licenseId": "LicenseRef-odd-one",
            "extractedText": "See /usr/share/doc/odd/copyright in the image.",
        }
    ]
