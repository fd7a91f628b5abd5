"""Which labels a classified frame gets."""

import numpy as np
import pytest

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_server.frames import Frame, ObjectsWanted
from iot_facerecognition_server.pipeline.objects import ObjectJob

LABELS = ("cup", "espresso", "plate", "spoon")
CROPS = [np.array([0.25, 0.5, 0.25, 0.0]), np.array([0.25, 0.75, 0.0, 0.0])]
"""Averaged: a cup with 0.25, an espresso with 0.625, a plate with 0.125."""


def labels_of(wanted: ObjectsWanted) -> tuple[ObjectLabel, ...]:
    return ObjectJob(Frame(1, 1, b"", 0.0), wanted, LABELS).complete(CROPS)


def test_without_a_threshold_the_best_labels_are_reported_whatever_they_are() -> None:
    assert labels_of(ObjectsWanted(4, deterministic=False)) == (
        ObjectLabel("espresso", 0.625),
        ObjectLabel("cup", 0.25),
        ObjectLabel("plate", 0.125),
        ObjectLabel("spoon", 0.0),
    )


@pytest.mark.parametrize(
    ("threshold", "count"), [(0.125, 3), (0.126, 2), (0.25, 2), (0.5, 1), (0.63, 0), (1.0, 0)]
)
def test_labels_below_the_threshold_are_left_out(threshold: float, count: int) -> None:
    best = labels_of(ObjectsWanted(4, deterministic=False))
    assert labels_of(ObjectsWanted(4, False, threshold)) == best[:count]


def test_a_threshold_lets_no_more_labels_through_than_are_wanted() -> None:
    (label,) = labels_of(ObjectsWanted(1, False, 0.1))
    assert label.label == "espresso"
