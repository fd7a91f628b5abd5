"""A certificate's SHA-256 for people: in groups of digits, and as four words.

Server and edge show the same, so that a person can tell whether the edge talks to the server.
docs/decisions/fingerprint-words.md has the reasons and the sums.
"""

import hashlib

GROUP = 4
"""Digits in a group."""
WORDS = 4
_DIGITS = 64
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORD_BITS = 16
_ROUNDS = 16_384
_SALT = b"iot-facerecognition fingerprint words"


def fingerprint_groups(digits: str) -> tuple[str, ...]:
    """Return the 64 hexadecimal `digits` as 16 groups of four, in capitals.

    Raises ValueError for anything but 64 digits.
    """
    text = _checked(digits).hex().upper()
    return tuple(text[at : at + GROUP] for at in range(0, _DIGITS, GROUP))


def fingerprint_words(digits: str) -> tuple[str, ...]:
    """Return four words that stand for the 64 hexadecimal `digits`.

    Each word has 16 bits: a consonant, a vowel, a consonant, a vowel and a consonant, as in
    proquints (Wilkerson, arXiv:0901.4016). The 64 bits are PBKDF2-HMAC-SHA256 of the 32 bytes, with
    2^14 rounds, so that whoever searches for a certificate with the same words pays for each try
    what 2^14 hashes cost. Raises ValueError for anything but 64 digits.
    """
    derived = hashlib.pbkdf2_hmac("sha256", _checked(digits), _SALT, _ROUNDS, WORDS * 2)
    return tuple(
        _word(int.from_bytes(derived[at : at + 2], "big")) for at in range(0, WORDS * 2, 2)
    )


def _word(number: int) -> str:
    letters = []
    left = _WORD_BITS
    for kind, bits in ((_CONSONANTS, 4), (_VOWELS, 2), (_CONSONANTS, 4), (_VOWELS, 2)):
        left -= bits
        letters.append(kind[number >> left & (1 << bits) - 1])
    return "".join(letters) + _CONSONANTS[number & 0xF]


def _checked(digits: str) -> bytes:
    """Return the 32 bytes. Raises ValueError."""
    value = bytes.fromhex(digits)
    if len(digits) != _DIGITS or len(value) * 2 != _DIGITS:
        raise ValueError(f"a fingerprint has {_DIGITS} hexadecimal digits")
    return value
