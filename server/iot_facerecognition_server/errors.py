"""Errors of the server as a whole."""


class CannotListenError(Exception):
    """The server cannot listen where the configuration says; the message has reason and cure."""


class AddressInUseError(Exception):
    """Another program listens on the configured address."""

    def __init__(self, host: str, port: int, setting: str = "[Connection] Port") -> None:
        super().__init__(
            f"port {port} on {host or 'all addresses'} is in use by another program; end that one"
            f" or change {setting}"
        )
        self.host = host
        self.port = port


class DeviceError(Exception):
    """The configured device is not there; the message says why and what to do."""
