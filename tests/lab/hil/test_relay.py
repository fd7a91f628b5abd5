"""The relay between device and server, over real sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest

from lab.hil.relay import Relay


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), 10)


def test_bytes_go_both_ways(echo):
    with Relay(lambda: echo.address) as relay, connect(relay) as device:
        device.sendall(b"hello")
        assert device.recv(5) == b"hello"
        assert relay.open == 1


def test_a_cut_ends_the_connections_and_the_next_one_works(echo):
    with Relay(lambda: echo.address) as relay:
        with connect(relay) as device:
            device.sendall(b"x")
            assert device.recv(1) == b"x"
            assert relay.cut() == 1
            assert device.recv(1) == b""
        with connect(relay) as device:
            device.sendall(b"y")
            assert device.recv(1) == b"y"
        assert len(relay.accepted) == 2


def test_without_a_server_the_device_is_hung_up_on_and_a_server_that_moved_is_found(echo):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        dead = nobody.getsockname()
    place = [dead]
    with Relay(lambda: place[0]) as relay:
        with connect(relay) as device:
            assert device.recv(1) == b""
        place[0] = echo.address
        with connect(relay) as device:
            device.sendall(b"z")
            assert device.recv(1) == b"z"


def test_the_end_of_one_side_reaches_the_other(echo):
    with Relay(lambda: echo.address) as relay, connect(relay) as device:
        device.shutdown(socket.SHUT_WR)
        assert device.recv(1) == b""


def test_a_server_that_is_being_restarted_ends_the_try_and_not_the_relay(echo):
    restarting = [True]

    def target() -> tuple[str, int]:
        if restarting[0]:
            raise ConnectionRefusedError
        return echo.address

    with Relay(target) as relay:
        with connect(relay) as device:
            assert device.recv(1) == b""
        restarting[0] = False
        with connect(relay) as device:
            device.sendall(b"a")
            assert device.recv(1) == b"a"
