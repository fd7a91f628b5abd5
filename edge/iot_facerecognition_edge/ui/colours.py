"""Colours of the views: dark and light, around one accent colour."""

import colorsys

from iot_facerecognition_protocol.records import dataclass

Rgb = tuple[int, int, int]

_READABLE = 4.5
"""Least contrast of text against what is behind it (WCAG 2.1, 1.4.3)."""
_VISIBLE = 3.0
"""Least contrast of a mark that is no text (WCAG 2.1, 1.4.11)."""
_STEPS = 24


def parse_colour(text: str) -> Rgb:
    """Return the colour written as `#rrggbb`. Raises ValueError for anything else."""
    digits = text.removeprefix("#")
    if len(digits) != 6 or len(text) != 7:  # noqa: PLR2004 - #rrggbb
        raise ValueError(f"colour {text!r} is not written as #rrggbb")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Return `first` with `share` (0 to 1) of `second` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0 to 1 (WCAG 2.1)."""
    linear = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for c in (channel / 255 for channel in colour)
    )
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: Rgb, background: Rgb, least: float = _READABLE) -> Rgb:
    """Return `colour`, lighter or darker only as far as the contrast asks for, of the same hue."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    pole = 1.0 if luminance(background) < 0.18 else 0.0  # noqa: PLR2004 - middle grey
    for step in range(_STEPS + 1):
        share = step / _STEPS
        shifted = colorsys.hls_to_rgb(hue, lightness + (pole - lightness) * share, saturation)
        red, green, blue = (round(channel * 255) for channel in shifted)
        if contrast((red, green, blue), background) >= least:
            break
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Colours:
    """What is drawn in which colour.

    `background` lies under everything, `surface` is a card on it, `raised` a control on that;
    `accent` fills, `accent_mark` draws lines and text on the background; `series` are the lines
    and slices of charts.
    """

    dark: bool
    background: Rgb
    surface: Rgb
    raised: Rgb
    outline: Rgb
    text: Rgb
    dim: Rgb
    accent: Rgb
    on_accent: Rgb
    accent_mark: Rgb
    good: Rgb
    warning: Rgb
    error: Rgb
    series: tuple[Rgb, ...]

    def on(self, fill: Rgb) -> Rgb:
        """Return black or white, whichever reads better on `fill`."""
        white, black = (255, 255, 255), (16, 18, 22)
        return white if contrast(white, fill) >= contrast(black, fill) else black


_SERIES: tuple[Rgb, ...] = (
    (66, 133, 244),
    (243, 156, 18),
    (39, 174, 96),
    (155, 89, 182),
    (0, 172, 193),
    (233, 30, 99),
    (141, 110, 99),
    (158, 157, 36),
    (120, 144, 156),
)


def make_colours(accent: Rgb, *, dark: bool) -> Colours:
    """Return the dark or the light colours around `accent`."""
    if dark:
        background, surface, raised, outline = (
            (15, 18, 22), (27, 32, 39), (41, 48, 58), (64, 74, 88),
        )  # fmt: skip
        text, dim = (242, 244, 247), (164, 174, 186)
        good, warning, error = (63, 185, 80), (227, 179, 65), (255, 112, 102)
    else:
        background, surface, raised, outline = (
            (238, 240, 243), (255, 255, 255), (226, 230, 235), (176, 184, 194),
        )  # fmt: skip
        text, dim = (20, 23, 28), (82, 92, 104)
        good, warning, error = (20, 115, 48), (138, 92, 0), (190, 28, 40)
    mark = readable(accent, surface)
    white = (255, 255, 255)
    fill = accent if contrast(accent, background) >= 1.5 else mark  # noqa: PLR2004 - visible edge
    return Colours(
        dark=dark,
        background=background,
        surface=surface,
        raised=raised,
        outline=outline,
        text=text,
        dim=dim,
        accent=fill,
        on_accent=white if contrast(white, fill) >= _READABLE else (16, 18, 22),
        accent_mark=mark,
        good=good,
        warning=warning,
        error=error,
        series=(mark, *(readable(colour, surface, _VISIBLE) for colour in _SERIES)),
    )
