"""Getting to know a server before there is a connection: its certificate, and a pairing with it."""

# ruff: noqa: PLC0415 - what is needed once in a device's life is not imported at each start

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from iot_facerecognition_client import ServerAddress
from iot_facerecognition_edge.background import BackgroundTasks
from iot_facerecognition_edge.cameras.interface import PreviewImage
from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_protocol.records import dataclass

if TYPE_CHECKING:
    from iot_facerecognition_client import Paired
    from iot_facerecognition_edge.qr.reader import CodeReader
    from iot_facerecognition_protocol.pairing.code import PairingCode


@dataclass(frozen=True, slots=True)
class Shown:
    """The server showed the certificate of this fingerprint, 64 small hexadecimal digits."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing came of it, for this reason: a sentence with its cure."""

    reason: str


class Connect(Protocol):
    """What keeps how a server is reached, and connects (`Appliance.connect`)."""

    def __call__(
        self, address: str, port: int, token: str | None, fingerprint: str | None, name: str
    ) -> None:
        """Raise SettingError for what cannot be kept."""


class Introduction:
    """Asks a server which certificate it shows, and pairs with it, in the background.

    Each method returns at once; what came of it reaches `answer` on the event loop's thread.
    """

    def __init__(self, background: BackgroundTasks, connect: Connect) -> None:
        self._background = background
        self._connect = connect
        self._reader: CodeReader | None = None

    def look(self, server: ServerAddress, answer: Callable[[Shown | Declined], None]) -> None:
        """Find out which certificate `server` shows; no token leaves."""
        from iot_facerecognition_client import NoConnectionError, presented_certificate

        async def work() -> None:
            try:
                shown = await presented_certificate(server)
            except NoConnectionError as error:
                answer(Declined(str(error)))
            else:
                answer(Shown(shown.removeprefix("sha256:")))

        self._background.start(work())

    def pair(
        self,
        server: ServerAddress,
        code: "PairingCode",
        fingerprint: str | None,
        answer: "Callable[[Paired | Declined], None]",
    ) -> None:
        """Pair with `server` by `code`, keep what that gives, and connect.

        With `fingerprint` (64 digits) the server has to show that certificate.
        """
        from iot_facerecognition_client import NoConnectionError, pair

        async def work() -> None:
            try:
                paired = await pair(server, code, fingerprint)
                digits = paired.fingerprint.removeprefix("sha256:")
                self._connect(server.host, server.port, paired.token or "", digits, paired.name)
            except (NoConnectionError, EdgeError) as error:
                answer(Declined(str(error)))
            else:
                answer(paired)

        self._background.start(work())

    def read(
        self,
        image: PreviewImage,
        answer: Callable[[str | Declined | None], None],
        *,
        mirrored: bool,
    ) -> None:
        """Look for a QR code in `image` and give its text, None where there is none.

        `mirrored` tells that the camera turns left and right around: a code is not read so.
        """
        from iot_facerecognition_edge.qr.reader import CodeReader

        reader = self._reader = self._reader or CodeReader()

        async def work() -> None:
            try:
                text = await asyncio.to_thread(reader.read, image, mirrored=mirrored)
            except EdgeError as error:
                answer(Declined(str(error)))
            else:
                answer(text)

        self._background.start(work())
