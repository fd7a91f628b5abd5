"""Masking by tables: the same octets as websockets makes, in Python and in C."""

import random

import pytest
from websockets import frames, utils
from websockets.frames import Frame, Opcode

from iot_facerecognition_client import masking

LENGTHS = [0, 1, 3, 4, 255, 256, 257, 258, 259, 1021, 34_133]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_octets_are_those_of_websockets(length):
    chance = random.Random(length)
    for _ in range(5):
        data, mask = chance.randbytes(length), chance.randbytes(4)
        masked = masking.apply_mask(data, mask)
        assert masked == utils.apply_mask(data, mask)
        assert masking.apply_mask(masked, mask) == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_kind_of_bytes_is_taken_and_left_as_it_is(kind):
    content = bytes(range(256)) * 3
    data = kind(content)
    assert masking.apply_mask(data, b"\x01\x02\x03\xff") == utils.apply_mask(
        content, b"\x01\x02\x03\xff"
    )
    assert bytes(data) == content


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(ValueError, match="4 octets"):
        masking.apply_mask(b"abc", b"12345")


def test_websockets_uses_it_only_where_it_has_no_c(monkeypatch):
    def in_c(data, mask):
        raise AssertionError("not called")

    monkeypatch.setattr(frames, "apply_mask", in_c)
    masking.mask_by_tables()
    assert frames.apply_mask is in_c
    monkeypatch.setattr(frames, "apply_mask", utils.apply_mask)
    masking.mask_by_tables()
    assert frames.apply_mask is masking.apply_mask


def test_a_frame_has_a_key_of_its_own_and_holds_the_data(monkeypatch):
    monkeypatch.setattr(frames, "apply_mask", masking.apply_mask)
    data = bytes(range(256)) * 200
    keys = set()
    for _ in range(20):
        sent = Frame(Opcode.BINARY, data).serialize(mask=True)
        header = 4
        key, content = sent[header : header + 4], sent[header + 4 :]
        keys.add(key)
        assert utils.apply_mask(content, key) == data
    assert len(keys) == 20
