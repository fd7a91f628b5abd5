"""A source as a stream that stops and resumes."""

import threading

from iot_facerecognition_client.sources.pictures import Pictures
from iot_facerecognition_client.streaming import SourceStream
from tests.edge.client.sources.frames import FAST


def test_a_stream_stops_resumes_and_tells_its_end(photos):
    frames, ended = [], threading.Semaphore(0)
    got_some = threading.Event()

    def deliver(frame) -> None:
        frames.append(frame.index)
        got_some.set()

    errors = []
    stream = SourceStream(
        Pictures([photos / "biden.jpg"], fps=FAST),
        deliver,
        lambda error: (errors.append(error), ended.release()),
    )
    for _ in range(2):
        got_some.clear()
        stream.start()
        assert got_some.wait(10)
        stream.stop()
    assert errors == [None, None]
    assert frames == list(range(len(frames)))
