"""What becomes of a result: counted, logged when it is news, published for the upright picture."""

from datetime import UTC, datetime, timedelta

import pytest

from iot_facerecognition_client import FacesResult, FrameEnded, ObjectsResult
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_edge.appliance.results import Results
from iot_facerecognition_edge.events import Event, FacesSeen, ObjectsSeen
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.statistics import ChartId, PieChart, Statistics
from iot_facerecognition_protocol import Face, FrameStatus, ObjectLabel

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADA = Face("Ada", 10, 20, 30, 40, distance=0.31)
CUP = ObjectLabel("cup", 0.9)
NEWEST = Scene(7, (640, 480))


class Bench:
    """The results' way, from a client's events to statistics, log and views."""

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.log = EventLog(lambda: NOON)
        self.events: list[Event] = []
        self.results = Results(
            self.statistics,
            self.log,
            newest=lambda: NEWEST,
            publish=self.events.append,
            wall=lambda: NOON,
        )

    @property
    def texts(self) -> list[str]:
        """What the log says, the oldest first."""
        return [entry.text for entry in reversed(self.log.entries())]

    def counted(self, chart: ChartId) -> dict[str, int]:
        pie = self.statistics.chart(chart, 0.0)
        assert isinstance(pie, PieChart)
        return {piece.label: piece.count for piece in pie.slices}


def test_faces_are_counted_logged_with_the_time_of_the_picture_and_published() -> None:
    bench = Bench()
    scene = Scene(1, (640, 480))
    bench.results.faces(FacesResult((ADA,), 3, captured=98.75, scene=scene), now=100.0)
    assert bench.counted(ChartId.FACES) == {"Ada": 1}
    (entry,) = bench.log.entries()
    assert entry.text == "face: Ada (distance 0.31)"
    assert entry.time == NOON - timedelta(seconds=1.25)
    assert bench.events == [FacesSeen((ADA,), 3, (640, 480), 100.0, scene)]


def test_somebody_who_stays_is_counted_in_every_frame_and_logged_once() -> None:
    bench = Bench()
    for frame in range(3):
        bench.results.faces(FacesResult((ADA,), frame), now=frame / 10)
    assert bench.counted(ChartId.FACES) == {"Ada": 3}
    assert bench.texts == ["face: Ada (distance 0.31)"]
    assert len(bench.events) == 3


def test_faces_of_a_camera_on_its_side_are_those_of_the_upright_picture() -> None:
    bench = Bench()
    scene = Scene(1, (480, 640), turn=90)
    bench.results.faces(FacesResult((Face("Ada", 10, 20, 100, 120),), 1, scene=scene), now=0.0)
    (seen,) = bench.events
    assert isinstance(seen, FacesSeen)
    assert seen.faces == (Face("Ada", 340, 10, 120, 100),)
    assert seen.size == (480, 640)


def test_a_result_that_names_no_scene_belongs_to_the_newest() -> None:
    bench = Bench()
    bench.results.faces(FacesResult((ADA,)), now=0.0)
    (seen,) = bench.events
    assert isinstance(seen, FacesSeen)
    assert (seen.scene, seen.size) == (NEWEST, NEWEST.size)


def test_an_empty_frame_is_published_since_it_ends_what_was_shown() -> None:
    bench = Bench()
    bench.results.faces(FacesResult((), 1), now=2.0)
    assert bench.events == [FacesSeen((), 1, NEWEST.size, 2.0, NEWEST)]
    assert bench.texts == []


def test_objects_are_counted_logged_and_published() -> None:
    bench = Bench()
    bench.results.objects(ObjectsResult((CUP,), 4, captured=9.5), now=10.0)
    assert bench.counted(ChartId.OBJECTS) == {"cup": 1}
    (entry,) = bench.log.entries()
    assert (entry.text, entry.time) == ("object: cup (90 %)", NOON - timedelta(seconds=0.5))
    assert bench.events == [ObjectsSeen((CUP,), 4, 10.0)]


@pytest.mark.parametrize("captured", [None, 5.0])
def test_a_result_without_the_time_of_its_picture_is_logged_as_of_now(
    captured: float | None,
) -> None:
    bench = Bench()
    bench.results.objects(ObjectsResult((CUP,), 4, captured=captured), now=5.0)
    assert bench.log.entries()[0].time == NOON


@pytest.mark.parametrize(
    ("status", "rate"),
    [(FrameStatus.PROCESSED, 1.0), (FrameStatus.DROPPED, 0.0), (FrameStatus.REJECTED, 0.0)],
)
def test_only_frames_that_were_worked_on_count_as_frames(status: FrameStatus, rate: float) -> None:
    bench = Bench()
    bench.results.frame_ended(FrameEnded(1, status), now=0.5)
    bench.results.faces(FacesResult((ADA,), 1), now=0.5)
    assert bench.statistics.fps(1.0) == rate


def test_over_version_1_which_has_no_end_of_a_frame_a_face_result_is_one() -> None:
    bench = Bench()
    bench.results.faces(FacesResult((ADA,)), now=0.5)
    assert bench.statistics.fps(1.0) == 1.0
