"""A certificate's SHA-256 fingerprint as people have it: ours, OpenSSL's, a browser's."""

import re

_DIGITS = 64
_NAME = re.compile(r"sha-?256\s*(fingerprint)?\s*[:=]?", re.IGNORECASE)
"""What may stand before the digits: `sha256:` is ours, `SHA256 Fingerprint=` OpenSSL's."""
_BETWEEN = str.maketrans("", "", ": \t\n\r\ufeff")


def fingerprint_digits(text: str) -> str:
    """Return the 64 small hexadecimal digits. Raises ValueError for anything else."""
    bare = text.strip("\ufeff \t\r\n")
    name = _NAME.match(bare)
    digits = bare[name.end() if name else 0 :].translate(_BETWEEN).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{_DIGITS}}}", digits):
        raise ValueError(
            f"a fingerprint is the {_DIGITS} hexadecimal digits of the certificate's SHA-256, as "
            "the server's `cert show` or `openssl x509 -noout -fingerprint -sha256` prints them, "
            f"not {text[:100]!r}"
        )
    return digits
