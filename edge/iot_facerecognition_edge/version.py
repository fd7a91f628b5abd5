"""Which version of the program this is."""

import sys
from pathlib import Path

UNPACKAGED = "unpackaged"
"""What stands for the version of a program that runs out of a folder of sources."""


def version() -> str:
    """Return the version of what is installed, by the name of its folder of metadata.

    That is what `importlib.metadata` looks for too, with the import of forty modules.
    """
    for place in sys.path:
        for kind in ("dist", "egg"):
            for found in Path(place or ".").glob(f"iot_facerecognition-*.{kind}-info"):
                return found.name.removesuffix(f".{kind}-info").split("-")[1]
    return UNPACKAGED
