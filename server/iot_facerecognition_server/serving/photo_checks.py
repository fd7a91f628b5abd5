"""Looks at photos for the command line, with the networks that the server has loaded."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from iot_facerecognition_server.gallery.photo_report import PhotoReport

MOST: Final = 8
"""Requests that may wait for their turn or be at work."""


class TooManyChecksError(Exception):
    """As many requests wait as may; the message says so."""


class PhotoChecks:
    """Looks at one photo at a time, in a thread: clients go on meanwhile.

    Those who wait take turns photo by photo, in the order of their asking.
    """

    def __init__(self, look: Callable[[str, Path], PhotoReport], most: int = MOST) -> None:
        """Let `look`, which takes a tag and a photo, work for at most `most` requests."""
        self._look = look
        self._most = most
        self._asked = 0
        self._turn = asyncio.Lock()

    async def look_at(
        self, tag: str, photo: Path, given_up: Callable[[], bool]
    ) -> PhotoReport | None:
        """Return whether `photo` can be a reference of `tag`; None when that is `given_up` before.

        Raises TooManyChecksError.
        """
        if self._asked >= self._most:
            raise TooManyChecksError(
                f"{self._asked} commands have photos looked at already; try again later"
            )
        self._asked += 1
        try:
            async with self._turn:
                return None if given_up() else await asyncio.to_thread(self._look, tag, photo)
        finally:
            self._asked -= 1
