"""Which address `pair` puts into the QR code."""

import ipaddress

import pytest

from iot_facerecognition_server.cli import pair
from iot_facerecognition_server.cli.outcome import CommandFailedError
from iot_facerecognition_server.config import load
from iot_facerecognition_server.config.kinds import PublicAddress
from iot_facerecognition_server.trust import host_names

ADDRESSES = (ipaddress.ip_address("192.0.2.7"), ipaddress.ip_address("2001:db8::7"))


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair, "reachable_addresses", lambda: ADDRESSES)
    monkeypatch.setattr(pair, "container_id", lambda: None)


def address(given: str | None = None, **settings: str) -> tuple[str, int | None]:
    environ = {f"IOT_FACERECOGNITION_CONNECTION_{key}": value for key, value in settings.items()}
    return pair._address(load(None, environ), given)


def test_what_is_said_goes_before_what_is_set_and_that_before_what_is_found() -> None:
    assert address() == ("192.0.2.7", None)
    assert address(BIND="0.0.0.0") == ("192.0.2.7", None)
    assert address(BIND="192.0.2.9") == ("192.0.2.9", None)
    assert address(BIND="192.0.2.9", PUBLICADDRESS="faces.lan:443") == ("faces.lan", 443)
    assert address("[::1]:50001", PUBLICADDRESS="faces.lan:443") == ("::1", 50001)


def test_a_container_s_own_address_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pair, "container_id", lambda: "0" * 64)
    assert address() == ("192.0.2.7", None)
    assert "--host HOST or [Connection] PublicAddress" in capsys.readouterr().err
    assert address("192.0.2.1") == ("192.0.2.1", None)
    assert capsys.readouterr().err == ""


def test_a_machine_without_a_network_asks_for_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair, "reachable_addresses", lambda: ())
    with pytest.raises(CommandFailedError, match="with --host HOST"):
        address()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.10", ("192.168.1.10", None)),
        ("192.168.1.10:5", ("192.168.1.10", 5)),
        ("faces.lan", ("faces.lan", None)),
        ("faces.lan:443", ("faces.lan", 443)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("[2001:db8::1]:443", ("2001:db8::1", 443)),
    ],
)
def test_forms_of_an_address(text: str, expected: tuple[str, int | None]) -> None:
    assert PublicAddress().split(text) == expected


@pytest.mark.parametrize("text", ["a b", "host:0", "host:99999", "[1.2.3.4]:5", ":50", "http://a"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the command says what is allowed
        PublicAddress().split(text)


def test_the_address_that_packets_leave_with_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ipaddress.ip_address("172.17.0.1")
    found = host_names.HostNames((), (ipaddress.ip_address("127.0.0.1"), other, *ADDRESSES))
    monkeypatch.setattr(host_names, "host_names", lambda: found)
    monkeypatch.setattr(
        host_names, "_source_address", lambda to: ADDRESSES[0] if "." in to[1] else None
    )
    assert host_names.reachable_addresses() == (ADDRESSES[0], other, ADDRESSES[1])
