import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_server.gallery.builder import GalleryBuilder, PhotoStatus
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache, PhotoFaces
from iot_facerecognition_server.gallery.photo import PhotoError, decode_photo, read_photo
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.vision.jpeg import JpegDecoder


def describe_nothing(chips: np.ndarray) -> np.ndarray:
    raise AssertionError(f"{len(chips)} chips described, not taken from the cache")


@pytest.fixture
def rebuilt(aligner, detector, cache) -> GalleryBuilder:
    """A second builder over the same cache, which cannot describe anything itself."""
    return GalleryBuilder([PhotoReader(JpegDecoder(), detector, aligner, describe_nothing)], cache)


def test_people_are_recognised_by_other_photos_of_theirs(
    builder, write, network, aligner, detector
):
    references = write(
        [
            {"tag": "Barack", "photos": ["obama.jpg"]},
            {"tag": "Joe", "photos": "biden.jpg"},
            {"tag": "Eileen", "photos": "astronaut.png"},
        ]
    )
    built = builder.build(references)
    assert not built.problems
    assert built.gallery.people == ("Barack", "Joe", "Eileen")
    other = write([{"tag": "?", "photos": "obama2.jpg"}, {"tag": "?", "photos": "hanks.png"}])
    reader = PhotoReader(JpegDecoder(), detector, aligner, network.describe)
    faces = GalleryBuilder([reader], builder._cache).build(other)
    (known, unknown) = built.gallery.match(faces.gallery.descriptors)
    assert known.tag == "Barack"
    assert known.distance < 0.5
    assert unknown.tag == ""
    assert unknown.distance > 0.6


def test_each_photo_is_reported_and_bad_ones_do_not_stop_the_others(builder, write, folder: Path):
    (folder / "cut.jpg").write_bytes((folder / "obama.jpg").read_bytes()[:9000])
    (folder / "cut.png").write_bytes((folder / "astronaut.png").read_bytes()[:9000])
    (folder / "notes.txt").write_text("no picture")
    (folder / "empty.jpg").touch()
    (folder / "sub").mkdir()
    names = ["obama.jpg", "rocket.jpg", "group.jpg", "none.jpg", "cut.jpg", "cut.png"]
    names += ["notes.txt", "empty.jpg", "sub", "biden.jpg"]
    progress = []
    built = builder.build(
        write([{"tag": name, "photos": [name]} for name in names]),
        lambda done, total: progress.append((done, total)),
    )
    statuses = {report.tag: report.status for report in built.reports}
    assert statuses == {
        "obama.jpg": PhotoStatus.USED,
        "rocket.jpg": PhotoStatus.NO_FACE,
        "group.jpg": PhotoStatus.SEVERAL_FACES,
        "none.jpg": PhotoStatus.MISSING,
        "cut.jpg": PhotoStatus.UNREADABLE,
        "cut.png": PhotoStatus.UNREADABLE,
        "notes.txt": PhotoStatus.UNREADABLE,
        "empty.jpg": PhotoStatus.UNREADABLE,
        "sub": PhotoStatus.UNREADABLE,
        "biden.jpg": PhotoStatus.USED,
    }
    assert [report.tag for report in built.reports] == names
    assert built.gallery.people == ("obama.jpg", "group.jpg", "biden.jpg")
    assert len(built.problems) == 8
    for report in built.reports:
        assert str(folder / report.tag) in report.message
    assert progress == [(done, 10) for done in range(1, 11)]


def test_of_several_faces_the_largest_is_the_reference(builder, write, folder: Path, photos: Path):
    """The smaller face stands first and is the more certain detection or not: size decides."""
    joe = Image.open(photos / "biden.jpg").convert("RGB")
    barack = Image.open(photos / "obama.jpg").convert("RGB")
    joe.thumbnail((500, 500))
    barack.thumbnail((900, 900))
    both = Image.new("RGB", (joe.width + barack.width, 900))
    both.paste(joe, (0, 0))
    both.paste(barack, (joe.width, 0))
    both.save(folder / "both.jpg", quality=95)
    built = builder.build(write([{"tag": "largest", "photos": "both.jpg"}]))
    assert built.reports[0].status is PhotoStatus.SEVERAL_FACES
    alone = builder.build(
        write([{"tag": "Barack", "photos": "obama.jpg"}, {"tag": "Joe", "photos": "biden.jpg"}])
    )
    (match,) = alone.gallery.match(built.gallery.descriptors)
    assert match.tag == "Barack"


