"""A QR code for a terminal."""

import segno

_QUIET = 4
"""Modules of margin, as ISO/IEC 18004 wants them: without, many cameras find no code."""
_DARK_ON_LIGHT = "\x1b[38;5;16;48;5;231m"
"""Black on white, of the 256 colours, which no theme changes."""
_PLAIN = "\x1b[0m"
_HALVES = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}


def qr_code(text: str) -> str:
    """Return lines that show `text` as a QR code, two rows of modules in each.

    The lowest error correction keeps it small: a screen has no stains, and a code of larger modules
    is read from farther away.
    """
    code = segno.make_qr(text, error="l", boost_error=False)
    rows = [[int(bool(module)) for module in row] for row in code.matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    lines = []
    for above, below in zip(rows[::2], rows[1::2], strict=True):
        modules = "".join(_HALVES[pair] for pair in zip(above, below, strict=True))
        lines.append(f"{_DARK_ON_LIGHT}{modules}{_PLAIN}")
    return "\n".join(lines)
