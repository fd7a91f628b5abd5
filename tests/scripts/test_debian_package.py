"""What the Debian package is made from: its version, its commands and its manual pages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from iot_facerecognition_edge.cli import _parser
from iot_facerecognition_edge.settings import CATALOGUE
from scripts.bundled_wheel import WheelError, unpack_bundled
from scripts.debian_package import ROOT, _indented, _write_commands, debian_version
from scripts.settings_manual import page

MANUAL = ROOT / "edge" / "man" / "iot-facerecognition-edge.1"


@pytest.mark.parametrize(
    ("version", "debian"),
    [("0.1.0", "0.1.0"), ("1.2.0rc1", "1.2.0~rc1"), ("1.2.0.dev3", "1.2.0~dev3")],
)
def test_what_comes_before_a_release_sorts_before_it(version: str, debian: str) -> None:
    assert debian_version(version) == debian


def test_a_licence_becomes_a_field() -> None:
    assert _indented("one\n\n  two  \n") == " one\n .\n   two"


def test_the_edges_commands_are_packaged_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "debian").mkdir()
    template = (ROOT / "image/debian/command.in").read_text()
    (tmp_path / "debian/command.in").write_text(template)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    _write_commands(tmp_path, scripts)
    names = {path.name for path in (tmp_path / "commands").iterdir()}
    assert names == {
        name for name, target in scripts.items() if "iot_facerecognition_edge" in target
    }
    command = tmp_path / "commands" / "iot-facerecognition-edge"
    done = subprocess.run(
        [sys.executable, command, "--help"], check=True, capture_output=True, text=True
    )
    assert "--headless" in done.stdout


def test_the_manual_names_every_option_and_command() -> None:
    text = MANUAL.read_text().replace("\\-", "-")
    words = set(re.findall(r"--[a-z-]+", _parser().format_help()))
    assert len(words) > 5
    commands = re.search(r"\{([a-z,]+)\}", _parser().format_help())
    assert commands is not None
    words |= set(commands[1].split(","))
    for word in words | {"settings show", "settings set", "settings reset"}:
        assert word in text, word


def test_the_manual_of_the_settings_has_all_of_them() -> None:
    text = page().replace("\\-", "-").replace("\\(aq", "'")
    for setting in CATALOGUE:
        start = text.index(f".BR {setting.key} ")
        entry = (
            text[start : text.index(".TP", start + 1)] if ".TP" in text[start:] else text[start:]
        )
        assert setting.allowed in entry
    # No line of text is taken for a request of roff.
    requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".TP", ".IP", ".PP", ".B", ".I", ".BR", ".IR", ".nf", ".fi"}


def test_a_bundled_package_without_a_digest_is_refused(tmp_path: Path) -> None:
    pin = tmp_path / "bundled.txt"
    pin.write_text("websockets==15.0.1\n")
    with pytest.raises(WheelError, match="--hash=sha256"):
        unpack_bundled(pin, tmp_path / "out")
