"""dlib's own frontal face detector, unpacked once and for all starts."""

import hashlib
import logging
from pathlib import Path
from typing import Any, Final

import dlib

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file
from iot_facerecognition_server.third_parties.dlib_detector import detector_of, state_of

_log = logging.getLogger(__name__)

_LARGEST: Final = 10_000_000
"""Bytes of a kept detector that are read; it has 155 kB."""
_DIGEST: Final = hashlib.sha256().digest_size


def frontal_face_detector(folder: Path | None = None) -> Any:
    """Return `dlib.get_frontal_face_detector()`, an object of dlib's.

    dlib unpacks its weights for 0.4 s and holds the GIL all the while; what it writes itself it
    reads in no time. So that is kept in `folder`, after its SHA-256, for each version of dlib;
    None: nothing is kept. It is numbers, which dlib reads from memory: nothing in it is executed.
    """
    if folder is None:
        return dlib.get_frontal_face_detector()
    path = folder / f"frontal_face_detector-dlib-{dlib.__version__}.kept"
    try:
        return _detector(read_regular(path, _LARGEST))
    except FileNotFoundError:
        pass
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        _log.warning("%s is damaged and made again: %s", path, reason)
    detector = dlib.get_frontal_face_detector()
    _keep(detector, path)
    return detector


def _detector(kept: bytes) -> Any:
    """Return what `_keep` wrote. Raises ValueError or RuntimeError for anything else."""
    digest, state = kept[:_DIGEST], kept[_DIGEST:]
    if hashlib.sha256(state).digest() != digest:
        raise ValueError("its hash is another one")
    return detector_of(state)


def _keep(detector: Any, path: Path) -> None:
    """Write `detector` to `path` in one step."""
    state = state_of(detector)
    try:
        write_file(path, hashlib.sha256(state).digest() + state, durable=False)
    except OSError as error:
        _log.warning("the face detector is unpacked at every start: %s", error)
