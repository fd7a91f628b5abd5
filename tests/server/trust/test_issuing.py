"""The server's own certificate holds for every name and address of the machine."""

import ipaddress
import re
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import ifaddr
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from iot_facerecognition_server.trust.host_names import (
    HostNames,
    host_names,
    interface_addresses,
)
from iot_facerecognition_server.trust.issuing import issue_identity
from iot_facerecognition_server.trust.tls import ServerTls


class Fixed:
    """An identity that does not change."""

    def __init__(self, identity):
        self.identity = identity

    def read(self):
        return self.identity

    def warnings(self, identity):
        return ()


def test_the_key_is_p256_and_the_time_is_bounded():
    now = datetime.now(UTC)
    certificate = issue_identity(host_names(), now).certificate
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1)
    assert certificate.not_valid_before_utc < now
    assert certificate.not_valid_after_utc > now + timedelta(days=820)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=825)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", socket.gethostname()])
@pytest.mark.parametrize("strict", [False, True])
def test_a_client_with_the_certificate_as_its_ca_connects_by_every_name(
    own_identity, name, strict, handshake
):
    client = ssl.create_default_context(cadata=own_identity.chain.decode())
    if strict:  # what Python 3.13 asks by itself
        client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        client.verify_flags &= ~ssl.VERIFY_X509_STRICT
    connection = handshake(ServerTls(Fixed(own_identity)).context, client, name)
    connection.run()
    assert connection.client.version() == "TLSv1.3"


def test_another_name_is_refused(own_identity, handshake):
    client = ssl.create_default_context(cadata=own_identity.chain.decode())
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(ServerTls(Fixed(own_identity)).context, client, "example.org").run()


def test_the_addresses_are_those_that_the_system_tells():
    listed = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout
    told = {ipaddress.ip_address(address) for address in listed.split()}
    assert told <= set(interface_addresses())
    assert ipaddress.ip_address("127.0.0.1") in interface_addresses()


def test_addresses_that_the_system_does_not_tell_are_left_out_with_a_warning(monkeypatch, caplog):
    def fail():
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(ifaddr, "get_adapters", fail)
    assert [str(address) for address in host_names().addresses] == ["127.0.0.1", "::1"]
    assert "could not be found: [Errno 1] Operation not permitted" in caplog.text


def test_names_come_from_the_machine_and_its_hosts_file(tmp_path):
    short = socket.gethostname().partition(".")[0]
    hosts = tmp_path / "hosts"
    hosts.write_text(
        f"127.0.1.1 {short}.example.org {short} # {short}.comment.org\n10.0.0.9 other.example.org\n"
    )
    found = host_names(hosts).names
    assert {"localhost", short, f"{short}.local", f"{short}.example.org"} <= set(found)
    assert not any(re.search("comment|other", name) for name in found)
    assert host_names(tmp_path / "missing").names[0] == "localhost"


def test_a_long_host_name_is_cut_in_the_subject_only():
    name = "a" * 63 + ".example.org"
    hosts = HostNames(("localhost", name), (ipaddress.ip_address("10.1.2.3"),))
    certificate = issue_identity(hosts, datetime.now(UTC)).certificate
    places = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert places.get_values_for_type(x509.DNSName) == ["localhost", name]
    assert places.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("10.1.2.3")]
