"""The PIN that locks the settings on the screen: how it is kept, and how wrong tries are slowed.

A PIN is kept as PBKDF2-HMAC-SHA256 (RFC 8018) with a salt of its own. That takes long on purpose:
callers do it on a thread. Nothing here knows a clock or a screen.
"""

import hashlib
import hmac
import re
import secrets

ITERATIONS = 100_000
"""Of HMAC: about a second of an ARM1176 (`python -m benchmarks.edge_cost --only pin`)."""
_MOST_ITERATIONS = 2_000_000
"""Of a hash in the settings file: more would keep an ARM1176 busy for longer than its watchdog."""
_LEAST_DIGITS, MOST_DIGITS = 4, 12
_SALT = 16
_HASH = re.compile(r"pbkdf2-sha256:([1-9]\d{0,6}):([0-9a-f]{32}):([0-9a-f]{64})")
_LONGEST_PAUSE = 300.0
"""Seconds between two tries after nine wrong ones."""


def check(pin: str) -> None:
    """Raise ValueError for what is no PIN."""
    if not _LEAST_DIGITS <= len(pin) <= MOST_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise ValueError(f"must be {_LEAST_DIGITS} to {MOST_DIGITS} digits")


def hashed(pin: str) -> str:
    """Return `pin` as it is kept. Raises ValueError for what is no PIN."""
    check(pin)
    salt = secrets.token_bytes(_SALT)
    return f"pbkdf2-sha256:{ITERATIONS}:{salt.hex()}:{_derived(pin, salt, ITERATIONS).hex()}"


def kept(text: str) -> str:
    """Return what to keep for `text`: a hash as it is, a PIN hashed, nothing for nothing.

    Raises ValueError for anything else.
    """
    if not text:
        return text
    match = _HASH.fullmatch(text)
    if match is not None and int(match[1]) <= _MOST_ITERATIONS:
        return text
    return hashed(text)


def matches(pin: str, stored: str) -> bool:
    """Return whether `stored` was made of `pin`."""
    match = _HASH.fullmatch(stored)
    if match is None:
        return False
    derived = _derived(pin, bytes.fromhex(match[2]), int(match[1]))
    return hmac.compare_digest(derived, bytes.fromhex(match[3]))


def _derived(pin: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, iterations)


class Tries:
    """How long to wait before the next try: 1, 2, 4 … 300 seconds, doubled by each wrong one.

    A restart forgets them, but takes longer than the five shortest pauses together.
    """

    def __init__(self) -> None:
        self._wrong = 0
        self._next_at = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until another try is heard; 0.0 for at once."""
        return max(0.0, self._next_at - now) if self._wrong else 0.0

    def right(self) -> None:
        """Forget the wrong tries."""
        self._wrong = 0

    def wrong(self, now: float) -> None:
        """Count a wrong try at the monotonic second `now`."""
        self._wrong += 1
        self._next_at = now + min(2.0 ** (self._wrong - 1), _LONGEST_PAUSE)
