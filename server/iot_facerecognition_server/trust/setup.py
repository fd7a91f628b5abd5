"""The parts of trust, as the configuration wants them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.whole_file import write_file
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.trust.authentication import (
    Authenticator,
    CertificateAuthenticator,
    OpenAuthenticator,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.certificates import (
    CertificateError,
    Identity,
    KeyAlgorithm,
    expiry_warning,
    read_identity,
    validity_problem,
)
from iot_facerecognition_server.trust.host_names import HostNames, host_names
from iot_facerecognition_server.trust.issuing import issue_identity
from iot_facerecognition_server.trust.tls import ClientTrust, ServerTls
from iot_facerecognition_server.trust.tokens import TokenStore

_DER: Final = 1
PUBLIC: Final = 0o644
_OTHERS_MAY_READ: Final = 0o004


class ServerIdentity:
    """Where the server's key and certificate are: the configuration's, or its own.

    Its own stand together in one file, so that they are replaced together; the certificate stands
    beside it for the edges.
    """

    def __init__(
        self,
        config: Config,
        hosts: Callable[[], HostNames] = host_names,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the settings; `hosts` and `now` go into the server's own certificate."""
        self._settings = config.certificate
        self._state = config.server.state_directory
        self._hosts = hosts
        self._now = now

    @property
    def own(self) -> bool:
        """Whether the server makes key and certificate itself."""
        return self._settings.key is None

    @property
    def key_path(self) -> Path:
        """File with the private key."""
        return self._settings.key or self._state / "server.pem"

    @property
    def certificate_path(self) -> Path:
        """File with the certificate, fit as an edge's CA file when it is the server's own."""
        return self._settings.certificate or self._state / "server.crt"

    def issue(self) -> Identity:
        """Make a new key and certificate in place of the old ones. Raises CertificateError."""
        if not self.own:
            raise CertificateError(
                f"[Certificate] Key names {self._settings.key}: whoever made that must renew it;"
                " leave Key and Certificate empty to have the server make its own"
            )
        identity = issue_identity(self._hosts(), self._now())
        try:
            write_file(self.key_path, identity.key + identity.chain)
            write_file(self.certificate_path, identity.chain, PUBLIC)
        except OSError as error:
            raise CertificateError(
                f"[Server] StateDirectory: {error.filename} cannot be written: {error.strerror};"
                " name a folder in which the server may write"
            ) from error
        return identity

    def read(self) -> Identity:
        """Return key and certificate as they are now, made if need be. Raises CertificateError."""
        if self.own:
            if not self.key_path.exists():
                return self.issue()
            return self._read_own()
        assert self._settings.certificate is not None, "the configuration has both or neither"
        identity = read_identity(
            self.key_path,
            self._settings.certificate,
            der=self._settings.encoding_format == _DER,
            algorithm=KeyAlgorithm(self._settings.key_algorithm),
        )
        problem = validity_problem(identity.certificate, self._now())
        if problem is not None and not self._settings.test_mode:
            raise CertificateError(
                f"[Certificate] {self._settings.certificate}: {problem}; renew it, or set"
                " TestMode=true to go on regardless"
            )
        return identity

    def warnings(self, identity: Identity) -> tuple[str, ...]:
        """Tell what is not as it should be, though the server can go on."""
        found = []
        problem = validity_problem(identity.certificate, self._now())
        problem = problem or expiry_warning(identity.certificate, self._now())
        if problem is not None:
            cure = "renew it"
            if self.own:
                cure = (
                    "`cert new` makes another, whose fingerprint the edges then need (those that"
                    " pin the fingerprint do not mind the date)"
                )
            found.append(f"{self.certificate_path}: {problem}; {cure}")
        if self.key_path.stat().st_mode & _OTHERS_MAY_READ:
            found.append(f"{self.key_path}: anyone on this machine can read the private key")
        return tuple(found)

    def _read_own(self) -> Identity:
        try:
            identity = read_identity(self.key_path, self.key_path, der=False, algorithm=None)
            if not self.certificate_path.exists():
                write_file(self.certificate_path, identity.chain, PUBLIC)
        except (CertificateError, OSError) as error:
            raise CertificateError(
                f"the server's own key and certificate in {self.key_path} cannot be used ({error});"
                " restore the file, or make new ones with: iot-facerecognition-server cert new"
            ) from error
        return identity


def server_tls(config: Config) -> ServerTls:
    """Return the TLS side; key and certificate are made if need be. Raises CertificateError."""
    clients = None
    if config.auth.mode == "mtls" and config.auth.client_ca is not None:
        clients = ClientTrust(config.auth.client_ca, config.auth.client_crl)
    return ServerTls(ServerIdentity(config), clients)


def token_store(config: Config) -> TokenStore:
    """Return the tokens."""
    return TokenStore(config.token_file)


def authenticator(config: Config, tls: ServerTls) -> Authenticator:
    """Return the judge of clients; `tls` knows which certificates are revoked."""
    match config.auth.mode:
        case "open":
            return OpenAuthenticator()
        case "mtls":
            return CertificateAuthenticator(tls.is_revoked)
        case _:
            return TokenAuthenticator(token_store(config))
