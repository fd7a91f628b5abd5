"""Opens listening sockets, and says in one sentence why one cannot be opened."""

import errno
import logging
import socket
from typing import Any

import pytest

from iot_facerecognition_server.errors import AddressInUseError, CannotListenError
from iot_facerecognition_server.listening import close_all, listen


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names with the addresses that the resolver gives them."""
    known: dict[str, list[str]] = {}

    def resolve(name: str, port: int, **_: Any) -> list[Any]:
        return [
            info
            for address in known.get(name, [name])
            for info in original(address, port, type=socket.SOCK_STREAM)
        ]

    original = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


def refused(host: str, port: int = 0) -> str:
    with pytest.raises(CannotListenError) as error:
        close_all(listen(host, port, "Connection"))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_unknown_host_is_named_with_the_setting() -> None:
    assert refused("no-such-host.invalid").startswith("[Connection] Bind=no-such-host.invalid: ")


def test_an_address_of_another_machine_is_named() -> None:
    assert "192.0.2.1 is not an address of this machine" in refused("192.0.2.1")


def test_a_port_without_the_right_to_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a fake, since tests may run as root, who has the right."""

    class Forbidden(socket.socket):
        def bind(self, address: Any) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Forbidden)
    message = refused("127.0.0.1", 443)
    assert "[Connection] Port=443" in message
    assert "CAP_NET_BIND_SERVICE" in message


def test_of_a_name_with_several_addresses_those_that_work_are_listened_on(
    names: dict[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    names["several"] = ["192.0.2.1", "127.0.0.1"]
    (listener,) = listen("several", 0, "Connection")
    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    (record,) = (r for r in caplog.records if r.levelno >= logging.WARNING)
    assert "not listening on 192.0.2.1" in record.getMessage()


def test_all_addresses_of_a_name_have_the_same_port(names: dict[str, list[str]]) -> None:
    names["loopback"] = ["127.0.0.1", "127.0.0.2"]
    listeners = listen("loopback", 0, "Connection")
    try:
        assert len({listener.getsockname()[1] for listener in listeners}) == 1
        assert len(listeners) == 2
    finally:
        close_all(listeners)


def test_a_port_that_another_program_has_on_one_address_is_an_error(
    names: dict[str, list[str]],
) -> None:
    """Clients that try that address first would reach the other program."""
    names["loopback"] = ["127.0.0.1", "127.0.0.2"]
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressInUseError, match=rf"{port} on 127.0.0.2 .* \[Connection\] Port"):
            listen("loopback", port, "Connection")
        with listen("127.0.0.1", port, "Connection")[0]:
            pass  # what was opened before the error was closed


def test_a_machine_without_ipv6_listens_on_its_other_addresses(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = socket.socket

    def only_ipv4(family: int = -1, *arguments: Any, **options: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return original(family, *arguments, **options)

    monkeypatch.setattr(socket, "socket", only_ipv4)
    listeners = listen("", 0, "Connection")
    try:
        assert [listener.family for listener in listeners] == [socket.AF_INET]
    finally:
        close_all(listeners)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
