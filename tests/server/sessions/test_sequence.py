"""Results leave in the order of their frames."""

from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.sessions.sequence import Sequence


@given(st.permutations(list(range(1, 9))))
def test_whatever_the_order_of_completion_results_leave_in_order(order: list[int]) -> None:
    sequence: Sequence[int] = Sequence()
    for number in range(1, 9):
        sequence.begin(number)
    left: list[int] = []
    for position, number in enumerate(order):
        left += sequence.end(number, number)
        finished = set(order[: position + 1])
        ready = next((n for n in range(1, 9) if n not in finished), 9) - 1
        assert left == list(range(1, ready + 1))
