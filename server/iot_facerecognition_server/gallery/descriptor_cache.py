"""Descriptors of reference photos on disk, so that a restart need not look at them again."""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import make_folder, sweep_folder, write_file
from iot_facerecognition_server.frames import DESCRIPTOR_SIZE

_SUFFIX: Final = ".json"
_LARGEST: Final = 100_000
"""Bytes of an entry that are read; it has 3 kB."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoFaces:
    """How many faces a photo shows, and the (128,) float32 descriptor of the largest one.

    `descriptor` is None where there is no face.
    """

    count: int
    descriptor: NDArray[np.float32] | None


class DescriptorCache:
    """A folder with one small file for each photo, named by what the descriptor depends on.

    `keep_only` bounds it to the photos of the current gallery: descriptors are biometric data and
    go with the person. The files are readable to their owner only.
    """

    def __init__(self, folder: Path, recipe: str) -> None:
        """Use `folder`; `recipe` tells apart whatever else changes a descriptor.

        That is the network's hash and the chips' size and padding, at least.
        """
        self._folder = folder
        self._recipe = recipe

    def key(self, photo: bytes) -> str:
        """Return the name under which the faces in the file content `photo` are kept."""
        content = hashlib.sha256(photo).hexdigest()
        return hashlib.sha256(f"{content}\n{self._recipe}".encode()).hexdigest()

    def get(self, key: str) -> PhotoFaces | None:
        """Return what was kept under `key`; None if nothing was, or if it is damaged."""
        path = self._path(key)
        try:
            return _parsed(read_regular(path, _LARGEST).decode("ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            _log.warning("Cached descriptor %s is damaged (%s): computed again", path, error)
            return None

    def put(self, key: str, faces: PhotoFaces) -> None:
        """Keep `faces` under `key`; where the folder cannot be written, the log says so."""
        values = None if faces.descriptor is None else [float(x) for x in faces.descriptor]
        text = json.dumps({"count": faces.count, "descriptor": values})
        try:
            make_folder(self._folder)
            write_file(self._path(key), text.encode("ascii"), durable=False)
        except OSError as error:
            _log.warning("Descriptors are not cached in %s: %s", self._folder, error)

    def keep_only(self, keys: set[str]) -> None:
        """Erase everything that is kept under other keys, and what a crash left half written."""
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.stem in keys:
                continue
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("Descriptor %s is not erased: %s", path, error)
        try:
            sweep_folder(self._folder)
        except OSError as error:
            _log.warning("What a crash left in %s stays there: %s", self._folder, error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"


def _parsed(text: str) -> PhotoFaces:
    """Return what `put` wrote; anything else raises one of the errors that `get` expects."""
    document = json.loads(text)
    count, values = document["count"], document["descriptor"]
    if type(count) is not int or count < 0 or (values is None) != (count == 0):
        raise ValueError(f"{count!r} faces")
    if values is None:
        return PhotoFaces(0, None)
    descriptor = np.array(values, np.float32)
    if descriptor.shape != (DESCRIPTOR_SIZE,) or not np.isfinite(descriptor).all():
        raise ValueError("no descriptor")
    return PhotoFaces(count, descriptor)
