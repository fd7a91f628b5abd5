import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_facerecognition_server.networks.dlib_format import DlibFormatError, DlibReader
from iot_facerecognition_server.networks.dlib_layers import (
    Affine,
    Convolution,
    DetectorWindow,
    FullyConnected,
    Mark,
    Overlap,
    Relu,
)
from iot_facerecognition_server.networks.dlib_network import read_network
from iot_facerecognition_server.networks.residual import NetworkStructureError, ResidualNetwork


def integer(value: int) -> bytes:
    magnitude = abs(value)
    size = max(1, (magnitude.bit_length() + 7) // 8)
    return bytes((size | (0x80 if value < 0 else 0),)) + magnitude.to_bytes(size, "little")


def number(mantissa: int, exponent: int) -> bytes:
    return integer(mantissa) + integer(exponent)


def text(value: str) -> bytes:
    return integer(len(value.encode())) + value.encode()


def tensor(values: np.ndarray) -> bytes:
    return b"".join(map(integer, (2, *values.shape))) + values.astype("<f4").tobytes()


def alias(*shape: int) -> bytes:
    return b"".join(map(integer, (1, *shape)))


EMPTY = tensor(np.empty((0, 0, 0, 0)))
STATE = b"000" + EMPTY * 3
RATES = number(1, 0) * 4


def tiny_network(*layers: bytes, loss: str = "loss_multiclass_log_", tail: bytes = b"") -> bytes:
    """Return a file of `layers` from input to output, as dlib writes it."""
    versions = integer(2) * (len(layers) - 1) + integer(3)
    source = text("input_rgb_image_sized") + number(1, 6) * 3 + integer(9) * 2
    first, *others = layers
    return b"".join(
        (
            integer(1) + text(loss) + versions + source,
            first + STATE + integer(1),
            *(layer + STATE for layer in others),
            tail,
        )
    )


@pytest.mark.parametrize("value", [0, 1, -1, 255, 256, -65536, 2**63 - 1, -(2**63)])
def test_integers_are_read_with_their_sign(value):
    assert DlibReader(integer(value)).integer() == value


@pytest.mark.parametrize(
    ("mantissa", "exponent", "value"),
    [(3, -1, 1.5), (-1, 10, -1024.0), (0, 32000, np.inf), (0, 32001, -np.inf)],
)
def test_numbers_are_mantissa_times_a_power_of_two(mantissa, exponent, value):
    assert DlibReader(number(mantissa, exponent)).number() == value
    assert np.isnan(DlibReader(number(0, 32002)).number())


def test_an_error_tells_where_it_is():
    reader = DlibReader(integer(5) + b"\x00")
    reader.integer()
    with pytest.raises(DlibFormatError, match="at byte 2"):
        reader.integer()


def test_the_descriptor_network_is_read_to_its_last_byte(descriptor_file: Path):
    network = read_network(descriptor_file.read_bytes())
    assert network.loss == "loss_metric"
    assert network.input.size == (150, 150)
    assert network.input.average == pytest.approx((122.782, 117.001, 104.298), abs=1e-4)
    convolutions = [layer for layer in network.layers if isinstance(layer, Convolution)]
    assert len(convolutions) == 29
    assert convolutions[0].filters.shape == (32, 3, 7, 7)
    assert isinstance(network.layers[-1], FullyConnected)
    assert network.layers[-1].weights.shape == (256, 128)
    assert sum(isinstance(layer, Mark) for layer in network.layers) == 14 + 2 * 4


def test_the_face_detector_is_read_with_its_options(detector_file: Path):
    network = read_network(detector_file.read_bytes())
    assert network.loss == "loss_mmod"
    assert network.input.pyramid_padding == (10, 11)
    assert network.detector is not None
    assert network.detector.windows == (DetectorWindow(80, 80, ""),)
    assert network.detector.suppression == Overlap(pytest.approx(0.338276), 1.0)
    assert [type(layer) for layer in network.layers] == [Convolution, Affine, Relu] * 6 + [
        Convolution
    ]
    assert network.layers[-1].filters.shape == (1, 45, 9, 9)


def test_layers_of_newer_dlib_versions_mean_the_same():
    filters = np.arange(2 * 3 * 3 * 3, dtype=np.float32)
    parameters = tensor(np.concatenate([filters, [7, 8]]).reshape(-1, 1, 1, 1))
    body = parameters + integer(2) + integer(3) * 2 + integer(1) * 2 + integer(0) * 2
    body += alias(2, 3, 3, 3) + alias(1, 2, 1, 1) + RATES
    affine = tensor(np.array([1, 2, 3, 4]).reshape(4, 1, 1, 1)) + alias(1, 2, 1, 1) * 2 + integer(0)
    weights = tensor(np.arange(6).reshape(2, 3, 1, 1))
    dense = integer(3) + integer(2) + weights + alias(2, 3, 1, 1) + alias(0, 0, 0, 0)
    dense += integer(1) + RATES
    old = [text("con_4") + body, text("affine_") + affine, text("relu_"), text("fc_2") + dense]
    new = [
        text("con_6") + body + b"11",
        text("affine_2") + affine + b"0",
        text("relu_2") + b"1",
        text("fc_3") + dense + b"0",
    ]
    labels = integer(2) + text("tench") + text("große Katze")
    first = read_network(tiny_network(*old, tail=labels))
    second = read_network(tiny_network(*new, tail=labels))
    assert first.labels == second.labels == ("tench", "große Katze")
    assert [type(layer) for layer in first.layers] == [type(layer) for layer in second.layers]
    for network in (first, second):
        convolution, scaling, _, linear = network.layers
        assert np.array_equal(convolution.filters.reshape(-1), filters)
        assert convolution.biases.tolist() == [7, 8]
        assert (scaling.gamma.tolist(), scaling.beta.tolist()) == ([1, 2], [3, 4])
        assert linear.weights.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert linear.biases.tolist() == [0, 0, 0]


def test_batch_normalisation_is_read_as_the_affine_layer_it_became():
    gamma, beta, means, variances = [2.0, 3.0], [0.5, -1.0], [10.0, -20.0], [4.0, 0.25]
    column = lambda values: tensor(np.array(values).reshape(-1, 1, 1, 1))  # noqa: E731
    layer = text("bn_con2") + column(gamma + beta) + alias(1, 2, 1, 1) * 2 + EMPTY * 2
    layer += column(means) + column(variances) + integer(5) + integer(100) + RATES + number(0, 0)
    (affine,) = read_network(tiny_network(layer)).layers
    assert affine.gamma == pytest.approx([1.0, 6.0])
    assert affine.beta == pytest.approx([0.5 - 10.0, -1.0 + 120.0])


def test_a_truncated_file_is_a_format_error_wherever_it_ends(detector_file: Path):
    data = detector_file.read_bytes()
    ends = [*range(400), *np.linspace(400, len(data) - 1, 200, dtype=int)]
    for end in ends:
        with pytest.raises(DlibFormatError):
            read_network(data[:end])


def test_bytes_after_the_end_are_a_format_error(detector_file: Path):
    with pytest.raises(DlibFormatError):
        read_network(detector_file.read_bytes() + b"\x00")


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\x80\x02}q", b"\x01\x01\x01\x05hello", b"\xff" * 100]
)
def test_foreign_files_are_format_errors(data):
    with pytest.raises(DlibFormatError):
        read_network(data)


