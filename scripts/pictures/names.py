"""Draws docs/images/names.png, names in many scripts: `python -m scripts.pictures.names`.

It needs the fonts that docs/edge.md names, and says which of them are missing.
"""

import sys
from pathlib import Path
from typing import Final

from PIL import Image

from iot_facerecognition_client.lettering.drawing import Lettering

PICTURE: Final = Path(__file__).parents[2] / "docs" / "images" / "names.png"
SIZE: Final = 28
COLUMNS: Final = 3
NAMES: Final = (
    "Zoë Müller",
    "Ελένη Παπαδοπούλου",
    "Иван Петров",
    "王小明 (Li)",
    "山田 太郎",
    "김민수",
    "अर्जुन सिंह",
    "สมชาย ใจดี",
    "தமிழரசி",
    "محمد علي",
    "Dr. محمد علي (3)",
    "דוד כהן",
    "გიორგი",
    "በቀለ",
    "Anna 👩‍🚀 👍🏽",
)


def draw(path: Path) -> None:
    """Write a PNG with every name on a tag of its own."""
    lettering = Lettering()
    if missing := lettering.fonts.missing("".join(NAMES)):
        sys.exit(f"fonts are missing: apt-get install {' '.join(sorted(missing))}")
    height, gap = lettering.height(SIZE), SIZE // 2
    wide = max(lettering.width(name, SIZE) for name in NAMES) + 2 * gap
    rows = -(-len(NAMES) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (wide + gap) + gap, rows * (height + gap) + gap), "#101418")
    for number, name in enumerate(NAMES):
        left = gap + number % COLUMNS * (wide + gap)
        top = gap + number // COLUMNS * (height + gap)
        drawn = lettering.draw(name, SIZE, (238, 241, 245))
        sheet.paste("#8b0000", (left, top, left + drawn.width + 2 * gap, top + height))
        sheet.paste(drawn, (left + gap, top), drawn)
    sheet.save(path, optimize=True)


if __name__ == "__main__":
    draw(PICTURE)
    print(PICTURE)
