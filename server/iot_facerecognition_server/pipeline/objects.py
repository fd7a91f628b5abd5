"""The job that says what a frame shows."""

from collections.abc import Sequence

import numpy as np

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_server.engine.job import Picture, Row, checked_rows
from iot_facerecognition_server.frames import Frame, ObjectsWanted
from iot_facerecognition_server.pipeline.tools import Network, Tools


class ObjectJob:
    """Classifies a frame by a network over its crops."""

    network = Network.CLASSIFIER
    tracks = None

    def __init__(self, frame: Frame, wanted: ObjectsWanted, labels: Sequence[str]) -> None:
        self._frame = frame
        self._wanted = wanted
        self._labels = labels

    def prepare(self, tools: Tools) -> Sequence[Picture]:
        """Cut the crops; the random ones are seeded by session and frame number."""
        if tools.cropper is None:
            raise RuntimeError("a worker without a cropper was given an object job")
        seed = (self._frame.session, self._frame.number)
        return tools.cropper.crops(self._frame.jpeg, self._wanted, seed)

    def complete(self, rows: Sequence[Row]) -> tuple[ObjectLabel, ...]:
        """Average the crops' probabilities; return the labels wanted, the most probable first."""
        probabilities = np.mean(checked_rows(rows, len(self._labels)), axis=0)
        best = np.argsort(-probabilities, kind="stable")[: self._wanted.label_count]
        return tuple(
            ObjectLabel(self._labels[i], float(probabilities[i]))
            for i in best
            if probabilities[i] >= self._wanted.threshold
        )