def outcome(data: bytes) -> str:
    try:
        ResidualNetwork(read_network(data))
    except (DlibFormatError, NetworkStructureError) as error:
        return type(error).__name__
    return "network"


def test_flipped_bytes_never_raise_another_error(descriptor_file: Path, detector_file: Path):
    """Mostly in the first kilobyte and around layers' names, where structure is."""
    generator = np.random.default_rng(1)
    seen = set()
    for path, rounds in ((detector_file, 400), (descriptor_file, 25)):
        whole = path.read_bytes()
        names = [found.start() for found in re.finditer(rb"con_4|affine_|bn_con2|relu_", whole)][:3]
        places = np.concatenate([np.arange(400), *(np.arange(at, at + 60) for at in names)])
        for _ in range(rounds):
            data = bytearray(whole)
            for place in generator.choice(places, generator.integers(1, 4)):
                data[place] ^= 1 << generator.integers(8)
            seen.add(outcome(bytes(data)))
    assert "DlibFormatError" in seen


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_format_error(data):
    assert outcome(data) == "DlibFormatError"
    assert outcome(tiny_network(text("relu_")) + data) != "network"


def test_a_detector_is_not_taken_for_a_residual_network(detector_file: Path):
    with pytest.raises(NetworkStructureError, match="layer 3"):
        ResidualNetwork(read_network(detector_file.read_bytes()))


def test_weights_that_are_not_numbers_are_refused(descriptor_file: Path):
    data = bytearray(descriptor_file.read_bytes())
    start = data.index(b"con_4") + 5 + 11  # name, then the tensor's version and shape
    data[start + 4 : start + 8] = np.array([np.nan], "<f4").tobytes()
    with pytest.raises(NetworkStructureError, match="not finite"):
        ResidualNetwork(read_network(bytes(data)))
