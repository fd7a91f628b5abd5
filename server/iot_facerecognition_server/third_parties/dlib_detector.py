"""What dlib's frontal face detector pickles itself as, and what can be made of it.

It is numbers, which dlib reads from memory: nothing in it is executed. Taken apart, it is one
classifier for each pose of a head.

The detector holds five linear classifiers over the same HOG features, for heads that look ahead, to
the left and to the right, and that are turned to the left and to the right (dlib,
`image_processing/frontal_face_detector.h`). Applying all of them is a good part of a scan; where a
face is tracked, the one that has found it suffices.
"""

from typing import Any, Final

import dlib

_HEADER_NUMBERS: Final = 18
"""Numbers before the count of classifiers: versions, settings of the pyramid and of the overlap
test (`object_detector.h`, `scan_fhog_pyramid.h`, `box_overlap_testing.h`)."""
_SHAPE_NUMBERS: Final = 2
_NUMBERS_A_WEIGHT: Final = 2
"""dlib writes a double as mantissa and exponent (`float_details.h`)."""
_LENGTH_BITS: Final = 0x0F
_NEGATIVE: Final = 0x80


class DetectorFormatError(Exception):
    """dlib writes its detector in another way than this module reads it."""


def state_of(detector: Any) -> bytes:
    """Return what a `dlib.fhog_object_detector` pickles itself as."""
    (state,) = detector.__getstate__()
    return bytes(state)


def detector_of(state: bytes) -> Any:
    """Return the `dlib.fhog_object_detector` of `state_of`. Raises RuntimeError."""
    detector = dlib.fhog_object_detector.__new__(dlib.fhog_object_detector)
    detector.__setstate__((state,))
    return detector


def by_pose(detector: Any) -> list[Any]:
    """Return a `dlib.fhog_object_detector` for each classifier of `detector`, in their order.

    Each finds what `detector` finds with that one, at the same scores; which one that was is the
    third thing that `detector.run` returns. Raises DetectorFormatError.
    """
    state = state_of(detector)
    count_at = _skip(state, 0, _HEADER_NUMBERS)
    first = _skip(state, count_at, 1)
    count = _integer(state, count_at)
    if count != detector.num_detectors:
        raise DetectorFormatError(f"{count} classifiers where {detector.num_detectors} are")
    single = state[:count_at] + b"\x01\x01"
    detectors = []
    for _ in range(count):
        rows, columns = _integer(state, first), _integer(state, _skip(state, first, 1))
        numbers = _SHAPE_NUMBERS + _NUMBERS_A_WEIGHT * abs(rows * columns)
        end = _skip(state, first, numbers)
        detectors.append(_loaded(single + state[first:end]))
        first = end
    if first != len(state):
        raise DetectorFormatError(f"{len(state) - first} bytes after the last classifier")
    return detectors


def _integer(state: bytes, at: int) -> int:
    """Return the number at `at`: sign and length in a byte, then magnitude (`serialize.h`)."""
    magnitude = int.from_bytes(state[at + 1 : at + 1 + (state[at] & _LENGTH_BITS)], "little")
    return -magnitude if state[at] & _NEGATIVE else magnitude


def _skip(state: bytes, at: int, count: int) -> int:
    """Return where the number begins that comes `count` numbers after the one at `at`."""
    try:
        for _ in range(count):
            at += 1 + (state[at] & _LENGTH_BITS)
    except IndexError:
        raise DetectorFormatError(f"it ends after {len(state)} bytes") from None
    return at


def _loaded(state: bytes) -> Any:
    try:
        return detector_of(state)
    except RuntimeError as error:
        raise DetectorFormatError(str(error).strip().partition("\n")[0]) from error
