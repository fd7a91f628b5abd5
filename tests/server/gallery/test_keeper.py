"""The gallery in step with its file, and as it was while the file is damaged."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from iot_facerecognition_server.gallery.current import CurrentGallery
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.gallery.reference_file import ReferenceFileError


def gallery(*tags: str) -> Gallery:
    return Gallery(tags, np.zeros((len(tags), 128), np.float32))


def test_a_damaged_file_leaves_the_last_good_gallery_and_a_mended_one_replaces_it(caplog):
    async def main() -> None:
        handed_on: list[Gallery] = []
        tried: asyncio.Queue[None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        results: list[Gallery | Exception] = [
            ReferenceFileError("faces.json: line 3, column 2"),
            gallery("Ada", "Bo"),
            gallery("Ada", "Bo", "Cy"),
        ]

        def build() -> Gallery:
            loop.call_soon_threadsafe(tried.put_nowait, None)
            result = results.pop(0)
            if isinstance(result, Exception):
                raise result
            return result

        keeper = GalleryKeeper(gallery("Ada"), handed_on.append, lambda: "same", build, 3600.0)
        task = asyncio.create_task(keeper.run())
        keeper.reload()
        await tried.get()
        keeper.reload()
        await tried.get()
        assert keeper.gallery.people == ("Ada",), "the first one failed"
        assert not handed_on
        keeper.reload()
        await tried.get()
        assert keeper.gallery.people == ("Ada", "Bo"), "the second one holds"
        assert handed_on == [keeper.gallery]
        assert not task.done()
        task.cancel()

    asyncio.run(main())
    (record,) = caplog.records
    assert "stays as it was, with 1 people" in record.getMessage()
    assert "line 3, column 2" in record.getMessage()
    assert record.exc_info is None


def test_a_build_that_failed_is_tried_again_though_nothing_has_changed_since():
    """The supervisor runs the keeper again after an error: the change must not be lost."""

    async def main() -> None:
        results: list[Gallery | Exception] = [RuntimeError("no memory"), gallery("Ada")]
        built = asyncio.Event()
        loop = asyncio.get_running_loop()
        fingerprints = iter(["before"])

        def build() -> Gallery:
            result = results.pop(0)
            if isinstance(result, Exception):
                raise result
            loop.call_soon_threadsafe(built.set)
            return result

        keeper = GalleryKeeper(
            gallery(), lambda _: None, lambda: next(fingerprints, "after"), build, 0.001
        )
        with pytest.raises(RuntimeError, match="no memory"):
            await keeper.run()
        task = asyncio.create_task(keeper.run())
        await built.wait()
        task.cancel()

    asyncio.run(main())


class Files:
    """A reference file that a test changes, and the gallery that is built of it."""

    def __init__(self) -> None:
        self.tags: tuple[str, ...] = ("Ada",)
        self.looks: asyncio.Queue[None] = asyncio.Queue()
        self.builds: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        self.threads: set[threading.Thread] = set()
        self.release = threading.Event()
        self.release.set()
        self._loop = asyncio.get_running_loop()

    def fingerprint(self) -> str:
        self.threads.add(threading.current_thread())
        tags = ",".join(self.tags)
        self._loop.call_soon_threadsafe(self.looks.put_nowait, None)
        return tags

    def build(self) -> Gallery:
        self.threads.add(threading.current_thread())
        tags = self.tags
        self._loop.call_soon_threadsafe(self.builds.put_nowait, tags)
        assert self.release.wait(30)
        return gallery(*tags)


@asynccontextmanager
async def kept(files: Files, seconds: float) -> AsyncIterator[tuple[CurrentGallery, GalleryKeeper]]:
    current = CurrentGallery(files.build())
    await files.builds.get()
    files.threads.clear()
    keeper = GalleryKeeper(
        current.gallery, current.replace, files.fingerprint, files.build, seconds
    )
    task = asyncio.create_task(keeper.run())
    try:
        await files.looks.get()  # what it compares with from now on
        yield current, keeper
    finally:
        task.cancel()
        files.release.set()


async def people(current: CurrentGallery, *tags: str) -> None:
    """Wait until these are known."""
    while current.gallery.people != tags:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0)


def test_a_change_is_taken_up_and_what_has_not_changed_is_not_built_again():
    async def main() -> None:
        files = Files()
        async with kept(files, 0.001) as (current, _):
            for _ in range(5):
                await files.looks.get()
            assert files.builds.empty()
            files.tags = ("Ada", "Bo")
            assert await files.builds.get() == ("Ada", "Bo")
            await people(current, "Ada", "Bo")
            for _ in range(5):
                await files.looks.get()
            assert files.builds.empty()
        assert files.threads
        assert threading.main_thread() not in files.threads, "clients would wait for the disk"

    asyncio.run(main())


def test_a_reload_builds_without_a_change_and_without_waiting():
    async def main() -> None:
        files = Files()
        async with kept(files, 3600.0) as (_, keeper):
            keeper.reload()
            assert await files.builds.get() == ("Ada",)

    asyncio.run(main())


def test_a_change_that_comes_during_a_build_is_built_afterwards():
    async def main() -> None:
        files = Files()
        async with kept(files, 0.001) as (current, _):
            files.release.clear()
            files.tags = ("Ada", "Bo")
            await files.builds.get()
            files.tags = ("Ada", "Bo", "Cy")
            files.release.set()
            await people(current, "Ada", "Bo", "Cy")

    asyncio.run(main())


def test_the_old_gallery_matches_while_the_new_one_is_built():
    async def main() -> None:
        files = Files()
        async with kept(files, 3600.0) as (current, keeper):
            files.tags = ("Ada", "Bo")
            files.release.clear()
            keeper.reload()
            await files.builds.get()
            (match,) = current.match(np.zeros((1, 128), np.float32))
            assert match.tag == "Ada"
            assert current.gallery.people == ("Ada",)
            files.release.set()
            await people(current, "Ada", "Bo")

    asyncio.run(main())
