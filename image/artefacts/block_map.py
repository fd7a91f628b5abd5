"""The block map (.bmap): which blocks of the image hold data, so that a writer skips the others."""

from pathlib import Path

from image.artefacts.disk_image import DiskImage
from image.artefacts.errors import ArtefactError
from image.artefacts.tools import run


def write_block_map(image: DiskImage, target: Path) -> None:
    """Write the block map of `image`. Raises ArtefactError.

    Blocks of zeros become holes of the file first: a copy out of a container has none.
    """
    try:
        run("fallocate", "--dig-holes", image.path)
    except ArtefactError as error:
        raise ArtefactError(
            f"{error}; the image has to lie on a file system with holes, such as ext4"
        ) from None
    run("bmaptool", "create", "--output", target, image.path)
