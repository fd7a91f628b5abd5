"""The state directory: one server's, for as long as it runs, and free of what crashes left."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.whole_file import sweep, sweep_folder
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.state_lock import exclusive
from iot_facerecognition_server.trust.own_files import OwnFiles

_log = logging.getLogger(__name__)

_OBSOLETE: Final = ("*.torchscript", "frontal_face_detector-*.svm")
"""What earlier versions kept next to the models; nothing reads it any more."""


@contextmanager
def held(config: Config) -> Iterator[None]:
    """Keep other servers out of the state directory for the length of the block, and sweep it.

    Raises StateDirectoryError where another server has it, or it cannot be used.
    """
    with exclusive(config.server.state_directory) as locked:
        if locked:
            _sweep(config)
        yield


def _sweep(config: Config) -> None:
    """Remove what crashed writers left, keys among it; tell what they did not finish."""
    state = config.server.state_directory
    try:
        unfinished = [
            *(path for folder in _own_folders(config) for path in sweep_folder(folder)),
            *sweep(config.dlib.reference_file),
            *sweep(config.token_file),
        ]
        OwnFiles(state).sweep()
        for pattern in _OBSOLETE:
            for path in config.model_cache.glob(pattern):
                path.unlink()
    except OSError as error:
        _log.warning("what a crash left stays there: %s", error)
        return
    for path in dict.fromkeys(unfinished):
        _log.error(
            "a change was cut short while it was written in place: compare the file with %s, which"
            " is complete, and remove that",
            path,
        )


def _own_folders(config: Config) -> set[Path]:
    return {config.server.state_directory, config.model_cache, config.descriptor_cache}
