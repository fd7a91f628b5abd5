"""What becomes of results: counted, logged when they say something new, and told to the views."""

from collections.abc import Callable
from datetime import datetime, timedelta

from iot_facerecognition_client import (
    FacesResult,
    FrameEnded,
    ObjectsResult,
    ServerError,
    SettingHeld,
    TextReceived,
    TextSent,
    UpdateAcknowledged,
)
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.cameras.turning import turned_face
from iot_facerecognition_edge.events import Event, FacesSeen, ObjectsSeen
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.presence.arrivals import Arrivals
from iot_facerecognition_edge.statistics import Statistics
from iot_facerecognition_protocol import FrameStatus

CLIENT_EVENTS = (
    FacesResult,
    ObjectsResult,
    FrameEnded,
    TextReceived,
    TextSent,
    ServerError,
    SettingHeld,
    UpdateAcknowledged,
)
"""What the appliance takes of the client's events."""


class Results:
    """Takes the client's results. `newest` tells the scene of frames whose own is not known."""

    def __init__(
        self,
        statistics: Statistics,
        log: EventLog,
        *,
        newest: Callable[[], Scene],
        publish: Callable[[Event], None],
        wall: Callable[[], datetime],
    ) -> None:
        self._statistics = statistics
        self._log = log
        self._newest = newest
        self._publish = publish
        self._wall = wall
        self._sightings = Arrivals()

    def frame_ended(self, ended: FrameEnded, now: float) -> None:
        """Count a frame that was worked on."""
        if ended.status is FrameStatus.PROCESSED:
            self._statistics.frame(now)

    def faces(self, result: FacesResult, now: float) -> None:
        """Take the faces of a frame."""
        self._statistics.faces(now, result.faces)
        if result.frame is None:
            # Version 1 has no end of a frame; a result is as much as can be counted.
            self._statistics.frame(now)
        for sentence in self._sightings.faces(result.faces, now):
            self._log.information(sentence, self._time_of(result.captured, now))
        scene = result.scene or self._newest()
        upright = tuple(turned_face(face, scene.size, scene.turn) for face in result.faces)
        self._publish(FacesSeen(upright, result.frame, scene.size, now, scene))

    def objects(self, result: ObjectsResult, now: float) -> None:
        """Take the labels of a frame."""
        self._statistics.objects(now, result.objects)
        for sentence in self._sightings.objects(result.objects, now):
            self._log.information(sentence, self._time_of(result.captured, now))
        self._publish(ObjectsSeen(result.objects, result.frame, now, result.scene))

    def _time_of(self, captured: float | None, now: float) -> datetime:
        """Return the time of day at which the picture was taken."""
        return self._wall() - timedelta(seconds=0 if captured is None else now - captured)
