"""The files that are made from the declarations are in step with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from iot_facerecognition_server.config.loading import SECTIONS
from iot_facerecognition_server.config.reference import ini, page

ROOT = Path(__file__).parents[3]


def test_the_shipped_configuration_is_the_one_that_is_made():
    assert (ROOT / "config.ini").read_text(encoding="utf-8") == ini()


def test_the_page_is_the_one_that_is_made():
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == page()


def test_every_setting_is_explained_in_both():
    for setting in (setting for section in SECTIONS for setting in section.settings):
        assert f"\n{setting.key}={setting.default}\n" in ini()
        assert f"| `{setting.key}` |" in page()
        assert setting.meaning.endswith("."), setting.place


@pytest.mark.parametrize(("arguments", "text"), [([], page()), (["ini"], ini())])
def test_the_command_prints_them(arguments, text):
    command = [sys.executable, "-m", "iot_facerecognition_server.config.reference", *arguments]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == text
