"""`pair` on a device without a screen."""

import json
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_client import NoConnectionError, Paired, ServerAddress
from iot_facerecognition_client.status import Failure, Reason
from iot_facerecognition_edge.cli import main
from iot_facerecognition_edge.connection import pair_command
from iot_facerecognition_protocol.fingerprints import fingerprint_words
from iot_facerecognition_protocol.pairing.code import PairingCode

PRINT = "3f2a91c0" * 8
TEXT = f"iot-facerecognition://192.168.1.10:4433?sha256={PRINT}"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a server is asked, which gives a token to whoever knows the code."""
    questions: list[Any] = []

    async def pair(server: ServerAddress, code: PairingCode, fingerprint: str | None) -> Paired:
        questions.append((str(server), code.digits, fingerprint))
        if code.digits != "482193657":
            raise NoConnectionError(Failure(Reason.AUTHENTICATION, "the code is not the right one"))
        return Paired(f"sha256:{PRINT}", "iotfr_x", "kitchen")

    monkeypatch.setattr(pair_command, "pair", pair)
    return questions


def run(folder: Path, *arguments: str) -> int:
    return main(["--state-dir", str(folder), "pair", *arguments])


def stored(folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((folder / "settings.json").read_text())["settings"]
    return settings


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        ((f"{TEXT}&code=482193657",), ("192.168.1.10:4433", "482193657", PRINT)),
        (("192.168.1.10:4433", "482 193 657"), ("192.168.1.10:4433", "482193657", None)),
    ],
)
def test_what_the_server_gives_is_kept(
    tmp_path: Path,
    asked: list[Any],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    question: tuple[str, str, str | None],
) -> None:
    assert run(tmp_path, *arguments) == 0
    assert asked == [question]
    assert stored(tmp_path) == {
        "connection.address": "192.168.1.10",
        "connection.port": 4433,
        "connection.token": "iotfr_x",
        "connection.fingerprint": PRINT,
        "connection.name": "kitchen",
    }
    said = capsys.readouterr().out
    assert " ".join(fingerprint_words(PRINT)) in said
    assert "iotfr_x" not in said


def test_a_text_with_a_token_asks_nobody(tmp_path: Path, asked: list[Any]) -> None:
    assert run(tmp_path, f"{TEXT}&token=iotfr_y") == 0
    assert asked == []
    assert stored(tmp_path)["connection.token"] == "iotfr_y"


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("192.168.1.10",), 2, "give the code too"),
        (("192.168.1.10", "12"), 2, "9 digits"),
        (("a b", "482193657"), 2, "no host name"),
        (("iot-facerecognition://host?code=1",), 2, "64 hexadecimal digits"),
        (("192.168.1.10", "482193658"), 1, "not the right one"),
    ],
)
def test_what_does_not_pair_is_reported_and_keeps_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    assert run(tmp_path, *arguments) == code
    assert words in capsys.readouterr().err
    assert not (tmp_path / "settings.json").exists()
