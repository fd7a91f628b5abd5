"""Keeps the gallery in step with the reference file, without a pause for anyone."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.gallery.reference_file import ReferenceFileError

_log = logging.getLogger(__name__)


class GalleryKeeper:
    """Looks for changes of the reference file and its photos, and hands on the gallery rebuilt.

    `fingerprint` and `build` touch the disk and the processor; they run in a thread. While `build`
    raises ReferenceFileError the last good gallery stays.
    """

    def __init__(
        self,
        gallery: Gallery,
        hand_on: Callable[[Gallery], None],
        fingerprint: Callable[[], str],
        build: Callable[[], Gallery],
        seconds: float,
    ) -> None:
        """Look every `seconds`; `gallery` is the one that holds so far.

        `hand_on` gets each new one, on the event loop's thread.
        """
        self._gallery = gallery
        self._hand_on = hand_on
        self._fingerprint = fingerprint
        self._build = build
        self._seconds = seconds
        self._asked = asyncio.Event()
        self._failed = False

    @property
    def gallery(self) -> Gallery:
        """The gallery that holds now; from any thread."""
        return self._gallery

    def use(self, gallery: Gallery) -> None:
        """Let `gallery` hold from now on."""
        self._hand_on(gallery)
        self._gallery = gallery

    def reload(self) -> None:
        """Rebuild at the next opportunity, changed or not."""
        self._asked.set()

    async def run(self) -> None:
        """Keep the gallery in step until cancelled.

        After an error of `build`, the next run builds again, whether the files have changed or not.
        """
        known = "" if self._failed else await asyncio.to_thread(self._fingerprint)
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._seconds)
            found = await asyncio.to_thread(self._fingerprint)
            if found == known and not self._asked.is_set():
                continue
            self._asked.clear()
            known = found
            self._failed = True
            try:
                self.use(await asyncio.to_thread(self._build))
            except ReferenceFileError as error:
                people = len(self._gallery.people)
                _log.error("the gallery stays as it was, with %d people: %s", people, error)
            self._failed = False
