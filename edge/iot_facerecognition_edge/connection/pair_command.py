"""`pair`: lets a device without a screen pair, and keeps what that gives."""

import asyncio

from iot_facerecognition_client import NoConnectionError, Paired, ServerAddress, pair
from iot_facerecognition_edge.errors import EdgeError, SettingError
from iot_facerecognition_edge.settings import Settings, Value
from iot_facerecognition_edge.settings.server import server_changes
from iot_facerecognition_protocol.fingerprints import fingerprint_words
from iot_facerecognition_protocol.pairing.code import PairingCode, PairingCodeError, parse_code
from iot_facerecognition_protocol.pairing.text import (
    SCHEME,
    PairingText,
    PairingTextError,
    parse_pairing_text,
)
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """The server, the code or token for it, and its fingerprint (64 digits) where it is known."""

    server: ServerAddress
    code: PairingCode | None
    token: str = ""
    fingerprint: str | None = None


def read_request(where: str, code: str | None) -> PairingRequest:
    """Read a pairing text, or an address and a code. Raises SettingError."""
    try:
        if where.lower().startswith(f"{SCHEME}:"):
            return _of_text(parse_pairing_text(where))
        if code is None:
            raise SettingError(
                "an address alone does not pair: give the code too, or in place of both the text"
                " that begins with iot-facerecognition:// in quotes"
            )
        return PairingRequest(ServerAddress.parse(where), parse_code(code))
    except (PairingTextError, PairingCodeError, ValueError) as error:
        raise SettingError(str(error)) from None


def _of_text(text: PairingText) -> PairingRequest:
    code = PairingCode(text.code) if text.code else None
    return PairingRequest(ServerAddress(text.host, text.port), code, text.token, text.fingerprint)


def keep_pairing(settings: Settings, request: PairingRequest) -> str:
    """Pair as asked, change the `settings`, and return a sentence about it. Raises EdgeError."""
    paired = _paired(request)
    digits = paired.fingerprint.removeprefix("sha256:")
    given: dict[str, Value | None] = {
        "address": request.server.host,
        "port": request.server.port,
        "token": paired.token or "",
        "fingerprint": digits,
    }
    for key, value in server_changes(settings, given, paired.name).items():
        settings.set(key, value)
    words = " ".join(fingerprint_words(digits))
    name = f" as {paired.name}" if paired.name else ""
    return f"paired{name} with {request.server}, whose certificate is: {words}"


def _paired(request: PairingRequest) -> Paired:
    """Return what the server gives for a code, or what the text had. Raises EdgeError."""
    if request.code is None:
        assert request.fingerprint is not None, "a pairing text has one"
        return Paired(request.fingerprint, request.token or None, "")
    try:
        return asyncio.run(pair(request.server, request.code, request.fingerprint))
    except NoConnectionError as error:
        raise EdgeError(str(error)) from None
