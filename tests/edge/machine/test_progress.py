"""Whether capture and network make progress, as far as they are wanted."""

from iot_facerecognition_edge.machine.progress import Progress


def test_both_must_move() -> None:
    progress = Progress(capture=10, network=20)
    progress.want(0, capture=True, network=True)
    assert progress.alive(10)
    assert progress.stalled(11) == "the camera"
    progress.capture(15)
    assert progress.stalled(21) == "the network"
    progress.network(21)
    assert progress.alive(22)
    assert progress.stalled(100) == "the camera and the network"


def test_what_is_not_wanted_need_not_move() -> None:
    progress = Progress(capture=10, network=20)
    progress.want(0, capture=False, network=False)
    assert progress.alive(1000)


def test_patience_begins_anew_when_it_is_wanted_again() -> None:
    progress = Progress(capture=10, network=20)
    progress.want(1000, capture=True, network=False)
    assert progress.alive(1010)
    assert not progress.alive(1011)
