"""dlib's own frontal face detector, unpacked once and for all starts."""

import logging
from pathlib import Path
from typing import Any

import dlib

from iot_facerecognition_server.whole_file import in_place_of

_log = logging.getLogger(__name__)


def frontal_face_detector(folder: Path | None = None) -> Any:
    """Return `dlib.get_frontal_face_detector()`, an object of dlib's.

    dlib unpacks its weights for 0.4 s and holds the GIL all the while; what it writes itself it
    reads in 2 ms. So they are kept in `folder`, for each version of dlib; None: nothing is kept.
    """
    if folder is None:
        return dlib.get_frontal_face_detector()
    path = folder / f"frontal_face_detector-dlib-{dlib.__version__}.svm"
    if path.exists():
        try:
            return dlib.fhog_object_detector(str(path))
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            _log.warning("%s is damaged and made again: %s", path, reason)
    detector = dlib.get_frontal_face_detector()
    _keep(detector, path)
    return detector


def _keep(detector: Any, path: Path) -> None:
    """Write `detector` to `path` in one step."""
    try:
        with in_place_of(path) as partial:
            detector.save(str(partial))
    except (OSError, RuntimeError) as error:
        _log.warning("the face detector is unpacked at every start: %s", error)
