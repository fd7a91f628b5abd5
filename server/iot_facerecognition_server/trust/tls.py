"""The server's side of TLS 1.3, and its renewal while clients are connected."""

import os
import ssl
from pathlib import Path
from typing import Protocol

from iot_facerecognition_server.trust.certificates import CertificateError, Identity


class IdentitySource(Protocol):
    """Where key and certificate come from."""

    def read(self) -> Identity:
        """Return them as they are now. Raises CertificateError."""

    def warnings(self, identity: Identity) -> tuple[str, ...]:
        """Tell what is not as it should be with what was read."""


class ServerTls:
    """Holds the context to listen with, and the identity that new handshakes see.

    `context` stays the same object for as long as the server listens. It hands every handshake over
    to a context of the files' last good state: loading a certificate into a context in use would
    leave one of another algorithm in force beside it.
    """

    def __init__(self, source: IdentitySource, client_ca: Path | None = None) -> None:
        """Take the identity that `source` has now, and again at each `reload`.

        With `client_ca`, clients need a certificate that one of those in the file (PEM) has signed.
        Raises CertificateError.
        """
        self._source = source
        self._client_ca = client_ca
        self._identity = source.read()
        self._current = _context(self._identity, client_ca)
        self.context = _context(self._identity, client_ca)
        self.context.sni_callback = self._hand_over

    @property
    def identity(self) -> Identity:
        """Key and certificate that new handshakes see."""
        return self._identity

    @property
    def fingerprint(self) -> str:
        """What an edge pins."""
        return self._identity.fingerprint

    def reload(self) -> tuple[str, ...]:
        """Let new handshakes see the files as they are now; return what to warn of.

        Whoever is connected stays. Raises CertificateError, and nothing has changed then.
        """
        identity = self._source.read()
        context = _context(identity, self._client_ca)
        self._identity, self._current = identity, context
        return self._source.warnings(identity)

    def _hand_over(
        self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _from: ssl.SSLContext
    ) -> None:
        """Let a handshake go on with the current context; OpenSSL asks with or without a name."""
        connection.context = self._current


def _context(identity: Identity, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The client chooses the cipher: a small board without AES instructions knows better.
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    # Clients stay for hours; tickets would let them return past a renewed certificate or CA.
    context.num_tickets = 0
    _use(context, identity)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(
                f"[Auth] ClientCA: {client_ca} cannot be used: {error.strerror or error}; name"
                " a PEM file with the certificates of those who sign the clients' certificates"
            ) from error
    return context


def _use(context: ssl.SSLContext, identity: Identity) -> None:
    """Load what was checked, not the files again: `ssl` reads files only, so give it one in memory.

    Like this the key leaves no second copy on a disk, and DER files work too.
    """
    descriptor = os.memfd_create("identity", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(identity.key + identity.chain)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    except ssl.SSLError as error:
        raise CertificateError(
            f"[Certificate] OpenSSL refuses key or certificate: {error.reason or error}; make new"
            " ones, or leave Key and Certificate empty to have them made"
        ) from error
    finally:
        os.close(descriptor)
