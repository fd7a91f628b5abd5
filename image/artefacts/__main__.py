"""Makes what is published from an image: compressed, listed, described for Imager, signed.

Usage: python3 -m image.artefacts IMAGE.img --version VERSION (--key KEY | --unsigned) [options]
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from image.artefacts import manifest, package_list
from image.artefacts.block_map import write_block_map
from image.artefacts.compression import compress
from image.artefacts.disk_image import DiskImage
from image.artefacts.errors import ArtefactError
from image.artefacts.signature import sign, write_checksums

ICON = Path(__file__).parent.parent / "icon.svg"
REPOSITORY = "iot-facerecognition-edge-repository.json"


def make(
    source: Path,
    output: Path,
    *,
    version: str,
    architecture: str,
    base_url: str | None,
    key: Path | None,
    now: datetime,
) -> list[Path]:
    """Make all files in `output` and return them, signatures last. Raises ArtefactError."""
    output.mkdir(parents=True, exist_ok=True)
    name = f"iot-facerecognition-edge-{version}"
    if architecture != "armhf":
        name += f"-{architecture}"
    image = DiskImage(source)
    packages = package_list.installed(image)
    block_map = output / f"{name}.bmap"
    write_block_map(image, block_map)
    download = compress(image, output / f"{name}.img.xz")

    parts = output / f"{name}.spdx.json"
    created = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    _write(
        parts,
        package_list.document(name, version, download.extract_sha256, created, packages),
    )
    icon = Path(shutil.copy(ICON, output / "iot-facerecognition-edge.svg"))
    urls = manifest.Urls(*(_url(file, base_url) for file in (download.path, icon, block_map)))
    target = manifest.TARGETS[architecture]
    ours = manifest.document(
        target, [manifest.entry(target, version, download, f"{now:%Y-%m-%d}", urls)]
    )
    imager, repository = output / f"{name}.rpi-imager-manifest", output / REPOSITORY
    _write_manifest(imager, ours)
    old = json.loads(repository.read_text()) if repository.exists() else None
    _write_manifest(repository, manifest.merged(old, ours) if old else ours)

    checksums = output / f"{name}.sha256"
    files = [download.path, block_map, parts, icon, imager]
    write_checksums(files, checksums)
    # The repository lists other architectures as well, so it is not among this one's checksums.
    signatures = [sign(file, key) for file in (checksums, repository)] if key else []
    return [*files, repository, checksums, *signatures]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m image.artefacts", description=__doc__)
    parser.add_argument("image", type=Path, help="the image as pi-gen leaves it (.img)")
    parser.add_argument("--version", required=True)
    parser.add_argument("--arch", choices=sorted(manifest.TARGETS), default="armhf")
    parser.add_argument("--output", type=Path, default=Path("dist/image"))
    parser.add_argument("--base-url", help="where the files will be downloaded from")
    vouching = parser.add_mutually_exclusive_group(required=True)
    vouching.add_argument("--key", type=Path, help="private SSH key that signs the checksums")
    vouching.add_argument("--unsigned", action="store_true", help="sign nothing")
    options = parser.parse_args(arguments)
    try:
        made = make(
            options.image,
            options.output.resolve(),
            version=options.version,
            architecture=options.arch,
            base_url=options.base_url,
            key=options.key,
            now=_now(),
        )
    except (ArtefactError, OSError) as error:
        _say(str(error))
        return 1
    for file in made:
        print(f"{file.stat().st_size:>12,}  {file}")
    if options.unsigned:
        _say("nothing is signed: nobody can tell this image from another's")
    if not options.base_url:
        _say("the manifests name files of this computer; --base-url is for publishing")
    return 0


def _say(words: str) -> None:
    print(f"image: {words}", file=sys.stderr)


def _now() -> datetime:
    """Return the time that is written down: that of SOURCE_DATE_EPOCH, where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


def _url(file: Path, base_url: str | None) -> str:
    return f"{base_url.rstrip('/')}/{file.name}" if base_url else file.as_uri()


def _write_manifest(file: Path, content: dict[str, Any]) -> None:
    wrong = manifest.problems(content)
    if wrong:
        raise ArtefactError(f"{file.name}: {'; '.join(wrong)}")
    _write(file, content)


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
