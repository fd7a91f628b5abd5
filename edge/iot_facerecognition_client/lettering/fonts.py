"""The font files of this machine: DejaVu Sans for most, Noto's for the scripts it lacks."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from iot_facerecognition_client.lettering.scripts import Script, scripts_of

FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts" if os.environ.get("HOME") else Path("/nonexistent"),
)
"""Where Linux keeps fonts (XDG Base Directory, fontconfig's defaults)."""

_PACKAGES: Final = {Script.CJK: "fonts-noto-cjk", Script.EMOJI: "fonts-noto-color-emoji"}
_OTHER_SCRIPTS: Final = "fonts-noto-core"
_DEFAULT: Final = ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf")


class Fonts:
    """Finds a font by script; looks through the folders once, at the first question."""

    def __init__(self, folders: Sequence[Path] = FOLDERS) -> None:
        self._folders = folders
        self._files: dict[str, Path] | None = None

    def file(self, script: Script, *, bold: bool = False) -> Path | None:
        """Return the font file of `script`, the regular one where there is no bold one; or None."""
        names = _DEFAULT if script is Script.DEFAULT else _noto(script)
        found = (self._installed.get(name) for name in names[0 if bold else 1 :])
        return next((path for path in found if path is not None), None)

    def missing(self, text: str) -> set[str]:
        """Return Debian's packages with the fonts that `text` needs and this machine lacks."""
        return {
            _PACKAGES.get(script, _OTHER_SCRIPTS)
            for script in scripts_of(text)
            if self.file(script) is None
        }

    @property
    def _installed(self) -> dict[str, Path]:
        if self._files is None:
            self._files = dict(_font_files(self._folders))
        return self._files


def _font_files(folders: Iterable[Path]) -> Iterable[tuple[str, Path]]:
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                if name.startswith(("Noto", "DejaVuSans")):
                    yield name, Path(parent, name)


def _noto(script: Script) -> tuple[str, ...]:
    """Return Noto's file names for `script`, the bold one first."""
    if script is Script.EMOJI:
        return ("NotoColorEmoji.ttf", "NotoColorEmoji.ttf")
    kind = "ttc" if script is Script.CJK else "ttf"
    return tuple(f"NotoSans{script}-{weight}.{kind}" for weight in ("Bold", "Regular"))
