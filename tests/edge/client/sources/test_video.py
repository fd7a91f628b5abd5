"""A video file, frame by frame."""

import cv2
import numpy as np
import pytest

from iot_facerecognition_client.sources import open_source
from iot_facerecognition_client.sources.video import VideoFile
from tests.edge.client.sources.frames import FAST, decoded


@pytest.mark.parametrize(("repeat", "shades"), [(False, 4), (True, 9)])
def test_a_video_is_played_frame_by_frame(video, repeat, shades):
    source = VideoFile(video, fps=FAST, repeat=repeat)
    assert source.size == (64, 48)
    source.start()
    frames = [source.next_frame() for _ in range(shades)]
    for index, frame in enumerate(frames):
        assert frame.index == index
        assert decoded(frame.jpeg).mean() == pytest.approx(80 * (index % 4), abs=6)
    if not repeat:
        assert source.next_frame() is None


def test_a_large_video_is_made_to_fit(video):
    source = open_source(str(video), size=(32, 32), fps=FAST)
    source.start()
    assert source.next_frame().size == (32, 24)


def test_a_damaged_frame_of_a_video_leaves_the_others_as_they_are(tmp_path):
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for level in range(8):
        writer.write(np.full((48, 64, 3), 20 * level, np.uint8))
    writer.release()

    def frames() -> list[bytes]:
        video = VideoFile(path, fps=FAST)
        video.start()
        return [frame.jpeg for frame in iter(video.next_frame, None)]

    before = frames()
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(4):
        at = data.index(b"\xff\xd8\xff", at + 1)
    data[data.index(b"\xff\xc0", at) + 1] = 0xC3
    path.write_bytes(data)
    after = frames()
    assert len(before) == 8
    assert [jpeg for jpeg in after if jpeg in before] == before[:3] + before[4:]
