"""The server's own side of TLS: its key and certificate, as the configuration wants them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.own_container import SHORT, container_id
from iot_facerecognition_server.trust.certificates import (
    CertificateError,
    Identity,
    dns_names,
    expiry_warning,
    read_identity,
    validity_problem,
)
from iot_facerecognition_server.trust.host_names import HostNames, host_names
from iot_facerecognition_server.trust.issuing import add_names, issue_identity
from iot_facerecognition_server.trust.own_files import OwnFiles

_DER: Final = 1
_OTHERS_MAY_READ: Final = 0o004


class ServerIdentity:
    """Where the server's key and certificate are: the configuration's, or its own.

    Its own are in the state directory; see `OwnFiles`.
    """

    def __init__(
        self,
        config: Config,
        hosts: Callable[[], HostNames] = host_names,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        container: Callable[[], str | None] = container_id,
    ) -> None:
        """Take the settings; `hosts` and `now` go into the server's own certificate.

        `container` tells the id of the container that this is.
        """
        self._settings = config.certificate
        self._files = OwnFiles(config.server.state_directory)
        self._hosts = hosts
        self._now = now
        self._container = container

    @property
    def own(self) -> bool:
        """Whether the server makes key and certificate itself."""
        return self._settings.key is None

    @property
    def key_path(self) -> Path:
        """File with the private key."""
        return self._settings.key or self._files.key

    @property
    def certificate_path(self) -> Path:
        """File with the certificate, fit as an edge's CA file when it is the server's own."""
        return self._settings.certificate or self._files.certificate

    def issue(self, names: Sequence[str] = ()) -> Identity:
        """Make a new key and certificate in place of the old ones, also for the DNS `names`.

        Raises CertificateError.
        """
        self._check_own()
        hosts = self._hosts()
        hosts = replace(hosts, names=tuple(dict.fromkeys((*hosts.names, *names))))
        return self._put(issue_identity(hosts, self._now()), self._present())

    def add_names(self, names: Sequence[str]) -> Identity:
        """Add a certificate of the present key that is also for the DNS `names`.

        Handshakes that ask for one of them see it; all others see what they saw before. Raises
        CertificateError, also where there is no key yet.
        """
        self._check_own()
        if self.missing:
            raise CertificateError(
                "there is no key to keep yet: `cert new --name NAME` makes one, with a certificate"
                " for the name"
            )
        present = self.read()
        return self._put(add_names(present, names, self._now()), present)

    def _check_own(self) -> None:
        if not self.own:
            raise CertificateError(
                f"[Certificate] Key names {self._settings.key}: whoever made that must renew it;"
                " leave Key and Certificate empty to have the server make its own"
            )

    def _put(self, identity: Identity, present: Identity | None) -> Identity:
        """Put `identity` in the place of the `present` one, and return it."""
        try:
            self._files.replace(identity, present)
        except OSError as error:
            raise CertificateError(
                f"[Server] StateDirectory: {error.filename} cannot be written: {error.strerror};"
                " name a folder in which the server may write"
            ) from error
        return identity

    @property
    def missing(self) -> bool:
        """Whether the server has to make itself a first key: there is none, and there was none."""
        return self.own and not self._files.made

    def prepare(self) -> Identity:
        """Return key and certificate, made if there were none so far. Raises CertificateError."""
        return self.issue() if self.missing else self.read()

    def read(self) -> Identity:
        """Return key and certificate as they are now. Raises CertificateError."""
        if self.own:
            return self._read_own()
        assert self._settings.certificate is not None, "the configuration has both or neither"
        identity = read_identity(
            self.key_path,
            self._settings.certificate,
            der=self._settings.encoding_format == _DER,
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
        for certificate in identity.certificates:
            problem = validity_problem(certificate, self._now())
            problem = problem or expiry_warning(certificate, self._now())
            if problem is None:
                continue
            cure = "renew it"
            if self.own:
                cure = (
                    "`cert new` makes another, whose fingerprint the edges then need (those that"
                    " pin the fingerprint do not mind the date)"
                    if certificate is identity.certificate
                    else "`cert new --keep-key --name NAME` makes another, for all added names"
                )
            found.append(f"{self.certificate_path}: {problem}; {cure}")
        if self.key_path.stat().st_mode & _OTHERS_MAY_READ:
            found.append(f"{self.key_path}: anyone on this machine can read the private key")
        if self.own and not self._files.matches(identity):
            found.append(
                f"{self.certificate_path} is not the server's certificate and cannot be written;"
                " `cert show --pem` prints the right one"
            )
        return tuple(found)

    def names_without_certificate(self, identity: Identity) -> tuple[str, ...]:
        """Return this machine's names that its own certificates are not for.

        A container whose name is its number has none: nobody connects by that.
        """
        names = self._hosts().names
        container = self._container()
        if not self.own or (container is not None and container[:SHORT] in names):
            return ()
        there = {name for one in identity.certificates for name in dns_names(one)}
        return tuple(name for name in names if name.lower() not in there)

    def _read_own(self) -> Identity:
        if not self.key_path.exists():
            raise CertificateError(
                f"the server's own key {self.key_path} is gone, and clients have pinned its"
                " certificate: restore the file from a backup, or make a new pair, whose"
                " fingerprint the clients then need, with: iot-facerecognition-server cert new"
            )
        try:
            identity = read_identity(self.key_path, self.key_path, der=False)
        except CertificateError as error:
            raise CertificateError(
                f"the server's own key and certificate in {self.key_path} cannot be used ({error});"
                " restore the file, or make new ones with: iot-facerecognition-server cert new"
            ) from error
        with suppress(OSError):  # then `warnings` tells
            self._files.mend(identity)
        return identity

    def _present(self) -> Identity | None:
        """Return the server's own pair; None where there is none that can be used."""
        try:
            return read_identity(self.key_path, self.key_path, der=False)
        except CertificateError:
            return None
