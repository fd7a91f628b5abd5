"""JPEGs that nobody would send by mistake, made of a real photo."""

import io
import random
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image

SOI: Final = b"\xff\xd8"
_SOS: Final = 0xDA
_REFINEMENTS: Final = 490
"""libjpeg-turbo itself refuses more than 500 scans in all."""


@cache
def photo(path: Path, width: int = 640, height: int = 480) -> bytes:
    """Return a photo as a baseline JPEG of this size."""
    return _encoded(path, width, height, progressive=False)


def padded(good: bytes, size: int) -> bytes:
    """Return a copy with comments that make it `size` bytes long, or a little shorter."""
    comment = b"\xff\xfe\xff\xff" + bytes(65533)
    return SOI + comment * ((size - len(good)) // len(comment)) + good[2:]


def poisoned(good: bytes) -> dict[str, bytes]:
    """Return damaged copies that leave a decoder in a bad state, by what is wrong with them."""
    frame = good.index(b"\xff\xc0")
    length = int.from_bytes(good[frame + 2 : frame + 4], "big")
    second_frame = good[frame : frame + 2 + length]
    segments = {
        "DRI with a length of 3": b"\xff\xdd\x00\x03\x00",
        "DQT with index 9": b"\xff\xdb\x00\x43\x09" + bytes(64),
        "DHT whose counts do not add up": b"\xff\xc4\x00\x14\x00" + b"\xff" * 16 + b"\0",
    }
    inserted = {name: SOI + segment + good[2:] for name, segment in segments.items()}
    return inserted | {
        "two frame headers": good[:frame] + second_frame + good[frame:],
    }


def mutations(good: bytes, seed: int) -> Iterator[bytes]:
    """Yield copies in which one byte of the header is another, without end."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    header = good.index(b"\xff\xda") + 14
    while True:
        changed = bytearray(good)
        changed[chance.randrange(2, header)] ^= chance.randrange(1, 256)
        yield bytes(changed)


@cache
def scan_bomb() -> bytes:
    """Return a small progressive JPEG whose last refinement scan is repeated 490 times."""
    content = io.BytesIO()
    Image.new("L", (4096, 2160), 90).save(content, "JPEG", quality=30, progressive=True)
    data = content.getvalue()
    last = data.rindex(bytes((0xFF, _SOS)))
    end = data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * _REFINEMENTS + data[end:]


def with_size(good: bytes, width: int, height: int) -> bytes:
    """Return `good` with another size in its frame header."""
    position = good.index(b"\xff\xc0") + 5
    return good[:position] + struct.pack(">HH", height, width) + good[position + 4 :]


def broken(good: bytes) -> dict[str, bytes]:
    """Return what is no picture at all, or only a part of one."""
    tables = good[: good.index(b"\xff\xc0")]
    return {
        "nothing": b"",
        "text": b"hello, world" * 100,
        "a tenth of a picture": good[: len(good) // 10],
        "half a picture": good[: len(good) // 2],
        "tables only": tables + b"\xff\xd9",
        "65500 x 65500 in the header": with_size(good, 65500, 65500),
        "20000 x 20000 in the header": with_size(good, 20000, 20000),
        "4 MB of markers": SOI + b"\xff\xe0\x00\x02" * 900_000,
        "4 MB of fill bytes": SOI + b"\xff" * 3_900_000,
    }


def _encoded(path: Path, width: int, height: int, *, progressive: bool) -> bytes:
    with Image.open(path) as opened:
        picture = opened.convert("RGB").resize((width, height))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80, progressive=progressive)
    return content.getvalue()
