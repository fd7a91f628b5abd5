"""How far a head faces the camera, by the five points that YuNet finds."""

import numpy as np
import pytest

from iot_facerecognition_server.networks.yunet.faces import faces
from iot_facerecognition_server.networks.yunet.layers import OUTPUTS

CERTAIN = 9.0
SIZE = (32, 32)


def frontal(nose: float, roll: float = 0.0) -> float:
    """Return it of a head whose nose is off the middle by `nose` of the eyes' distance."""
    points = np.array([[-1, 0], [1, 0], [2 * nose, 1.2], [-0.7, 2], [0.7, 2]])
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    values = np.zeros((OUTPUTS, 1), np.float32)
    values[:2] = CERTAIN
    values[6:, 0] = (points @ turn).ravel()
    (face,) = faces(values, np.array([0]), SIZE)
    return face.frontal


def test_a_head_that_faces_the_camera_has_its_nose_in_the_middle():
    assert frontal(0.0) == pytest.approx(1.0)


def test_the_farther_a_head_is_turned_the_less_frontal_it_is_to_either_side():
    assert 1 > frontal(0.1) > frontal(0.3) > frontal(0.6) > 0
    assert frontal(0.5) == pytest.approx(0.5)
    assert frontal(-0.3) == pytest.approx(frontal(0.3))


def test_a_tilted_head_is_as_frontal():
    assert frontal(0.2, roll=0.5) == pytest.approx(frontal(0.2), rel=1e-4)


def test_eyes_in_one_place_are_no_frontal_head():
    values = np.zeros((OUTPUTS, 1), np.float32)
    values[:2] = CERTAIN
    (face,) = faces(values, np.array([0]), SIZE)
    assert 0 <= face.frontal <= 1