def test_a_photo_on_its_side_is_turned_as_its_exif_says(builder, write, folder: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(folder / "obama.jpg").rotate(90, expand=True).save(
        folder / "side.jpg", quality=95, exif=exif
    )
    built = builder.build(
        write([{"tag": "upright", "photos": "obama.jpg"}, {"tag": "side", "photos": "side.jpg"}])
    )
    assert not built.problems
    upright, side = built.gallery.descriptors
    assert np.linalg.norm(upright - side) < 0.2


def test_small_faces_on_a_huge_photo_are_found_at_full_size(builder, write, folder: Path):
    """A face of 120 pixels on 6000 would have 26 on the reduced picture."""
    canvas = Image.new("RGB", (6000, 1500), (90, 120, 90))
    face = Image.open(folder / "obama.jpg").convert("RGB")
    face.thumbnail((500, 500))
    canvas.paste(face, (5000, 700))
    canvas.save(folder / "huge.jpg", quality=90)
    built = builder.build(
        write([{"tag": "a", "photos": "huge.jpg"}, {"tag": "b", "photos": "obama.jpg"}])
    )
    assert built.reports[0].used
    assert np.linalg.norm(np.subtract(*built.gallery.descriptors)) < 0.4


def test_a_second_build_takes_every_photo_from_the_cache(builder, rebuilt, write):
    document = [{"tag": "a", "photos": ["obama.jpg", "rocket.jpg", "astronaut.png", "none.jpg"]}]
    first = builder.build(write(document))
    second = rebuilt.build(write(document))
    assert second.reports == first.reports
    assert np.array_equal(second.gallery.descriptors, first.gallery.descriptors)


def test_a_changed_photo_is_looked_at_again(builder, write, folder: Path):
    references = write([{"tag": "a", "photos": "obama.jpg"}])
    before = builder.build(references)
    (folder / "obama.jpg").write_bytes((folder / "biden.jpg").read_bytes())
    after = builder.build(references)
    assert np.linalg.norm(before.gallery.descriptors - after.gallery.descriptors) > 0.6


def test_damaged_cache_entries_are_computed_again(builder, write, tmp_path: Path, caplog):
    references = write([{"tag": "a", "photos": "obama.jpg"}])
    expected = builder.build(references).gallery.descriptors
    (entry,) = (tmp_path / "descriptors").iterdir()
    good = entry.read_text()
    damages = ["", good[: len(good) // 2], "[]", '{"count": 1, "descriptor": null}', "\xff"]
    damages += ['{"count": 1, "descriptor": [1, 2]}', good.replace("[", '["x",'), "NaN", "{}"]
    for damage in damages:
        entry.write_bytes(damage.encode("latin-1"))
        assert np.array_equal(builder.build(references).gallery.descriptors, expected)
        assert entry.read_text() == good
    assert "computed again" in caplog.text


def test_descriptors_go_with_the_person(builder, write, tmp_path: Path):
    builder.build(write([{"tag": "a", "photos": ["obama.jpg", "biden.jpg"]}]))
    folder = tmp_path / "descriptors"
    (folder / ".abandoned.part").touch()
    assert len(list(folder.glob("*.json"))) == 2
    builder.build(write([{"tag": "a", "photos": "biden.jpg"}]))
    assert len(list(folder.iterdir())) == 1
    builder.build(write([]))
    assert list(folder.iterdir()) == []


def test_cached_descriptors_are_readable_to_their_owner_only(cache, tmp_path: Path):
    cache.put(cache.key(b"photo"), PhotoFaces(0, None))
    folder = tmp_path / "descriptors"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_another_recipe_is_another_descriptor(cache, tmp_path: Path):
    other = DescriptorCache(tmp_path / "descriptors", "recipe 2")
    cache.put(cache.key(b"photo"), PhotoFaces(0, None))
    assert other.get(other.key(b"photo")) is None
    assert cache.get(cache.key(b"photo")) == PhotoFaces(0, None)


def test_a_cache_that_cannot_be_written_costs_only_time(builder, write, tmp_path: Path, caplog):
    (tmp_path / "descriptors").touch()
    assert len(builder.build(write([{"tag": "a", "photos": "obama.jpg"}])).gallery) == 1
    assert "not cached" in caplog.text


def test_a_png_of_absurd_size_is_refused_before_decoding(tmp_path: Path):
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = (1_000_000).to_bytes(4, "big") * 2
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(PhotoError, match="megapixels"):
        decode_photo(bytes(data), tmp_path / "bomb.png", JpegDecoder())


def test_a_large_jpeg_is_decoded_at_a_fraction(folder: Path):
    Image.new("RGB", (8000, 4000)).save(folder / "large.jpg")
    content = read_photo(folder / "large.jpg")
    picture = decode_photo(content, folder / "large.jpg", JpegDecoder())
    assert picture.shape == (2500, 5000, 3)
