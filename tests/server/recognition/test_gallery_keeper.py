"""The gallery in step with its file, and as it was while the file is damaged."""

import asyncio

import numpy as np
import pytest

from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.gallery.reference_file import ReferenceFileError
from iot_facerecognition_server.recognition.gallery_keeper import CurrentGallery, GalleryKeeper


def gallery(*tags: str) -> Gallery:
    return Gallery(tags, np.zeros((len(tags), 128), np.float32))


def test_a_damaged_file_leaves_the_last_good_gallery_and_a_mended_one_replaces_it(caplog):
    async def main() -> None:
        current = CurrentGallery(gallery("Ada"))
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

        keeper = GalleryKeeper(current, lambda: "same", build, 3600.0)
        task = asyncio.create_task(keeper.run())
        keeper.reload()
        await tried.get()
        keeper.reload()
        await tried.get()
        assert current.gallery.people == ("Ada",), "the first one failed"
        keeper.reload()
        await tried.get()
        assert current.gallery.people == ("Ada", "Bo"), "the second one holds"
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
        current = CurrentGallery(gallery())
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

        keeper = GalleryKeeper(current, lambda: next(fingerprints, "after"), build, 0.001)
        with pytest.raises(RuntimeError, match="no memory"):
            await keeper.run()
        task = asyncio.create_task(keeper.run())
        await built.wait()
        task.cancel()

    asyncio.run(main())
