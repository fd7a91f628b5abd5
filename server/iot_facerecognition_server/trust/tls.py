"""The server's side of TLS 1.3, and its renewal while clients are connected."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from iot_facerecognition_server.trust.certificates import CertificateError, Identity
from iot_facerecognition_server.trust.revocation import (
    Revocations,
    read_authorities,
    read_revocations,
)


class IdentitySource(Protocol):
    """Where key and certificate come from."""

    def read(self) -> Identity:
        """Return them as they are now. Raises CertificateError."""

    def warnings(self, identity: Identity) -> tuple[str, ...]:
        """Tell what is not as it should be with what was read."""


@dataclass(frozen=True, slots=True)
class ClientTrust:
    """By which files (PEM) clients' certificates are judged: who may sign them, what is revoked."""

    authorities: Path
    revocations: Path | None = None


@dataclass(frozen=True, slots=True)
class _Contexts:
    """What handshakes go on with: the usual context, and the one for `names` that were added."""

    usual: ssl.SSLContext
    added: ssl.SSLContext
    names: frozenset[str]

    def for_name(self, name: str | None) -> ssl.SSLContext:
        """Return the context for the DNS name that a client asked for, None where it gave none."""
        return self.added if name is not None and name.lower() in self.names else self.usual


class ServerTls:
    """Holds the context to listen with, and the identity that new handshakes see.

    `context` stays the same object for as long as the server listens. It hands every handshake over
    to a context of the files' last good state: loading a certificate into a context in use would
    leave one of another algorithm in force next to it.
    """

    def __init__(self, source: IdentitySource, clients: ClientTrust | None = None) -> None:
        """Take the identity that `source` has now, and again at each `reload`.

        With `clients`, they need a certificate. Raises CertificateError.
        """
        self._source = source
        self._clients = clients
        self._revocations = _revocations(clients)
        self._identity = source.read()
        self._current = self._contexts(self._identity, self._revocations)
        self.context = self._context(self._identity, self._revocations)
        self.context.sni_callback = self._hand_over

    @property
    def identity(self) -> Identity:
        """Key and certificate that new handshakes see."""
        return self._identity

    @property
    def fingerprint(self) -> str:
        """What an edge pins."""
        return self._identity.fingerprint

    @property
    def fingerprint_digits(self) -> str:
        """The same as 64 small hexadecimal digits."""
        return self._identity.fingerprint_digits

    def reload(self) -> tuple[str, ...]:
        """Let new handshakes see the files as they are now; return what to warn of.

        Whoever is connected stays. Raises CertificateError, and nothing has changed then.
        """
        revocations = _revocations(self._clients)
        identity = self._source.read()
        contexts = self._contexts(identity, revocations)
        self._identity, self._current, self._revocations = identity, contexts, revocations
        return (*self._source.warnings(identity), *self.revocation_warnings())

    def is_revoked(self, credential: str) -> bool:
        """Tell whether the client certificate of this credential has been revoked."""
        return self._revocations is not None and credential in self._revocations.credentials

    def revocation_warnings(self) -> tuple[str, ...]:
        """Tell what is not as it should be with the revocation lists."""
        return () if self._revocations is None else self._revocations.warnings(datetime.now(UTC))

    def _contexts(self, identity: Identity, revocations: Revocations | None) -> _Contexts:
        usual = self._context(identity, revocations)
        if identity.added is None:
            return _Contexts(usual, usual, frozenset())
        added = self._context(identity, revocations, added=True)
        return _Contexts(usual, added, identity.added_names)

    def _context(
        self, identity: Identity, revocations: Revocations | None, *, added: bool = False
    ) -> ssl.SSLContext:
        context = _context(identity.presented(added=added))
        if self._clients is not None:
            _demand_certificates(context, self._clients.authorities, revocations)
        return context

    def _hand_over(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _from: ssl.SSLContext
    ) -> None:
        """Let a handshake go on with a current context; OpenSSL asks with or without a name."""
        connection.context = self._current.for_name(name)


def _revocations(clients: ClientTrust | None) -> Revocations | None:
    if clients is None or clients.revocations is None:
        return None
    return read_revocations(clients.revocations, clients.authorities, datetime.now(UTC))


def _context(presented: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The client chooses the cipher: a small board without AES instructions knows better.
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    # Clients stay for hours; tickets would let them return past a renewed certificate or CA.
    context.num_tickets = 0
    _use(context, presented)
    return context


def _demand_certificates(
    context: ssl.SSLContext, authorities: Path, revocations: Revocations | None
) -> None:
    """Let in only those whose certificate an authority has signed and not revoked."""
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        with _in_memory(read_authorities(authorities)) as path:
            context.load_verify_locations(path)
        if revocations is not None:
            with _in_memory(revocations.pem) as path:
                context.load_verify_locations(path)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(
            f"[Auth] ClientCA: {authorities} cannot be used: {error.strerror or error}; name"
            " a PEM file with the certificates of those who sign the clients' certificates"
        ) from error


def _use(context: ssl.SSLContext, presented: bytes) -> None:
    """Load what was checked, not the files again: the key leaves no copy, and DER works too."""
    try:
        with _in_memory(presented) as path:
            context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise CertificateError(
            f"[Certificate] OpenSSL refuses key or certificate: {error.reason or error}; make new"
            " ones, or leave Key and Certificate empty to have them made"
        ) from error


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """Yield the path of a file with `data` that no disk holds: `ssl` reads files only."""
    descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
