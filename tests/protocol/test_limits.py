"""Sizes are measured as they travel, and a refusal names the limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import ErrorCode, LimitExceededError, Limits, ProtocolError

LIMITS = Limits(frame_bytes=1000, text_bytes=10)


@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=20))
def test_text_is_measured_in_bytes(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) <= 10:
        LIMITS.check_text(text)
    else:
        with pytest.raises(LimitExceededError) as refused:
            LIMITS.check_text(text)
        assert refused.value.code is ErrorCode.TEXT_TOO_LARGE


@pytest.mark.parametrize(
    ("size", "code"),
    [(0, ErrorCode.FRAME_EMPTY), (1, None), (1000, None), (1001, ErrorCode.FRAME_TOO_LARGE)],
)
def test_frame_by_its_size(size: int, code: ErrorCode | None) -> None:
    if code is None:
        LIMITS.check_frame(size)
        return
    with pytest.raises(ProtocolError) as refused:
        LIMITS.check_frame(size)
    assert isinstance(refused.value, LimitExceededError)
    assert refused.value.code is code


def test_refusal_names_limit_and_key() -> None:
    with pytest.raises(LimitExceededError, match=r"at most 1000 bytes here \(\[Limits\] Frame"):
        LIMITS.check_frame(5000)
    with pytest.raises(LimitExceededError, match=r"at most 10 bytes here \(\[Limits\] TextBytes"):
        LIMITS.check_text("x" * 11)


@pytest.mark.parametrize("name", ["frame_bytes", "pixels", "text_bytes"])
def test_limit_that_nothing_could_pass_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is at least 1, not 0"):
        Limits(**{name: 0})


@pytest.mark.parametrize("rate", [-1.0, float("nan")])
def test_rate_below_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="frame_rate"):
        Limits(frame_rate=rate)
