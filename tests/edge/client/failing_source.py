"""A source of frames that has none."""

from iot_facerecognition_client.sources.interface import SourceError, SourceFrame


class FailingSource:
    """A camera that was unplugged."""

    size = (1, 1)

    def start(self) -> None:
        """Be ready, it seems."""

    def stop(self) -> None:
        """Hold nothing."""

    def next_frame(self) -> SourceFrame | None:
        raise SourceError("camera 0 stopped delivering pictures")
