"""The port for clients: the last thing that opens and the first that closes."""

import gc
import logging
from typing import Final

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.observability.monitoring import PORT, Monitoring
from iot_facerecognition_server.process_age import process_seconds
from iot_facerecognition_server.serving.server import RecognitionServer

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS: Final = 5.0
"""How long frames under way may take to finish when the server ends."""


class Port:
    """Opens the port of a server that has loaded everything, and closes it with a good-bye."""

    def __init__(self, config: Config, server: RecognitionServer, monitoring: Monitoring) -> None:
        """Let readiness depend on the port of `server`."""
        self._config = config
        self._server = server
        self._readiness = monitoring.readiness
        self._start_seconds = 0.0

    async def open(self) -> None:
        """Let clients in. Raises AddressInUseError and CannotListenError."""
        await self._server.start()
        gc.freeze()  # what was loaded stays: no collection has to look at it again
        gc.enable()
        self._readiness.meet(PORT)
        self._start_seconds = process_seconds()
        _log.info("listening on %s:%d", self._config.connection.bind or "*", self._server.port)

    async def close(self) -> None:
        """Let nobody in any more, and finish what is under way."""
        self._readiness.fail(PORT, "the server is ending")
        _log.info("ending: finishing what is under way")
        await self._server.close(SHUTDOWN_SECONDS, self._start_seconds)
