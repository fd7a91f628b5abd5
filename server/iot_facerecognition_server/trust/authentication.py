"""Who a client is and whether it may come in, by what it shows."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509

from iot_facerecognition_server.trust.client_identity import (
    AuthMethod,
    ClientIdentity,
    address_identity,
    certificate_identity,
)
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a client shows: its IP address, the `Authorization` header, its certificate in DER."""

    address: str
    authorization: str | None = None
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The client may come in, as `identity`."""

    identity: ClientIdentity


@dataclass(frozen=True, slots=True)
class Denied:
    """The client may not come in, and why, in words that it may read."""

    reason: str


class Authenticator(Protocol):
    """Judges clients when they come, and again when something was revoked; from any thread."""

    def authenticate(self, presented: Presented) -> Accepted | Denied:
        """Judge by what a client shows."""

    def revoked(self, identities: Collection[ClientIdentity]) -> Mapping[ClientIdentity, str]:
        """Return those of `identities` that would be refused by now, and why.

        Raises TokenFileError when that cannot be found out.
        """


class OpenAuthenticator:
    """Lets everyone in."""

    def authenticate(self, presented: Presented) -> Accepted | Denied:
        """Let the client in under its address."""
        return Accepted(address_identity(presented.address))

    def revoked(self, identities: Collection[ClientIdentity]) -> Mapping[ClientIdentity, str]:  # noqa: ARG002 - Authenticator
        """Return nothing: an address cannot be revoked."""
        return {}


class CertificateAuthenticator:
    """Lets everyone in who came through the TLS handshake, which asks for a certificate."""

    def __init__(self, is_revoked: Callable[[str], bool]) -> None:
        """`is_revoked` tells whether a certificate's credential has been revoked by now."""
        self._is_revoked = is_revoked

    def authenticate(self, presented: Presented) -> Accepted | Denied:
        """Let the client in under its certificate's subject."""
        if presented.certificate is None:
            return Denied("this server needs a client certificate that it trusts")
        try:
            certificate = x509.load_der_x509_certificate(presented.certificate)
            return Accepted(certificate_identity(certificate))
        except ValueError as error:
            return Denied(f"this client certificate cannot be read: {error}")

    def revoked(self, identities: Collection[ClientIdentity]) -> Mapping[ClientIdentity, str]:
        """Return those whose certificate is on the revocation list."""
        return {
            identity: "this certificate was revoked"
            for identity in identities
            if self._is_revoked(identity.credential)
        }


class TokenAuthenticator:
    """Lets in who sends `Authorization: Bearer TOKEN` with a valid token (RFC 6750)."""

    def __init__(self, tokens: TokenStore, used: Callable[[], None] = lambda: None) -> None:
        """Judge by `tokens` as they are at each request; call `used` when the first is valid."""
        self._tokens = tokens
        self._used: Callable[[], None] | None = used

    def authenticate(self, presented: Presented) -> Accepted | Denied:
        """Look the token up. A token file that cannot be read lets nobody in."""
        if presented.authorization is None:
            return Denied("this server needs a token; send it as 'Authorization: Bearer TOKEN'")
        scheme, _, token = presented.authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Denied("the Authorization header must be 'Bearer TOKEN'")
        try:
            found = self._tokens.find(token.strip())
        except TokenFileError as error:
            _log.error("nobody can be let in: %s", error)
            return Denied("the server cannot read its tokens; its log says why")
        if found is None:
            return Denied("this token is not valid here; it may have been revoked")
        used, self._used = self._used, None
        if used is not None:
            used()
        return Accepted(ClientIdentity(AuthMethod.TOKEN, found.name, found.sha256))

    def revoked(self, identities: Collection[ClientIdentity]) -> Mapping[ClientIdentity, str]:
        """Return those whose token is no longer in the file."""
        valid = self._tokens.hashes()
        return {
            identity: "this token was revoked"
            for identity in identities
            if identity.credential not in valid
        }
