"""Writes what people read about the settings, from their declarations.

`python -m iot_facerecognition_server.config.reference` prints the page of the documentation, with
`ini` after it the commented `config.ini`. A test holds both files in step.
"""

import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from iot_facerecognition_server.config.loading import SECTIONS
from iot_facerecognition_server.config.schema import Section, SettingSpec

_WIDTH: Final = 98

_INI_HEAD: Final = """\
# Settings of iot-facerecognition-server. Every key stands here with its default.
#
# - Relative paths are relative to this file.
# - A comment has a line of its own.
# - The environment variable IOT_FACERECOGNITION_<SECTION>_<KEY> overrides a key, as in
#   IOT_FACERECOGNITION_CONNECTION_PORT=50001.
# - iot-facerecognition-server check-config shows the effective settings, their origins, and what is
#   wrong.
"""

_PAGE_HEAD: Final = """\
# Configuration

<!-- Made by `make docs` from server/iot_facerecognition_server/config/sections.py -->

The server reads `config.ini` in the working directory, or the file that `--config` names. Without a
file the defaults are used. Sections and keys of the original server keep their names and meanings.

- **Form.** UTF-8 text, `[Section]`, `Key=value`; a comment has a line of its own that begins with
  `#` or `;`. Upper and lower case of sections and keys matter. Relative paths are relative to the
  file, or to the working directory without one; `~` is the home folder.
- **Environment.** The variable `IOT_FACERECOGNITION_<SECTION>_<KEY>` in upper case overrides the
  file, as in `IOT_FACERECOGNITION_CONNECTION_PORT=50001`. Of the keys with a `QSsl::` before them,
  only what follows it is used: `IOT_FACERECOGNITION_CERTIFICATE_KEYALGORITHM`.
- **Errors.** A section, key or variable that does not exist and a value that is not allowed are
  errors. All of them are reported at once, and the server does not start (exit code 2).
- **Check.** `iot-facerecognition-server check-config` prints every effective setting, its origin,
  and what is wrong.
- **Renamed.** `[Engine] Following` is now called `Tracking`. The old name is still read, with a
  warning.
"""


def ini() -> str:
    """Return `config.ini` with every key at its default, explained."""
    return "\n".join([_INI_HEAD, *(_ini_section(section) for section in SECTIONS)])


def page() -> str:
    """Return the page of the documentation."""
    return "\n".join([_PAGE_HEAD, *(_page_section(section) for section in SECTIONS)])


def _ini_section(section: Section) -> str:
    lines = [f"[{section.name}]", *_comment(section.meaning)]
    for setting in section.settings:
        lines += ["", *_comment(setting.meaning), *_comment(_sentence(setting.kind.allowed))]
        lines.append(f"{setting.key}={setting.default}")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def _sentence(allowed: str) -> str:
    return f"Allowed: {allowed}."


def _page_section(section: Section) -> str:
    lines = [f"## [{section.name}]", section.meaning, ""]
    lines += ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    lines += [_row(setting) for setting in section.settings]
    return "\n".join(lines) + "\n"


def _row(setting: SettingSpec) -> str:
    default = f"`{setting.default}`" if setting.default else "(empty)"
    cells = (f"`{setting.key}`", default, setting.kind.allowed, setting.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: Sequence[str]) -> int:
    """Print the page, or `config.ini` when asked for `ini`."""
    if arguments not in ([], ["ini"]):
        sys.stderr.write("usage: python -m iot_facerecognition_server.config.reference [ini]\n")
        return 2
    sys.stdout.write(ini() if arguments else page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
