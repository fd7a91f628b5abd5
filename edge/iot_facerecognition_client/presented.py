"""Which certificate a server shows, before anything else is said to it."""

import asyncio

from iot_facerecognition_client.address import ServerAddress
from iot_facerecognition_client.connection import Timing
from iot_facerecognition_client.failures import NoConnectionError, opening_failure
from iot_facerecognition_client.status import Failure, Reason
from iot_facerecognition_client.trust import presented_fingerprint, unverified_context


async def presented_certificate(server: ServerAddress) -> str:
    """Return the fingerprint of the certificate that `server` shows, `sha256:` and 64 digits.

    The TLS handshake is all that happens: no token and no request is sent. Whether it is the right
    server's certificate, a person has to say. Raises NoConnectionError.
    """
    try:
        async with asyncio.timeout(Timing().connect_timeout):
            _, writer = await asyncio.open_connection(
                server.host, server.port, ssl=unverified_context(), server_hostname=server.host
            )
    except OSError as error:
        raise NoConnectionError(opening_failure(error, server, with_token=False)) from error
    except UnicodeError as error:  # of the encoding for names in DNS
        text = f"{server.host} is no name that can be looked up: is it written right?"
        raise NoConnectionError(Failure(Reason.NAME_UNKNOWN, text)) from error
    try:
        return presented_fingerprint(writer.get_extra_info("ssl_object"))
    finally:
        writer.transport.abort()
