"""Sentences with the labels that the screen shows."""

import pytest

from iot_facerecognition_edge.settings.labels import with_labels


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("camera.fps: must be a number", "“Frame rate”: must be a number"),
        ("set connection.tls_mode to fingerprint", "set “Trust the server by” to fingerprint"),
        ("set device.test_mode=on, or", "set “Test mode” = on, or"),
        ("hooks.on_known: a command", "hooks.on_known: a command"),
        ("see /etc/camera.fps and camera.fps.d", "see /etc/camera.fps and camera.fps.d"),
        ("nothing of ours", "nothing of ours"),
    ],
)
def test_sentences_for_the_screen_name_labels(text: str, shown: str) -> None:
    assert with_labels(text) == shown
