"""`cert`: the server's certificate."""

import argparse
import sys

from cryptography import x509

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.trust.certificates import CertificateError, Identity
from iot_facerecognition_server.trust.setup import ServerIdentity


def show(arguments: argparse.Namespace) -> int:
    """Print the certificate's fingerprint and more, or the certificate."""
    place = ServerIdentity(read_config(arguments))
    if place.missing:
        raise CommandFailedError(
            ExitCode.FAILURE,
            "there is no certificate yet; the server makes one at its first start, or: cert new",
        )
    try:
        identity = place.read()
    except CertificateError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error
    if arguments.pem:
        sys.stdout.write(identity.chain.decode("ascii"))
    else:
        _print(place, identity)
    return ExitCode.SUCCESS


def new(arguments: argparse.Namespace) -> int:
    """Make a new key and certificate."""
    place = ServerIdentity(read_config(arguments))
    try:
        identity = place.issue()
    except CertificateError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error
    _print(place, identity)
    print("a running server takes it up on SIGHUP; edges need the new fingerprint")
    return ExitCode.SUCCESS


def _print(place: ServerIdentity, identity: Identity) -> None:
    certificate = identity.certificate
    print(f"fingerprint  {identity.fingerprint}")
    print(f"file         {place.certificate_path}")
    print(f"valid        {certificate.not_valid_before_utc:%Y-%m-%d}", end="")
    print(f" to {certificate.not_valid_after_utc:%Y-%m-%d}")
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        print(f"for          {certificate.subject.rfc4514_string()}")
    else:
        print("for          " + ", ".join(str(name.value) for name in alternative.value))
    for warning in place.warnings(identity):
        print(f"warning      {warning}")
