"""What one client may send, and how a message past a limit is refused: decisions without I/O."""

from iot_facerecognition_protocol.errors import ErrorCode, LimitExceededError
from iot_facerecognition_protocol.records import dataclass

NAME_LENGTH = 64
"""Longest name in characters; a longer one is cut."""
MESSAGE_LENGTH = 1000
"""Longest `MESSAGE` in characters; a longer one is cut where it is read.

Even when each is escaped to twelve (`\\ud83d\\ude00`) it fits into the default `text_bytes`.
"""
LABEL_COUNT_MIN = 1
LABEL_COUNT_MAX = 1000
"""ImageNet has 1000 classes: no classifier here has more to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server takes from one client; the defaults are those of its configuration.

    A server may be configured otherwise and does not announce it: a client learns of a limit from
    the refusal. Raises ValueError for limits that nothing could pass.
    """

    frame_bytes: int = 4_000_000
    """Largest JPEG."""
    pixels: int = 9_000_000
    """Largest picture, width times height as its header tells; checked by who reads headers."""
    text_bytes: int = 16_384
    """Largest text message, in bytes of UTF-8."""
    frame_rate: float = 60.0
    """Most frames a second in the long run; 0: any."""

    def __post_init__(self) -> None:
        for name in ("frame_bytes", "pixels", "text_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if not self.frame_rate >= 0:
            raise ValueError(f"frame_rate is 0 (any) or more, not {self.frame_rate}")

    def check_text(self, text: str) -> None:
        """Raise LimitExceededError when `text` has more bytes than a text message may have."""
        # What has too many characters has too many bytes: then nothing is encoded to count them.
        if (
            len(text) > self.text_bytes
            or len(text.encode("utf-8", "surrogatepass")) > self.text_bytes
        ):
            raise LimitExceededError(
                ErrorCode.TEXT_TOO_LARGE,
                f"a text message has at most {self.text_bytes} bytes here ([Limits] TextBytes)",
            )

    def check_frame(self, size: int) -> None:
        """Raise LimitExceededError when no frame may have `size` bytes."""
        if size < 1:
            raise LimitExceededError(ErrorCode.FRAME_EMPTY, "the frame has no bytes")
        if size > self.frame_bytes:
            raise LimitExceededError(
                ErrorCode.FRAME_TOO_LARGE,
                f"a frame has at most {self.frame_bytes} bytes here ([Limits] FrameBytes)",
            )
