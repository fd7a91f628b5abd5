"""A fingerprint in groups and words."""

import hashlib
import math
import re

import pytest

from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words

DIGITS = hashlib.sha256(b"a certificate").hexdigest()


def test_groups_are_all_digits_in_their_order() -> None:
    groups = fingerprint_groups(DIGITS)
    assert len(groups) == 16
    assert "".join(groups).lower() == DIGITS


def test_words_are_four_that_can_be_said_and_do_not_depend_on_capitals() -> None:
    words = fingerprint_words(DIGITS)
    assert len(words) == 4
    assert all(re.fullmatch("([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]", w) for w in words)
    assert fingerprint_words(DIGITS.upper()) == words


def test_words_stay_what_they_are() -> None:
    """Server and edge may be of different versions: these are what every version shows."""
    assert fingerprint_words("0" * 64) == ("muzah", "holak", "danil", "tasub")
    assert fingerprint_words("3f2a91c0" * 8) == ("fitah", "hofuj", "bufup", "ramiz")


def test_words_are_spread_over_all_their_bits() -> None:
    """Each of the 64 bits is set in about half of many fingerprints' words."""
    consonants, vowels, many = "bdfghjklmnprstvz", "aiou", 400
    counts = [0] * 64
    for number in range(many):
        bits = ""
        for word in fingerprint_words(
            hashlib.sha256(bytes([number % 256, number // 256])).hexdigest()
        ):
            for letter in word:
                kind = vowels if letter in vowels else consonants
                bits += f"{kind.index(letter):0{int(math.log2(len(kind)))}b}"
        counts = [count + int(bit) for count, bit in zip(counts, bits, strict=True)]
    assert all(abs(count - many / 2) < 5 * math.sqrt(many) / 2 for count in counts)


@pytest.mark.parametrize("text", ["", "3f", "g" * 64, "3f2a91c0" * 9, "sha256:" + "0" * 64])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    for show in (fingerprint_groups, fingerprint_words):
        with pytest.raises(ValueError, match="hexadecimal"):
            show(text)
