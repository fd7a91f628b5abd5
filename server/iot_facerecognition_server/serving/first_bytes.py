"""Tells by the first bytes of a connection whether its peer speaks TLS, and if not, what."""

from dataclasses import dataclass
from typing import Final

PEEK_BYTES: Final = 16
"""As many bytes as are needed to tell."""
_TLS_HANDSHAKE: Final = 0x16
"""First byte of a record with a handshake message: RFC 8446, section 5.1."""
_HTTP_METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"CONNECT ", b"PRI ")
_PROXY_LINES: Final = (b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n")
"""Versions 1 and 2 of HAProxy's PROXY protocol, sections 2.1 and 2.2 of its specification."""

_SENTENCE: Final = b"this port speaks TLS: use wss://\n"
HTTP_ANSWER: Final = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_SENTENCE), _SENTENCE)
)
"""What a peer that speaks plain HTTP is answered, since it can read that."""


@dataclass(frozen=True, slots=True)
class OtherProtocol:
    """What a peer speaks instead of TLS; `words` say so with the cure, `answer` is for the peer."""

    words: str
    answer: bytes = b""


def other_protocol(first: bytes) -> OtherProtocol | None:
    """Judge `first`, at least one byte and the first of a connection; None: it is TLS."""
    if first[0] == _TLS_HANDSHAKE:
        return None
    if first.startswith(_HTTP_METHODS):
        return OtherProtocol(
            "plain HTTP or ws:// on the TLS port; let the client use wss://", HTTP_ANSWER
        )
    if first.startswith(_PROXY_LINES):
        return OtherProtocol(
            "a PROXY protocol header, which is taken from the addresses in [Connection]"
            " ProxyProtocolFrom alone; list the proxy there, or turn the header off at the proxy"
        )
    if first.startswith(b"SSH-"):
        return OtherProtocol("SSH on the TLS port")
    return OtherProtocol("bytes that are not TLS")
