"""The QR code of a terminal."""

import re

import segno

from iot_facerecognition_protocol.pairing.text import PairingText, format_pairing_text
from iot_facerecognition_server.cli.qr_code import qr_code

TEXT = format_pairing_text(PairingText("192.168.100.100", "3f2a91c0" * 8, code="482193657"))


def test_modules_are_dark_on_light_with_a_margin_of_four() -> None:
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in qr_code(TEXT).splitlines()]
    halves = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}
    drawn = []
    for row in rows:
        pairs = [halves[character] for character in row]
        drawn += [[above for above, _ in pairs], [below for _, below in pairs]]
    code = segno.make_qr(TEXT, error="l", boost_error=False)
    expected = [[int(bool(module)) for module in row] for row in code.matrix_iter(border=4)]
    assert drawn[: len(expected)] == expected
    assert all(not any(row) for row in drawn[:4] + drawn[len(expected) :])


def test_a_code_fits_a_small_terminal_whatever_its_colours() -> None:
    lines = qr_code(TEXT).splitlines()
    assert len(lines) <= 25
    for line in lines:
        assert line.startswith("\x1b[38;5;16;48;5;231m")
        assert line.endswith("\x1b[0m")
        assert len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80
