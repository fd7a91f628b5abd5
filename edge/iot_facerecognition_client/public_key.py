"""The public key of a certificate, found without a cryptography library."""

_SEQUENCE = 0x30
_INTEGER = 0x02
_VERSION = 0xA0
_BEFORE_THE_KEY = (_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE)
"""Serial number, signature algorithm, issuer, validity, subject (RFC 5280, section 4.1)."""
_LONG = 0x80
_MOST_LENGTH_BYTES = 4


def public_key(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a DER certificate, with its tag.

    Two certificates are for one key exactly when these bytes are the same. Raises ValueError for
    anything that is not built like a certificate in DER.
    """
    tbs, _ = _contents(certificate, 0, _SEQUENCE)
    position, _ = _contents(certificate, tbs, _SEQUENCE)
    if certificate[position : position + 1] == bytes((_VERSION,)):
        _, position = _contents(certificate, position, _VERSION)
    for tag in _BEFORE_THE_KEY:
        _, position = _contents(certificate, position, tag)
    _, end = _contents(certificate, position, _SEQUENCE)
    return certificate[position:end]


def _contents(data: bytes, position: int, tag: int) -> tuple[int, int]:
    """Return where the contents of the element at `position` begin and end (X.690, 8.1, 10.1)."""
    if len(data) < position + 2 or data[position] != tag:
        raise ValueError(f"no element of tag {tag:#x} at byte {position}")
    length, begin = data[position + 1], position + 2
    if length >= _LONG:
        count = length - _LONG
        if not 0 < count <= _MOST_LENGTH_BYTES:
            raise ValueError(f"no length in DER at byte {position + 1}")
        length = int.from_bytes(data[begin : begin + count], "big")
        begin += count
    if begin + length > len(data):
        raise ValueError(f"the element at byte {position} is cut")
    return begin, begin + length
