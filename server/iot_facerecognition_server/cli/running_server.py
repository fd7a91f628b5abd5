"""The server that has the state directory, if one runs."""

import sys
import time

from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.serving.control_client import (
    SOCKET_NAME,
    ControlConnection,
    NoServerError,
)
from iot_facerecognition_server.state_lock import StateDirectoryError, holder

PATIENCE = 60.0
"""Seconds to wait for a server that starts and does not answer yet."""
_PAUSE = 0.1


def running_server(config: Config) -> ControlConnection | None:
    """Return a connection to the server that has the state directory; None where none has.

    Raises CommandFailedError where one has it and does not answer within `PATIENCE`.
    """
    folder = config.server.state_directory
    deadline = time.monotonic() + PATIENCE
    waiting = False
    try:
        while (who := holder(folder)) is not None:
            try:
                return ControlConnection(folder / SOCKET_NAME)
            except NoServerError as error:
                if time.monotonic() >= deadline:
                    raise CommandFailedError(
                        ExitCode.FAILURE,
                        f"a server has {folder} ({who}) and does not answer ({error.__cause__});"
                        " wait until it has started, or stop it, and run this command again",
                    ) from error
            if not waiting:
                sys.stderr.write(f"waiting for the server to start ({who})\n")
                waiting = True
            time.sleep(_PAUSE)
    except StateDirectoryError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error
    return None
