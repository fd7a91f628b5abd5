"""Who a client is: what it has proved, whatever it calls itself."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from iot_facerecognition_protocol import clean_text
from iot_facerecognition_server.peer_network import peer_network

_LENGTH: Final = 64
"""Most characters of an identity's name; a token's name and a common name have no more."""


class AuthMethod(StrEnum):
    """What a client is known by."""

    TOKEN = "token"  # noqa: S105 - not one
    CERTIFICATE = "certificate"
    ADDRESS = "address"
    """Nothing was proved: the address is all there is."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """Who authenticated: the same for all connections with one credential.

    `name` is for people, logs and metrics: the token's name, the certificate's subject, or the IP
    address. `credential` tells apart what has had this name over time, so that one of them can be
    revoked; it is empty for an address.
    """

    method: AuthMethod
    name: str
    credential: str = field(default="", repr=False)

    @property
    def account(self) -> tuple[AuthMethod, str]:
        """What budgets go by: a new credential of the same name goes on where the old one was.

        Of an IPv6 address its network counts, since whoever has one address has all of them.
        """
        anonymous = self.method is AuthMethod.ADDRESS
        return self.method, peer_network(self.name) if anonymous else self.name


def address_identity(address: str) -> ClientIdentity:
    """Return the identity of a client that proved nothing."""
    return ClientIdentity(AuthMethod.ADDRESS, address)


def certificate_identity(certificate: x509.Certificate) -> ClientIdentity:
    """Return the identity in a client's certificate.

    It is named for the subject's common name, else for the first alternative name, else for the
    serial number.
    """
    serial = certificate.serial_number
    name = next(iter(_names(certificate)), "") or f"certificate {serial:x}"
    return ClientIdentity(
        AuthMethod.CERTIFICATE, name, certificate_credential(certificate.issuer, serial)
    )


def certificate_credential(issuer: x509.Name, serial: int) -> str:
    """Return what tells a certificate from all others (RFC 5280, section 4.1.2.2)."""
    return f"{issuer.public_bytes().hex()}/{serial:x}"


def _names(certificate: x509.Certificate) -> list[str]:
    common = [str(a.value) for a in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        alternative = []
    else:
        alternative = [str(getattr(name, "value", "")) for name in found.value]
    return [cleaned for name in (*common, *alternative) if (cleaned := clean_text(name, _LENGTH))]
