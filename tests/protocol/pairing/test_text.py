"""The line that a QR code holds."""

import pytest

from iot_facerecognition_protocol.pairing.text import (
    PairingText,
    PairingTextError,
    format_pairing_text,
    parse_pairing_text,
)

PRINT = "3f2a91c0" * 8


@pytest.mark.parametrize(
    ("pairing", "text"),
    [
        (
            PairingText("192.168.1.10", PRINT, code="482193657"),
            f"iot-facerecognition://192.168.1.10:50000?sha256={PRINT}&code=482193657",
        ),
        (
            PairingText("camera-server.local", PRINT, 443, token="iotfr_a+b/c=="),
            f"iot-facerecognition://camera-server.local:443?sha256={PRINT}&token=iotfr_a+b/c==",
        ),
        (
            PairingText("2001:db8::1", PRINT),
            f"iot-facerecognition://[2001:db8::1]:50000?sha256={PRINT}",
        ),
    ],
)
def test_a_text_is_read_as_it_was_written(pairing: PairingText, text: str):
    assert format_pairing_text(pairing) == text
    assert parse_pairing_text(f"\ufeff {text}\r\n") == pairing


def test_a_text_may_come_without_port_and_with_what_a_later_version_writes():
    text = f"IoT-FaceRecognition://Server?sha256={PRINT.upper()}&code=482193657&colour=red"
    assert parse_pairing_text(text) == PairingText("server", PRINT, code="482193657")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://example.com", "begins with iot-facerecognition://"),
        ("", "begins with"),
        (f"iot-facerecognition://?sha256={PRINT}", "no host name"),
        (f"iot-facerecognition://a b?sha256={PRINT}", "no host name"),
        (f"iot-facerecognition://::1?sha256={PRINT}", "stand a host"),
        (f"iot-facerecognition://user@host?sha256={PRINT}", "stand a host"),
        (f"iot-facerecognition://host/path?sha256={PRINT}", "stand a host"),
        (f"iot-facerecognition://host:0?sha256={PRINT}", "from 1 to 65535"),
        (f"iot-facerecognition://host:70000?sha256={PRINT}", "from 1 to 65535"),
        (f"iot-facerecognition://host:\u0665?sha256={PRINT}", "stand a host"),
        ("iot-facerecognition://[::1?sha256=", "stand a host"),
        ("iot-facerecognition://host?sha256=3f2a", "64 hexadecimal digits"),
        ("iot-facerecognition://host?code=482193657", "64 hexadecimal digits"),
        ("iot-facerecognition://host", "64 hexadecimal digits"),
        (f"iot-facerecognition://host?sha256={PRINT}&code=48219365", "9 digits"),
        (f"iot-facerecognition://host?sha256={PRINT}&code=" + "\u0664" * 9, "9 digits"),
        (f"iot-facerecognition://host?sha256={PRINT}&code=1&code=2", "twice"),
        (f"iot-facerecognition://host?sha256={PRINT}&code=482193657&token=x", "one of them"),
        (f"iot-facerecognition://host?sha256={PRINT}&token=a b", "letters, digits"),
        (f"iot-facerecognition://host?sha256={PRINT}&token=a\nb", "letters, digits"),
        (f"iot-facerecognition://host?sha256={PRINT}&x=" + "y" * 1000, "1024 characters"),
    ],
)
def test_what_pairs_no_device_is_reported(text: str, words: str):
    with pytest.raises(PairingTextError, match=words):
        parse_pairing_text(text)


def test_no_secret_is_shown_by_accident():
    assert "secret" not in repr(PairingText("host", PRINT, token="iotfr_secret"))
