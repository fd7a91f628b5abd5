"""The lines of a pairing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol.pairing.messages import (
    Begin,
    Grant,
    Kept,
    No,
    PairingMessage,
    PairingMessageError,
    Proof,
    Share,
    decode_pairing,
    encode_pairing,
)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (Begin(4, b"\x04\xff"), "pair 4 04ff"),
        (Share(b"\x04\xff"), "share 04ff"),
        (Proof(b"\x01"), "proof 01"),
        (Grant(b"\x01", "iotfr_x", "front door"), "token 01 iotfr_x front door"),
        (Grant(b"\x01", None, "kitchen"), "token 01 - kitchen"),
        (Kept(), "kept"),
        (No("there is no such code"), "no there is no such code"),
    ],
)
def test_messages_are_read_as_they_are_written(message: PairingMessage, line: str) -> None:
    assert encode_pairing(message) == line
    assert decode_pairing(line) == message


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "pair",
        "pair 10 04",
        "pair x 04",
        "pair \u0664 04",
        "pair 4 0",
        "pair 4 0G",
        "share 0x04",
        "token 01",
        "kept it",
        b"kept",
        "no " + "x" * 1024,
    ],
)
def test_other_lines_are_refused(line: str | bytes) -> None:
    with pytest.raises(PairingMessageError):
        decode_pairing(line)


@given(st.text(max_size=2000) | st.binary(max_size=50))
def test_any_line_is_a_message_or_refused(line: str | bytes) -> None:
    try:
        message = decode_pairing(line)
    except PairingMessageError:
        return
    assert decode_pairing(encode_pairing(message)) == message


def test_reasons_come_as_one_clean_line() -> None:
    assert decode_pairing(encode_pairing(No("a\nb\x1b[31m"))) == No("a b [31m")
    assert "iotfr" not in repr(Grant(b"", "iotfr_x", "door"))
