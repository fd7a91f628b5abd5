"""Errors of the server as a whole."""


class AddressInUseError(Exception):
    """Another program listens on the configured address."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host or 'all addresses'} is in use by another program; end that one"
            " or change [Connection] Port"
        )
        self.host = host
        self.port = port


class DeviceError(Exception):
    """The configured device is not there; the message says why and what to do."""
