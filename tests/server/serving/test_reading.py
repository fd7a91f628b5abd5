"""A socket that several want paused is read again when none of them does."""

from iot_facerecognition_server.serving.reading import Reading


class Transport:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.closing = False

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def is_closing(self) -> bool:
        return self.closing


def test_reading_goes_on_when_nobody_is_against_it() -> None:
    transport = Transport()
    reading = Reading(transport)  # type: ignore[arg-type]
    reading.release("queue")
    reading.hold("queue")
    reading.hold("flood")
    reading.hold("flood")
    reading.release("queue")
    assert transport.calls == ["pause"]
    reading.release("flood")
    assert transport.calls == ["pause", "resume"]
    reading.hold("queue")
    assert transport.calls == ["pause", "resume", "pause"]


def test_a_transport_that_closes_is_not_resumed() -> None:
    """asyncio's own has let go of its TLS by then, and would raise."""
    transport = Transport()
    reading = Reading(transport)  # type: ignore[arg-type]
    reading.hold("flood")
    transport.closing = True
    reading.release("flood")
    assert transport.calls == ["pause"]
