"""Workers who wait for a common aligner."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from iot_facerecognition_protocol.box import Box
from iot_facerecognition_server.detection import Detection
from iot_facerecognition_server.engine.network_calls import AlignerThread

FACE = Detection(Box(0, 0, 10, 10), 1.0)


def picture(value: int, side: int = 20) -> np.ndarray:
    return np.full((side, side, 3), value, np.uint8)


def test_each_worker_gets_its_own_chips_out_of_batches_of_one_size():
    batches = []

    def align(pictures):
        batches.append([one.shape[0] for one, _ in pictures])
        return [[one[:5, :5] for _ in faces] for one, faces in pictures]

    thread = AlignerThread(align, batch_size=3)
    asked = [(picture(value, 20 + value % 2), [FACE] * (value % 3)) for value in range(24)]
    try:
        with ThreadPoolExecutor(len(asked)) as workers:
            found = list(workers.map(lambda ask: thread.chips(*ask), asked))
    finally:
        thread.close()
    for value, chips in enumerate(found):
        assert len(chips) == value % 3
        assert all((chip == value).all() for chip in chips)
    assert all(len(sides) <= 3 and len(set(sides)) == 1 for sides in batches)


def test_an_error_reaches_whoever_waits_and_the_thread_goes_on():
    def align(pictures):
        if pictures[0][0].shape[0] == 1:
            raise RuntimeError("no kernel image")
        return [[] for _ in pictures]

    thread = AlignerThread(align)
    try:
        with pytest.raises(RuntimeError, match="no kernel image"):
            thread.chips(picture(1, 1), [FACE])
        assert thread.chips(picture(1), []) == []
    finally:
        thread.close()
