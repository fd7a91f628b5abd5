"""Which words open which source."""

import pytest

from iot_facerecognition_client.sources import SourceError, open_source
from iot_facerecognition_client.sources.moving_photo import MovingPhoto
from iot_facerecognition_client.sources.pictures import Pictures
from iot_facerecognition_client.sources.video import VideoFile
from iot_facerecognition_client.sources.webcam import Webcam


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("webcam:one", "has a number"),
        ("no-such-thing", "none of"),
        ("missing.jpg,also.png", "missing.jpg, also.png"),
        ("moving:", "empty"),
        ("", "empty"),
    ],
)
def test_what_names_no_source_is_reported(spec, words):
    with pytest.raises(SourceError, match=words):
        open_source(spec)


def test_an_empty_folder_and_a_file_that_is_no_video_are_reported(tmp_path):
    with pytest.raises(SourceError, match="holds no images"):
        open_source(str(tmp_path))
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(SourceError, match="cannot be played"):
        open_source(str(tmp_path / "text.mp4"))


def test_each_word_opens_its_source(photos, video):
    kinds = {
        str(photos): Pictures,
        f"{photos / 'biden.jpg'},{photos / 'obama.jpg'}": Pictures,
        str(video): VideoFile,
        f"moving:{photos}": MovingPhoto,
        f"moving:{photos / 'biden.jpg'}": MovingPhoto,
        "webcam": Webcam,
    }
    assert {spec: type(open_source(spec)) for spec in kinds} == kinds
