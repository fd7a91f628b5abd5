import errno
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from iot_facerecognition_server.gallery import descriptor_cache
from iot_facerecognition_server.gallery.builder import GalleryBuilder
from iot_facerecognition_server.gallery.descriptor_cache import DescriptorCache, PhotoFaces
from iot_facerecognition_server.gallery.photo import decode_photo
from iot_facerecognition_server.gallery.photo_file import PhotoError, read_photo
from iot_facerecognition_server.gallery.photo_reader import PhotoReader
from iot_facerecognition_server.gallery.photo_report import PhotoStatus
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
    damages += ["[" * 50_000, '{"count": 1, "descriptor": [1' + 400 * "0" + "]}"]
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


def test_left_overs_that_cannot_be_removed_cost_only_a_line_in_the_log(
    builder, write, monkeypatch, caplog
):
    def fail(folder: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    monkeypatch.setattr(descriptor_cache, "sweep_folder", fail)
    assert len(builder.build(write([{"tag": "a", "photos": "obama.jpg"}])).gallery) == 1
    assert "stays there" in caplog.text


def test_a_png_of_absurd_size_is_refused_before_decoding(tmp_path: Path):
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = (1_000_000).to_bytes(4, "big") * 2
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(PhotoError, match="megapixels"):
        decode_photo(bytes(data), JpegDecoder())


def test_a_large_jpeg_is_decoded_at_a_fraction(folder: Path):
    Image.new("RGB", (8000, 4000)).save(folder / "large.jpg")
    content = read_photo(folder / "large.jpg")
    picture = decode_photo(content, JpegDecoder())
    assert picture.shape == (2500, 5000, 3)


def photo_of(image: Image.Image, kind: str, orientation: int = 1, **options: object) -> bytes:
    """Encode `image`, with the Exif orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_photos_are_turned_upright_whatever_their_kind(photos: Path, kind):
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    lies = portrait.transpose(Image.Transpose.ROTATE_90)
    turned = decode_photo(photo_of(lies, kind, 6), JpegDecoder())
    assert np.abs(turned.astype(int) - np.asarray(portrait)).mean() < 5


def test_grey_of_16_bits_is_read_by_its_upper_byte(photos: Path):
    grey = np.asarray(Image.open(photos / "astronaut.png").convert("L"))
    deep = Image.fromarray((grey.astype(np.uint16) << 8) + 0x7F)
    picture = decode_photo(photo_of(deep, "PNG"), JpegDecoder())
    assert picture.shape == (*grey.shape, 3)
    assert all(np.array_equal(picture[:, :, channel], grey) for channel in range(3))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_png_is_read(photos: Path, mode):
    image = Image.open(photos / "astronaut.png").convert("RGB").convert(mode)
    picture = decode_photo(photo_of(image, "PNG"), JpegDecoder())
    assert np.array_equal(picture, np.asarray(image.convert("RGB")))


def test_a_photo_without_its_end_is_read_and_a_cut_one_is_damaged(photos: Path):
    content = (photos / "obama.jpg").read_bytes()
    whole = decode_photo(content, JpegDecoder())
    assert np.array_equal(decode_photo(content[:-2], JpegDecoder()), whole)
    for cut in (5, len(content) // 2):
        with pytest.raises(PhotoError, match="damaged"):
            decode_photo(content[:-cut], JpegDecoder())


def heic(brand: bytes) -> bytes:
    return (24).to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + b"mif1" + brand


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (heic(b"heic"), "HEIC"),
        (heic(b"mif1"), "HEIC"),
        (heic(b"avif"), "AVIF"),
        (photo_of(Image.new("RGB", (9, 9)), "WEBP"), "a WebP"),
        (photo_of(Image.new("RGB", (9, 9)), "TIFF"), "a TIFF"),
        (b"GIF89a", "a GIF"),
        (b"hello", "neither"),
        (b"", "neither"),
    ],
)
def test_other_formats_are_named_with_what_to_do(content, kind):
    with pytest.raises(PhotoError, match=f"{kind}.*; convert it to JPEG or PNG"):
        decode_photo(content, JpegDecoder())


def test_a_damaged_png_is_told_in_a_sentence(photos: Path):
    content = (photos / "astronaut.png").read_bytes()
    for bad in (content[:40], content[: len(content) // 2], content[:20] + bytes(30)):
        with pytest.raises(PhotoError, match=r"the PNG is damaged: [^<]*$"):
            decode_photo(bad, JpegDecoder())


def test_a_png_with_a_chunk_that_pillow_stumbles_over_is_damaged():
    """A colour profile without bytes, after the pixels: Pillow raises IndexError."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "PNG")
    content = buffer.getvalue()
    end = content.rindex(b"IEND") - 4
    chunk = struct.pack(">I", 0) + b"iCCP" + struct.pack(">I", zlib.crc32(b"iCCP"))
    with pytest.raises(PhotoError, match="the PNG is damaged"):
        decode_photo(content[:end] + chunk + content[end:], JpegDecoder())


@pytest.fixture
def field() -> Path:
    """Folder with small pictures that failed somewhere."""
    data = os.environ.get(
        "FACERECOGNITION_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"
    )
    folder = Path(data) / "field"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def test_photos_from_the_field(field: Path):
    def photo(name: str) -> np.ndarray:
        return decode_photo((field / name).read_bytes(), JpegDecoder()).astype(int)

    plain = photo("plain.jpg")
    assert np.array_equal(photo("noeoi.jpg"), plain)
    assert np.array_equal(photo("halfeoi.jpg"), plain)
    assert np.array_equal(photo("exif6_long.jpg"), photo("exif6.jpg"))
    for name in ("exif6.jpg", "exif6.png", "grey16.png", "avi1.jpg"):
        assert photo(name).shape == (600, 600, 3)
    assert np.abs(photo("exif6.png") - photo("exif6.jpg")).mean() < 5
    with pytest.raises(PhotoError, match="restart marker"):
        photo("rst_missing.jpg")
