"""Which font a character needs, by the block of Unicode it stands in."""

from bisect import bisect_right
from enum import StrEnum
from typing import Final


class Script(StrEnum):
    """A group of characters with a font of its own; the value is the name in Noto's file names."""

    DEFAULT = ""
    """Latin, Greek, Cyrillic and symbols: the font that everything else is drawn in."""
    ARABIC = "Arabic"
    ARMENIAN = "Armenian"
    BENGALI = "Bengali"
    CJK = "CJK"
    """Chinese, Japanese and Korean."""
    DEVANAGARI = "Devanagari"
    EMOJI = "ColorEmoji"
    ETHIOPIC = "Ethiopic"
    GEORGIAN = "Georgian"
    GUJARATI = "Gujarati"
    GURMUKHI = "Gurmukhi"
    HEBREW = "Hebrew"
    KANNADA = "Kannada"
    KHMER = "Khmer"
    LAO = "Lao"
    MALAYALAM = "Malayalam"
    MYANMAR = "Myanmar"
    SINHALA = "Sinhala"
    TAMIL = "Tamil"
    TELUGU = "Telugu"
    THAI = "Thai"


# From the Unicode Character Database, Blocks.txt; neighbouring blocks of one font are joined.
_BLOCKS: Final = (
    (0x0530, 0x058F, Script.ARMENIAN),
    (0x0590, 0x05FF, Script.HEBREW),
    (0x0600, 0x06FF, Script.ARABIC),
    (0x0750, 0x077F, Script.ARABIC),
    (0x08A0, 0x08FF, Script.ARABIC),
    (0x0900, 0x097F, Script.DEVANAGARI),
    (0x0980, 0x09FF, Script.BENGALI),
    (0x0A00, 0x0A7F, Script.GURMUKHI),
    (0x0A80, 0x0AFF, Script.GUJARATI),
    (0x0B80, 0x0BFF, Script.TAMIL),
    (0x0C00, 0x0C7F, Script.TELUGU),
    (0x0C80, 0x0CFF, Script.KANNADA),
    (0x0D00, 0x0D7F, Script.MALAYALAM),
    (0x0D80, 0x0DFF, Script.SINHALA),
    (0x0E00, 0x0E7F, Script.THAI),
    (0x0E80, 0x0EFF, Script.LAO),
    (0x1000, 0x109F, Script.MYANMAR),
    (0x10A0, 0x10FF, Script.GEORGIAN),
    (0x1100, 0x11FF, Script.CJK),  # Hangul Jamo
    (0x1200, 0x139F, Script.ETHIOPIC),
    (0x1780, 0x17FF, Script.KHMER),
    (0x1C90, 0x1CBF, Script.GEORGIAN),
    (0x2600, 0x27BF, Script.EMOJI),
    (0x2B50, 0x2B55, Script.EMOJI),
    (0x2E80, 0xA4CF, Script.CJK),
    (0xA8E0, 0xA8FF, Script.DEVANAGARI),
    (0xA960, 0xA97F, Script.CJK),
    (0xAC00, 0xD7FF, Script.CJK),
    (0xF900, 0xFAFF, Script.CJK),
    (0xFB1D, 0xFB4F, Script.HEBREW),
    (0xFB50, 0xFDFF, Script.ARABIC),
    (0xFE30, 0xFE4F, Script.CJK),
    (0xFE70, 0xFEFE, Script.ARABIC),
    (0xFF00, 0xFFEF, Script.CJK),
    (0x1F000, 0x1FAFF, Script.EMOJI),
    (0x20000, 0x323AF, Script.CJK),
)
_FIRSTS: Final = [first for first, _, _ in _BLOCKS]
_BEGIN: Final = chr(_FIRSTS[0])
"""No character before this one needs another font."""


def script_of(character: str) -> Script:
    """Return the script of one character; `DEFAULT` for what has no font of its own."""
    index = bisect_right(_FIRSTS, ord(character)) - 1
    if index >= 0 and ord(character) <= _BLOCKS[index][1]:
        return _BLOCKS[index][2]
    return Script.DEFAULT


def scripts_of(text: str) -> set[Script]:
    """Return the scripts in `text` that the default font does not have."""
    return {script_of(c) for c in text if c >= _BEGIN} - {Script.DEFAULT}
