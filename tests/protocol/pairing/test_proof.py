"""The key exchange, and what device and server prove by it."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_facerecognition_protocol.pairing import p256
from iot_facerecognition_protocol.pairing.code import PairingCode, PairingCodeError, parse_code
from iot_facerecognition_protocol.pairing.proof import device_exchange, server_exchange
from iot_facerecognition_protocol.pairing.spake2 import KeyExchange, Side

CODE = PairingCode("482193657")
PRINT = "3f2a91c0" * 8
NUMBERS = st.integers(min_value=1, max_value=p256.ORDER - 1)


def random_number() -> int:
    return secrets.randbelow(p256.ORDER - 1) + 1


def test_exchange_gives_what_rfc_9382_gives() -> None:
    """The first vector of appendix B: A is 'server', B 'client'."""
    password = 0x2EE57912099D31560B3A44B1184B9B4866E904C49D12AC5042C97DCA461B1A5F
    x = 0x43DD0FD7215BDCB482879FCA3220C6A968E66D70B1356CAC18BB26C84A78D729
    y = 0xDCB60106F276B02606D8EF0A328C02E4B629F84F89786AF5BEFB0BC75B6E66BE
    a = KeyExchange(Side.A, password, (b"server", b"client"), x)
    b = KeyExchange(Side.B, password, (b"server", b"client"), y)
    assert a.share.hex() == (
        "04a56fa807caaa53a4d28dbb9853b9815c61a411118a6fe516a8798434751470f9"
        "010153ac33d0d5f2047ffdb1a3e42c9b4e6be662766e1eeb4116988ede5f912c"
    )
    assert b.share.hex() == (
        "0406557e482bd03097ad0cbaa5df82115460d951e3451962f1eaf4367a420676d0"
        "9857ccbc522686c83d1852abfa8ed6e4a1155cf8f1543ceca528afb591a1e0b7"
    )
    of_a = "58ad4aa88e0b60d5061eb6b5dd93e80d9c4f00d127c65b3b35b1b5281fee38f0"
    of_b = "d3e2e547f1ae04f2dbdbf0fc4b79f8ecff2dff314b5d32fe9fcef2fb26dc459b"
    assert (a.proofs(b.share).own.hex(), b.proofs(a.share).own.hex()) == (of_a, of_b)


@settings(max_examples=15)
@given(NUMBERS)
def test_curve_is_the_one_of_openssl(number: int) -> None:
    public = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    expected = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert p256.encode(p256.multiply(number, p256.BASE)) == expected
    assert p256.decode(expected) == p256.multiply(number, p256.BASE)


@settings(max_examples=15)
@given(NUMBERS, NUMBERS)
def test_points_add_as_their_numbers_do(one: int, other: int) -> None:
    first, second = p256.multiply(one, p256.BASE), p256.multiply(other, p256.BASE)
    assert p256.add(first, second) == p256.multiply(one + other, p256.BASE)
    assert p256.add(first, first) == p256.multiply(2 * one, p256.BASE)
    assert p256.add(first, p256.negate(first)) is None
    assert p256.add(first, None) == first == p256.add(None, first)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x04" + bytes(63), b"\x04" + bytes(64), b"\x02" + bytes(64), b"\x04" + b"\xff" * 64],
)
def test_what_is_no_point_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="point"):
        device_exchange(CODE, PRINT, random_number()).proofs(data)


def test_both_prove_the_same_code_and_certificate() -> None:
    device = device_exchange(CODE, PRINT, random_number())
    server = server_exchange(CODE, PRINT, random_number())
    of_device, of_server = device.proofs(server.share), server.proofs(device.share)
    assert of_server.proves(of_device.own)
    assert of_device.proves(of_server.own)
    assert of_device.own != of_server.own, "one side's proof must not be the other's"


@pytest.mark.parametrize(
    ("code", "fingerprint"),
    [(PairingCode("482193658"), PRINT), (CODE, "3f2a91c1" * 8)],
    ids=["another code", "another certificate: somebody stands between"],
)
def test_nothing_is_proved_by_another(code: PairingCode, fingerprint: str) -> None:
    device = device_exchange(code, fingerprint, random_number())
    server = server_exchange(CODE, PRINT, random_number())
    of_device, of_server = device.proofs(server.share), server.proofs(device.share)
    assert not of_server.proves(of_device.own)
    assert not of_device.proves(of_server.own)


def test_a_share_that_was_sent_back_proves_nothing() -> None:
    server = server_exchange(CODE, PRINT, random_number())
    try:
        proofs = server.proofs(server.share)
    except ValueError:
        return
    assert not proofs.proves(proofs.own)


@pytest.mark.parametrize("text", ["482193657", " 482 193 657\n", "482-193-657", "482.193.657"])
def test_code_is_read_as_people_write_it(text: str) -> None:
    assert parse_code(text) == CODE
    assert str(CODE) == "482 193 657"
    assert CODE.slot == 4


@pytest.mark.parametrize("text", ["", "48219365", "4821936570", "48219365x", "\u0664" * 9])
def test_what_is_no_code_is_reported(text: str) -> None:
    with pytest.raises(PairingCodeError, match="9 digits"):
        parse_code(text)


def test_no_secret_is_shown_by_accident() -> None:
    assert "82193657" not in repr(CODE)
    server = server_exchange(CODE, PRINT, random_number())
    assert repr(server.proofs(device_exchange(CODE, PRINT, 1).share)) == "Proofs(…)"
