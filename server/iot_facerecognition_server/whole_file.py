"""Files that come into being whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PARTIAL: Final = ".part"
"""How the name of a file ends that is still being written; a crash may leave one behind."""


@contextmanager
def in_place_of(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path`, which takes its place when the block ends without error.

    Whoever reads `path` meanwhile sees what was there before; with an error it stays. The folder is
    made where there is none. Only the owner can read the new file unless the block changes that.
    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
