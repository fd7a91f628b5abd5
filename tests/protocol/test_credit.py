"""The credit window never lets more frames go than it holds, whatever the order of answers."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from iot_facerecognition_protocol import DEFAULT_WINDOW, MOST_WINDOW, CreditWindow

PATIENCE = 5.0


class CreditMachine(RuleBasedStateMachine):
    """Sends and answers frames in any order, compared with a model that is a plain dictionary."""

    frames = Bundle("frames")

    def __init__(self) -> None:
        super().__init__()
        self.window = CreditWindow(patience=PATIENCE)
        self.size = DEFAULT_WINDOW
        self.now = 0.0
        self.total = 0
        self.unanswered: dict[int, float] = {}

    @rule(seconds=st.floats(0.0, 2 * PATIENCE))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(size=st.integers(1, MOST_WINDOW))
    def resize(self, size: int) -> None:
        self.window.resize(size)
        self.size = size

    @precondition(lambda self: len(self.unanswered) < self.size)
    @rule(target=frames)
    def send(self) -> int:
        frame = self.window.sent(self.now)
        self.total += 1
        assert frame == self.window.last == self.total, "frames are numbered from 1, without gaps"
        self.unanswered[frame] = self.now
        return frame

    @precondition(lambda self: len(self.unanswered) >= self.size)
    @rule()
    def send_without_credit(self) -> None:
        with pytest.raises(RuntimeError, match="FRAME_DONE"):
            self.window.sent(self.now)

    @rule(frame=frames)
    def answer(self, frame: int) -> None:
        assert self.window.done(frame) is (frame in self.unanswered)
        self.unanswered.pop(frame, None)

    @rule(frame=st.integers())
    def answer_any_number(self, frame: int) -> None:
        assert self.window.done(frame) is (frame in self.unanswered)
        self.unanswered.pop(frame, None)

    @rule()
    def take_back(self) -> None:
        overdue = [n for n, sent in self.unanswered.items() if self.now - sent >= PATIENCE]
        assert list(self.window.take_back(self.now)) == overdue
        for frame in overdue:
            del self.unanswered[frame]

    @invariant()
    def credit_and_frames_under_way_make_the_window(self) -> None:
        assert self.window.size == self.size
        assert self.window.outstanding == len(self.unanswered)
        assert self.window.available == max(0, self.size - len(self.unanswered))


TestCreditWindow = CreditMachine.TestCase


@pytest.mark.parametrize("size", [1, 2, 7])
def test_window_of_another_size(size: int) -> None:
    window = CreditWindow(size)
    assert [window.sent(0.0) for _ in range(size)] == list(range(1, size + 1))
    assert window.available == 0
    assert window.done(size)
    assert window.sent(0.0) == size + 1


@pytest.mark.parametrize("size", [0, -1])
def test_window_that_holds_nothing_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        CreditWindow(size)


def test_window_is_cut_to_what_any_server_has_use_for() -> None:
    assert CreditWindow(10**9).size == MOST_WINDOW


def test_one_answer_that_never_comes_does_not_narrow_the_window_for_good() -> None:
    window = CreditWindow(2, patience=15.0)
    assert [window.sent(0.0), window.sent(10.0)] == [1, 2]
    assert window.take_back(14.9) == ()
    assert window.take_back(15.0) == (1,)
    assert window.available == 1
    assert not window.done(1), "an answer that comes too late gives no credit a second time"
    assert window.available == 1
    assert window.done(2)
