"""What the header of a JPEG tells, read without a library."""

import pytest
from PIL import Image

from iot_facerecognition_client.jpeg import PictureSize, read_jpeg_header


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_a_header_is_read_without_a_library(tmp_path, options):
    Image.new("RGB", (321, 123)).save(tmp_path / "x.jpg", comment=b"\xff\xc0 no marker", **options)
    assert read_jpeg_header((tmp_path / "x.jpg").read_bytes()) == PictureSize(321, 123)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_from_exif(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x010E] = "a description in front of it"
    exif[0x0112] = orientation
    Image.new("RGB", (32, 16)).save(tmp_path / "x.jpg", exif=exif)
    assert read_jpeg_header((tmp_path / "x.jpg").read_bytes()).orientation == orientation


def test_what_is_cut_or_no_jpeg_is_refused_whatever_the_place(photos):
    whole = (photos / "biden.jpg").read_bytes()
    for end in range(600):
        try:
            read_jpeg_header(whole[:end])
        except ValueError:
            continue
        assert end > 100
    with pytest.raises(ValueError, match="FF D8"):
        read_jpeg_header((photos / "astronaut.png").read_bytes())
