"""What SIGHUP reloads: certificate, revocations and gallery."""

import asyncio
import logging
import signal

from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.observability.monitoring import Monitoring
from iot_facerecognition_server.serving.server import RecognitionServer
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.tls import ServerTls
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)


class Reloading:
    """Reloads whenever SIGHUP comes."""

    def __init__(
        self,
        tls: ServerTls,
        monitoring: Monitoring,
        gallery: GalleryKeeper,
        server: RecognitionServer,
    ) -> None:
        """Take what has something to reload."""
        self._tls = tls
        self._monitoring = monitoring
        self._gallery = gallery
        self._server = server
        self._asked = asyncio.Event()

    async def start(self) -> None:
        """Listen for the signal from now on."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)

    async def run(self) -> None:
        """Reload when asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            _log.info("SIGHUP: reloading certificate, revocations and gallery")
            self._gallery.reload()
            try:
                for warning in self._tls.reload():
                    _log.warning("%s", warning)
                self._monitoring.reload()
            except CertificateError as error:
                _log.error("certificate and revocation list stay as they were: %s", error)
            try:
                await self._server.disconnect_revoked()
            except TokenFileError as error:
                _log.error("connected clients stay, though their tokens may be revoked: %s", error)
