"""The credit window never lets more frames go than it holds, whatever the order of answers."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from iot_facerecognition_protocol import DEFAULT_WINDOW, CreditWindow


class CreditMachine(RuleBasedStateMachine):
    """Sends and answers frames in any order, beside a model that is a plain set."""

    frames = Bundle("frames")

    def __init__(self) -> None:
        super().__init__()
        self.window = CreditWindow()
        self.total = 0
        self.unanswered: set[int] = set()

    @precondition(lambda self: len(self.unanswered) < DEFAULT_WINDOW)
    @rule(target=frames)
    def send(self) -> int:
        frame = self.window.sent()
        self.total += 1
        assert frame == self.total, "frames are numbered from 1, without gaps"
        self.unanswered.add(frame)
        return frame

    @precondition(lambda self: len(self.unanswered) == DEFAULT_WINDOW)
    @rule()
    def send_without_credit(self) -> None:
        with pytest.raises(RuntimeError, match="FRAME_DONE"):
            self.window.sent()

    @rule(frame=frames)
    def answer(self, frame: int) -> None:
        assert self.window.done(frame) is (frame in self.unanswered)
        self.unanswered.discard(frame)

    @rule(frame=st.integers())
    def answer_any_number(self, frame: int) -> None:
        assert self.window.done(frame) is (frame in self.unanswered)
        self.unanswered.discard(frame)

    @invariant()
    def credit_and_frames_under_way_make_the_window(self) -> None:
        assert self.window.outstanding == len(self.unanswered)
        assert self.window.available == DEFAULT_WINDOW - len(self.unanswered)
        assert 0 <= self.window.available <= DEFAULT_WINDOW


TestCreditWindow = CreditMachine.TestCase


@pytest.mark.parametrize("size", [1, 2, 7])
def test_window_of_another_size(size: int) -> None:
    window = CreditWindow(size)
    assert [window.sent() for _ in range(size)] == list(range(1, size + 1))
    assert window.available == 0
    assert window.done(size)
    assert window.sent() == size + 1


@pytest.mark.parametrize("size", [0, -1])
def test_window_that_holds_nothing_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        CreditWindow(size)
