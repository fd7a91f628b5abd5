"""What is published with an image, made from a small real one: FAT, ext4 and dpkg's own files."""

import hashlib
import json
import lzma
import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.edge_device import LABS, install
from image.artefacts import __main__ as artefacts
from image.artefacts import manifest
from image.artefacts.disk_image import DiskImage
from image.artefacts.errors import ArtefactError

TOOLS = {
    "bmaptool": "bmap-tools",
    "mkfs.vfat": "dosfstools",
    "sfdisk": "fdisk",
    "ssh-keygen": "openssh-client",
    "xz": "xz-utils",
}
SCHEMA = Path(os.environ.get("RPI_IMAGER_SCHEMA", LABS.parent / "os-list-schema.json"))
"""Imager's published schema, doc/json-schema/os-list-schema.json of raspberrypi/rpi-imager."""
MEGABYTE = 1 << 20
BOOT, ROOT, SIZE = 4 * MEGABYTE, 20 * MEGABYTE, 84 * MEGABYTE
NAME = "iot-facerecognition-edge-1.2.3"
URL = "https://example.org/images"
EPOCH = "1795780000"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with the partitions of pi-gen's, in small, and this machine's packages in it."""
    install(TOOLS)
    folder = tmp_path_factory.mktemp("image")
    root = folder / "root"
    for path in (
        "var/lib/dpkg/status",
        "usr/share/doc/bash/copyright",
        "usr/share/doc/xz-utils/copyright",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes((Path("/") / path).read_bytes())
    target = folder / "test.img"
    with target.open("wb") as file:
        file.truncate(SIZE)
    sectors = {name: place // 512 for name, place in {"boot": BOOT, "root": ROOT}.items()}
    table = "label: dos\nstart={boot}, size={size}, type=c\nstart={root}, type=83\n".format(
        **sectors, size=sectors["root"] - sectors["boot"]
    )
    subprocess.run(["sfdisk", "--quiet", target], input=table.encode(), check=True)
    kilobytes = str((ROOT - BOOT) // 1024)
    vfat = ["mkfs.vfat", "--offset", str(BOOT // 512), target, kilobytes]
    subprocess.run(vfat, check=True, capture_output=True)
    ext4 = [
        "mkfs.ext4",
        "-q",
        "-d",
        root,
        "-E",
        f"offset={ROOT}",
        target,
        f"{(SIZE - ROOT) // 1024}k",
    ]
    subprocess.run(ext4, check=True)
    return target


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "image.key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


@pytest.fixture(scope="module")
def published(image: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that one command fills."""
    output = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        arguments = [str(image), "--version", "1.2.3", "--output", str(output)]
        assert artefacts.main([*arguments, "--key", str(key), "--base-url", URL]) == 0
    print(
        *(f"{file.stat().st_size:>12,}  {file.name}" for file in sorted(output.iterdir())), sep="\n"
    )
    return output


def test_everything_that_a_release_needs_is_there(published):
    assert {file.name for file in published.iterdir()} == {
        f"{NAME}.img.xz",
        f"{NAME}.bmap",
        f"{NAME}.spdx.json",
        f"{NAME}.rpi-imager-manifest",
        f"{NAME}.sha256",
        f"{NAME}.sha256.sig",
        "iot-facerecognition-edge.svg",
        "iot-facerecognition-edge-repository.json",
        "iot-facerecognition-edge-repository.json.sig",
    }


def test_the_download_is_the_image(published, image):
    assert lzma.decompress((published / f"{NAME}.img.xz").read_bytes()) == image.read_bytes()


def test_the_manifest_has_the_hash_of_what_is_written_to_the_card(published, image):
    document = json.loads((published / f"{NAME}.rpi-imager-manifest").read_text())
    assert manifest.problems(document) == []
    (entry,) = document["os_list"]
    files = (image, published / f"{NAME}.img.xz")
    sums = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert entry["extract_sha256"] == sums[image]
    assert entry["extract_size"] == SIZE
    assert entry["image_download_sha256"] == sums[published / f"{NAME}.img.xz"]
    assert entry["image_download_size"] == (published / f"{NAME}.img.xz").stat().st_size
    assert entry["release_date"] == "2026-11-27"
    assert entry["url"] == f"{URL}/{NAME}.img.xz"
    assert entry["devices"] == ["pi1-32bit"]


