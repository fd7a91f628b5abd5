"""`cert`: the server's certificate."""

import argparse
import sys
from collections.abc import Sequence

from cryptography import x509

from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words
from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.trust.certificates import (
    CertificateError,
    Identity,
    key_words,
)
from iot_facerecognition_server.trust.host_names import is_host_name
from iot_facerecognition_server.trust.server_identity import ServerIdentity


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
    """Make a new key and certificate, or add a certificate for more names to the old key."""
    names: list[str] = arguments.names
    _check(names, keep_key=arguments.keep_key)
    place = ServerIdentity(read_config(arguments))
    try:
        identity = place.add_names(names) if arguments.keep_key else place.issue(names)
    except CertificateError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error
    _print(place, identity)
    if arguments.keep_key:
        print(
            "a running server takes it up on SIGHUP; the fingerprint stays, and a CA file needs the"
            " new certificate (cert show --pem) to reach the server by the new names"
        )
    else:
        print("a running server takes it up on SIGHUP; edges need the new fingerprint")
    return ExitCode.SUCCESS


def _check(names: Sequence[str], *, keep_key: bool) -> None:
    if keep_key and not names:
        raise CommandFailedError(
            ExitCode.CONFIGURATION,
            "--keep-key adds names to the server's certificate; give them with --name NAME",
        )
    for name in names:
        if not is_host_name(name):
            raise CommandFailedError(
                ExitCode.CONFIGURATION,
                f"--name {name}: this is no DNS name; clients name no address in the handshake, so"
                " a certificate for one can only be a new one: `cert new` makes it for all"
                " addresses of this machine (edges that pin the fingerprint need none)",
            )


def _print(place: ServerIdentity, identity: Identity) -> None:
    print(f"fingerprint  {identity.fingerprint}")
    groups = fingerprint_groups(identity.fingerprint_digits)
    print(f"in groups    {' '.join(groups[: len(groups) // 2])}")
    print(f"             {' '.join(groups[len(groups) // 2 :])}")
    print(f"in words     {' '.join(fingerprint_words(identity.fingerprint_digits))}")
    print(f"file         {place.certificate_path}")
    print(f"key          {key_words(identity.certificate)}")
    _print_certificate(identity.certificate)
    if identity.added is not None:
        print(f"added        for {', '.join(sorted(identity.added_names))}")
        _print_certificate(identity.added)
    for warning in place.warnings(identity):
        print(f"warning      {warning}")


def _print_certificate(certificate: x509.Certificate) -> None:
    print(f"valid        {certificate.not_valid_before_utc:%Y-%m-%d}", end="")
    print(f" to {certificate.not_valid_after_utc:%Y-%m-%d}")
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        print(f"for          {certificate.subject.rfc4514_string()}")
    else:
        print("for          " + ", ".join(str(name.value) for name in alternative.value))
