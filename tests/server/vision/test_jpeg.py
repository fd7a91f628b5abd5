import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from iot_facerecognition_protocol import ErrorCode
from iot_facerecognition_server.frames import FrameRejectedError
from iot_facerecognition_server.vision.jpeg import JpegDecoder


def refusal(decode, data) -> FrameRejectedError:
    with pytest.raises(FrameRejectedError) as caught:
        decode(data)
    return caught.value


def grey_or_code(decoder: JpegDecoder, data: bytes) -> str | ErrorCode:
    try:
        assert decoder.grey(data, 1).size
    except FrameRejectedError as error:
        return error.code
    return "grey"


def as_pillow(data: bytes, mode: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode)).astype(int)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["sequential", "progressive"])
def test_every_kind_of_jpeg_is_decoded_as_another_decoder_does(
    decoder, encode, portrait, mode, options
):
    data = encode(portrait, mode, **options)
    rgb, grey = decoder.rgb(data), decoder.grey(data)
    assert (rgb.shape, rgb.dtype) == ((512, 512, 3), np.uint8)
    assert (grey.shape, grey.dtype) == ((512, 512), np.uint8)
    assert grey.flags.c_contiguous
    assert np.abs(rgb - as_pillow(data, "RGB")).mean() < 1
    assert np.abs(grey - as_pillow(data, "L")).mean() < 1


def test_ycck_is_decoded_as_the_picture_that_it_shows(decoder, encode, portrait):
    """Pillow writes no YCCK: relabel its CMYK, as an Adobe marker with transform 2 does."""
    data = bytearray(encode(portrait, "CMYK"))
    marker = data.index(b"Adobe")
    assert data[marker + 11] == 0
    data[marker + 11] = 2
    assert np.abs(decoder.rgb(bytes(data)) - as_pillow(bytes(data), "RGB")).mean() < 1


@pytest.mark.parametrize(("scale", "size"), [(8, 512), (4, 256), (1, 64), (12, 768)])
def test_scaled_decoding_gives_the_size_that_was_asked_for(decoder, encode, portrait, scale, size):
    data = encode(portrait)
    assert decoder.grey(data, scale).shape == (size, size)
    assert decoder.rgb(data, scale).shape == (size, size, 3)
    assert abs(decoder.grey(data, scale).mean() - decoder.grey(data).mean()) < 1


@pytest.mark.parametrize("scale", [0, 17])
def test_a_scale_that_does_not_exist_is_the_callers_mistake(decoder, encode, portrait, scale):
    with pytest.raises(ValueError, match="1 to 16"):
        decoder.grey(encode(portrait), scale)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3), (3, 5, 3)])
def test_tiny_pictures_are_pictures(decoder, encode, shape):
    data = encode(np.full(shape, 200, np.uint8))
    assert decoder.grey(data).shape == shape[:2]
    assert decoder.rgb(data).mean() == pytest.approx(200, abs=2)
    assert decoder.grey(data, 1).shape == (-(-shape[0] // 8), -(-shape[1] // 8))


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["sequential", "progressive"])
def test_a_truncated_picture_is_damaged_and_not_half_grey(decoder, encode, portrait, kept, options):
    data = encode(portrait, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for decode in (decoder.grey, decoder.rgb):
            error = refusal(decode, data[: int(len(data) * kept)])
            assert error.code is ErrorCode.FRAME_DAMAGED
            assert "damaged" in error.message


def test_a_picture_that_ends_before_its_last_row_is_damaged(decoder, encode, portrait):
    data = encode(portrait)
    middle = len(data) // 2
    assert refusal(decoder.grey, data[:middle] + b"\xff\xd9").code is ErrorCode.FRAME_DAMAGED


def test_the_extra_bytes_that_webcams_write_are_harmless(decoder, encode, portrait):
    data = encode(portrait)
    scan = data.index(b"\xff\xda")
    odd = data[:scan] + b"\x00\x12\x34" + data[scan:]
    assert np.array_equal(decoder.grey(odd), decoder.grey(data))
    assert np.array_equal(decoder.rgb(data + b"padding" * 9), decoder.rgb(data))


def test_a_second_frame_header_cannot_smuggle_in_another_size(decoder, encode):
    data = encode(np.zeros((16, 16, 3), np.uint8))
    at = data.index(b"\xff\xc0")
    small = data[at : at + 19]
    large = small[:5] + b"\x40\x00\x40\x00" + small[9:]
    error = refusal(decoder.rgb, data[:at] + small + large + data[at + 19 :])
    assert error.code is ErrorCode.FRAME_DAMAGED


def test_a_progressive_bomb_of_many_scans_is_refused(decoder, encode, portrait):
    data = encode(portrait, progressive=True)
    last = data.rindex(b"\xff\xda")
    error = refusal(decoder.grey, data[:last] + data[last:-2] * 600 + b"\xff\xd9")
    assert error.code is ErrorCode.FRAME_DAMAGED


@pytest.mark.parametrize("size", [65500, 65535])
def test_a_header_beyond_the_librarys_bounds_is_damaged(decoder, encode, size):
    data = bytearray(encode(np.zeros((16, 16, 3), np.uint8)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 2] = size.to_bytes(2, "big")
    data[at + 2 : at + 4] = b"\x00\x10"
    assert refusal(decoder.grey, bytes(data)).code is ErrorCode.FRAME_DAMAGED


def test_a_decoder_is_as_good_as_new_after_a_damaged_picture(decoder, encode, portrait):
    data = encode(portrait)
    before = decoder.rgb(data)
    for bad in (data[:700], data[:5000], b"\xff\xd8\xff\xd9", b"nothing"):
        refusal(decoder.rgb, bad)
    assert np.array_equal(decoder.rgb(data), before)


def test_decoders_of_two_threads_do_not_disturb_each_other(encode, portrait):
    whole, cut = encode(portrait), encode(portrait)[:9000]
    expected = JpegDecoder().grey(whole)

    def decode_all(decoder: JpegDecoder) -> bool:
        for _ in range(30):
            refusal(decoder.grey, cut)
            if not np.array_equal(decoder.grey(whole), expected):
                return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(decode_all, [JpegDecoder(), JpegDecoder()]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_picture_or_the_typed_error(decoder, encode, portrait, data):
    damaged = bytearray(encode(portrait[:64, :64], progressive=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(2, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert grey_or_code(decoder, bytes(damaged)) in {"grey", ErrorCode.FRAME_DAMAGED}
