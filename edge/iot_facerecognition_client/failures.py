"""What went wrong between client and server, worded so that a person can act on it."""

import errno
import os
import re
import socket
import ssl

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.backoff import WITHOUT_HINT
from iot_facerecognition_client.events import ServerError
from iot_facerecognition_client.status import Failure, Reason
from iot_facerecognition_client.trust import WrongCertificateError
from iot_facerecognition_protocol import Drain, ErrorCode, clean_text

_TEXT_SHOWN = 400
"""Characters of a server's own words that a sentence repeats."""

_NOT_YET_VALID, _EXPIRED, _NAME_MISMATCH, _ADDRESS_MISMATCH = 9, 10, 62, 64
"""OpenSSL's X509_V_ERR_* (x509_vfy.h)."""

_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY_REQUESTS, _UNAVAILABLE = 401, 403, 429, 503
_NORMAL, _GOING_AWAY, _TRY_AGAIN_LATER = 1000, 1001, 1013

_BUSY = {ErrorCode.TOO_MANY_CLIENTS, ErrorCode.TOO_MANY_CONNECTIONS, ErrorCode.FLOODING}


class NoConnectionError(Exception):
    """No connection came about, or nothing came of it; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


def opening_failure(error: Exception, server: ServerAddress, *, with_token: bool) -> Failure:
    """Say why no connection to `server` came about.

    Takes what `websockets` raises on the way: OSError (TimeoutError and ssl.SSLError are such),
    InvalidHandshake, EOFError and ValueError. Anything else is raised again.
    """
    match error:
        case ssl.SSLError():
            return _tls_failure(error, server)
        case InvalidStatus():
            return _status_failure(error, server, with_token=with_token)
        case InvalidMessage() | EOFError():
            # With TLS 1.3 a refused certificate shows only after the client's handshake.
            text = (
                f"{server} closed the connection without an answer: it wants a client certificate"
                " that it trusts (its log says why), or is no WebSocket server"
            )
            return Failure(Reason.PROTOCOL, text)
        case InvalidHandshake() | ValueError():
            text = f"{server} does not answer like a recognition server: {_short(str(error))}"
            return Failure(Reason.PROTOCOL, text)
        case OSError():
            return _network_failure(error, server)
        case _:
            raise error


def _network_failure(error: OSError, server: ServerAddress) -> Failure:
    if isinstance(error, socket.gaierror):
        text = f"no address is known for {server.host}: is the name right, and is the network up?"
        return Failure(Reason.NAME_UNKNOWN, text)
    if isinstance(error, TimeoutError):
        text = f"{server} does not answer: is it switched on and in this network?"
        return Failure(Reason.UNREACHABLE, text)
    # asyncio puts the failures at several addresses into one text without a number of its own.
    found = [error.errno] if error.errno else re.findall(r"\[Errno (\d+)\]", str(error))
    numbers = {int(number) for number in found}
    if numbers == {errno.ECONNREFUSED}:
        text = f"nothing listens at {server}: is the server running, and is the port right?"
    elif isinstance(error, ConnectionError):
        text = (
            f"{server} closed the connection before encryption was agreed on: "
            "is it a recognition server, and does it speak TLS 1.3?"
        )
    elif len(numbers) == 1:
        text = f"{server} cannot be reached: {os.strerror(numbers.pop())}"
    else:
        text = f"{server} cannot be reached: {error}"
    return Failure(Reason.UNREACHABLE, text)


def _tls_failure(error: ssl.SSLError, server: ServerAddress) -> Failure:
    if isinstance(error, WrongCertificateError):
        text = (
            "the server's certificate is not the pinned one: pin the new one if the server was "
            "given a new certificate; else somebody stands between you and the server. "
            f"{server} shows {error.presented}, pinned is {error.expected}"
        )
        return Failure(Reason.CERTIFICATE, text, refused=True, presented=error.presented)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_failure(error, server)
    reason = error.reason or str(error)
    if "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
        text = f"{server} does not speak TLS 1.3"
    else:
        text = f"{server} does not speak TLS as a recognition server does ({reason})"
    return Failure(Reason.NOT_TLS, text)


def _verification_failure(error: ssl.SSLCertVerificationError, server: ServerAddress) -> Failure:
    match error.verify_code:
        case code if code == _NOT_YET_VALID:
            text = (
                f"the certificate of {server} is not valid yet by this machine's clock: the clock "
                "is probably not set. Wait for time synchronisation, or pin the fingerprint"
            )
            return Failure(Reason.CLOCK, text)
        case code if code == _EXPIRED:
            text = (
                f"the certificate of {server} has expired by this machine's clock: set the clock, "
                "or make a new certificate at the server"
            )
        case code if code in {_NAME_MISMATCH, _ADDRESS_MISMATCH}:
            text = (
                f"the certificate of {server} is for other names than {server.host}: use one of "
                "them as address, or pin the certificate's fingerprint"
            )
        case _:
            text = (
                f"nobody trusted here vouches for the certificate of {server} "
                f"({error.verify_message}): give the server's certificate or its CA as CA file, "
                "or pin its fingerprint (`iot-facerecognition-server cert show` prints it)"
            )
    return Failure(Reason.CERTIFICATE, text, refused=True)


def _status_failure(error: InvalidStatus, server: ServerAddress, *, with_token: bool) -> Failure:
    code = error.response.status_code
    words = _short((error.response.body or b"").decode(errors="replace"))
    if code in {_UNAUTHORIZED, _FORBIDDEN}:
        what = "does not accept this token" if with_token else "wants a token"
        text = (
            f"{server} {what}: `iot-facerecognition-server token add NAME` makes one at the server"
        )
        return Failure(Reason.AUTHENTICATION, text, refused=True)
    if code in {_TOO_MANY_REQUESTS, _UNAVAILABLE}:
        text = f"{server} accepts no further clients at the moment"
        return Failure(Reason.BUSY, f"{text}: {words}" if words else text)
    text = f"{server} answers with HTTP status {code}, not like a recognition server"
    return Failure(Reason.PROTOCOL, f"{text}: {words}" if words else text)


def closing_failure(
    error: ConnectionClosed,
    server: ServerAddress,
    error_report: ServerError | None,
    drain: Drain | None = None,
) -> Failure:
    """Say why the connection to `server` ended.

    `error_report` is its last word about it and `drain` its hint when it is back, if there are any.
    """
    received = error.rcvd
    if drain is not None:
        text = f"{server} is ending; if it restarts, it expects to be back in about"
        text = f"{text} {drain.back_in_ms / 1e3:.0f} s"
        return Failure(Reason.SHUTDOWN, text, drain=drain)
    if error_report is not None and received is not None and received.code != _GOING_AWAY:
        reason = Reason.BUSY if error_report.code in _BUSY else Reason.PROTOCOL
        text = f"{server} ended the connection: {_short(error_report.message)}"
        return Failure(reason, text)
    if received is None:
        sent = f" ({error.sent.reason})" if error.sent is not None and error.sent.reason else ""
        return Failure(Reason.LOST, f"the connection to {server} broke{sent}")
    words = f": {_short(received.reason)}" if received.reason else ""
    if received.code in {_NORMAL, _GOING_AWAY}:
        text = f"{server} said good-bye{words}; it may be restarting"
        restarts = WITHOUT_HINT if received.code == _GOING_AWAY else None
        return Failure(Reason.SHUTDOWN, text, drain=restarts)
    if received.code == _TRY_AGAIN_LATER:
        return Failure(Reason.BUSY, f"{server} accepts no further clients at the moment{words}")
    return Failure(Reason.PROTOCOL, f"{server} ended the connection (code {received.code}){words}")


def _short(words: str) -> str:
    return clean_text(words, _TEXT_SHOWN)