def test_both_manifests_are_what_imager_has_published_a_schema_for(published):
    if not SCHEMA.exists():
        pytest.skip(
            f"rpi-imager's schema is not here: RPI_IMAGER_SCHEMA=FILE names it, or lay it at"
            f" {SCHEMA}; its required fields are checked all the same"
        )
    import jsonschema  # noqa: PLC0415 - of the labs only

    schema = json.loads(SCHEMA.read_text())
    for name in (f"{NAME}.rpi-imager-manifest", "iot-facerecognition-edge-repository.json"):
        document = json.loads((published / name).read_text())
        jsonschema.validate(document, schema)
        # The schema lets an entry without these pass as one of another kind.
        kinds = schema["properties"]["os_list"]["items"]["anyOf"]
        (kind,) = [kind for kind in kinds if "url" in kind["required"]]
        assert set(kind["required"]) == set(manifest.REQUIRED)
        assert set(kind["required"]) <= set(document["os_list"][0])


def test_the_block_map_brings_the_image_onto_a_card(published, image, tmp_path):
    card = tmp_path / "card"
    bmap = published / f"{NAME}.bmap"
    copy = ["bmaptool", "--quiet", "copy", "--bmap", bmap, published / f"{NAME}.img.xz", card]
    subprocess.run(copy, check=True)
    assert card.read_bytes() == image.read_bytes()
    tree = ET.parse(bmap).getroot()
    blocks, mapped = (int(tree.findtext(tag, "")) for tag in ("BlocksCount", "MappedBlocksCount"))
    assert blocks == SIZE // 4096
    assert mapped < blocks / 2


def test_the_list_of_packages_is_valid_spdx_and_complete(published):
    from spdx_tools.spdx.parser.parse_anything import parse_file  # noqa: PLC0415 - of the labs only
    from spdx_tools.spdx.validation.document_validator import (  # noqa: PLC0415
        validate_full_spdx_document,
    )

    file = published / f"{NAME}.spdx.json"
    assert validate_full_spdx_document(parse_file(str(file))) == []
    listed = {package["name"]: package for package in json.loads(file.read_text())["packages"]}
    dpkg = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Package} ${Version}\n"]
    shown = subprocess.run(dpkg, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    installed = {line.split()[1]: line.split()[2] for line in shown if line.startswith("ii")}
    assert {name: listed[name]["versionInfo"] for name in installed} == installed
    assert "GPL-3.0-or-later" in listed["bash"]["licenseDeclared"].split(" AND ")
    assert listed["apt"]["licenseDeclared"] == "NOASSERTION", "its copyright is not in this image"


def test_the_checksums_are_right_and_signed(published, key, tmp_path):
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", f"{NAME}.sha256"], cwd=published, check=True
    )
    listed = (published / f"{NAME}.sha256").read_text()
    assert listed.count("\n") == 5
    signers = tmp_path / "signers"
    signers.write_text(f"release {key.with_suffix('.key.pub').read_text()}")

    def verify(name: str, content: bytes) -> int:
        command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "release", "-n", "file"]
        signature = published / f"{name}.sig"
        return subprocess.run([*command, "-s", signature], input=content, check=False).returncode

    for name in (f"{NAME}.sha256", "iot-facerecognition-edge-repository.json"):
        content = (published / name).read_bytes()
        assert verify(name, content) == 0
        assert verify(name, content.replace(b"a", b"b", 1)) != 0


def test_an_image_for_other_boards_joins_the_repository(published, image, key, tmp_path):
    repository = tmp_path / "iot-facerecognition-edge-repository.json"
    repository.write_bytes((published / repository.name).read_bytes())
    arguments = [str(image), "--version", "1.2.3", "--arch", "arm64", "--output", str(tmp_path)]
    assert artefacts.main([*arguments, "--unsigned", "--base-url", URL]) == 0
    assert (tmp_path / f"{NAME}-arm64.img.xz").exists()
    offered = {tuple(entry["devices"]) for entry in json.loads(repository.read_text())["os_list"]}
    assert offered == {("pi1-32bit",), ("pi3-64bit", "pi4-64bit", "pi5-64bit")}


def test_without_an_address_the_manifest_names_the_files_of_this_computer(image, tmp_path, capsys):
    assert (
        artefacts.main([str(image), "--version", "1", "--output", str(tmp_path), "--unsigned"]) == 0
    )
    (file,) = tmp_path.glob("*.rpi-imager-manifest")
    (entry,) = json.loads(file.read_text())["os_list"]
    assert Path(entry["url"].removeprefix("file://")).is_file()
    said = capsys.readouterr().err
    assert "nothing is signed" in said
    assert "--base-url" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "is missing"), (b"\0" * 1024, "no partition table"), (b"", "no partition table")],
)
def test_what_is_no_image_is_refused(tmp_path, content, words):
    file = tmp_path / "some.img"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ArtefactError, match=words):
        DiskImage(file)


def test_a_root_without_packages_is_refused(image):
    with pytest.raises(ArtefactError, match="has no /etc/nothing"):
        DiskImage(image).read("/etc/nothing")
