"""Who a client is and whether it may come in, by what its request says."""

import logging
from dataclasses import dataclass
from typing import Protocol

from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The client may come in, as `identity`: its token's name, or how else it is known."""

    identity: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The client may not come in, and why, in words that it may be told."""

    reason: str


class Authenticator(Protocol):
    """Judges a client by its HTTP request."""

    def authenticate(self, authorization: str | None) -> Accepted | Refused:
        """Judge by the value of the `Authorization` header, None when there is none."""


class OpenAuthenticator:
    """Lets everyone in."""

    def authenticate(self, authorization: str | None) -> Accepted | Refused:  # noqa: ARG002 - Authenticator
        """Let the client in."""
        return Accepted("anyone")


class CertificateAuthenticator:
    """Lets everyone in who came through the TLS handshake, which asks for a certificate."""

    def authenticate(self, authorization: str | None) -> Accepted | Refused:  # noqa: ARG002 - Authenticator
        """Let the client in."""
        return Accepted("certificate")


class TokenAuthenticator:
    """Lets in who sends `Authorization: Bearer TOKEN` with a valid token (RFC 6750)."""

    def __init__(self, tokens: TokenStore) -> None:
        """Judge by `tokens` as they are at each request."""
        self._tokens = tokens

    def authenticate(self, authorization: str | None) -> Accepted | Refused:
        """Look the token up. A token file that cannot be read lets nobody in."""
        if authorization is None:
            return Refused("this server needs a token; send it as 'Authorization: Bearer TOKEN'")
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Refused("the Authorization header must be 'Bearer TOKEN'")
        try:
            found = self._tokens.find(token.strip())
        except TokenFileError as error:
            _log.error("nobody can be let in: %s", error)
            return Refused("the server cannot read its tokens; its log says why")
        if found is None:
            return Refused("this token is not valid here; it may have been revoked")
        return Accepted(found.name)
