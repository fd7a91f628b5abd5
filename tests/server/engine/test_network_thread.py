import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.engine.network_thread import NetworkThread, WaitingItems


def test_whatever_waits_is_taken_up_to_a_batch():
    waiting = WaitingItems[int](4, lambda _: None)
    waiting.put(range(6))
    assert waiting.take() == [0, 1, 2, 3]
    assert waiting.take() == [4, 5]
    assert waiting.take() == []


def test_a_batch_is_of_the_kind_that_has_waited_longest():
    waiting = WaitingItems[str](3, len)
    waiting.put(["aa", "b", "cc", "d", "ee", "ff"])
    assert waiting.take() == ["aa", "cc", "ee"]
    assert waiting.take() == ["b", "d"]
    assert waiting.take() == ["ff"]


@given(st.lists(st.integers(0, 3)), st.integers(1, 5))
def test_nothing_is_lost_and_kinds_keep_their_order(kinds, batch_size):
    waiting = WaitingItems[tuple[int, int]](batch_size, lambda item: item[1])
    waiting.put(enumerate(kinds))
    taken = []
    while batch := waiting.take():
        assert len(batch) <= batch_size
        assert len({kind for _, kind in batch}) == 1
        taken += batch
    assert sorted(taken) == list(enumerate(kinds))
    for kind in set(kinds):
        assert [item for item in taken if item[1] == kind] == sorted(
            item for item in taken if item[1] == kind
        )


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        WaitingItems[int](0, lambda _: None)


class HeldNetwork:
    """Keeps the thread in its first batch until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def run(self, batch) -> None:
        self.batches.append(list(batch))
        self.begun.set()
        assert self.let_go.wait(10)


def test_a_lone_item_is_run_at_once_and_the_next_batch_gathers_meanwhile():
    network = HeldNetwork()
    thread = NetworkThread("descriptor", network.run, 8)
    thread.put([1])
    assert network.begun.wait(10)
    for item in range(2, 12):
        thread.put([item])
    network.let_go.set()
    thread.close()
    assert network.batches == [[1], [2, 3, 4, 5, 6, 7, 8, 9], [10, 11]]


def test_closing_finishes_what_waits():
    done: list[int] = []
    thread = NetworkThread("classifier", done.extend, 2)
    thread.put(range(9))
    thread.close()
    assert done == list(range(9))
    assert thread.stalled_seconds() == 0


def test_it_tells_how_long_it_stands():
    now = [100.0]
    network = HeldNetwork()
    thread = NetworkThread("detector", network.run, 8, clock=lambda: now[0])
    assert thread.stalled_seconds() == 0
    thread.put([1])
    assert network.begun.wait(10)
    now[0] = 107.0
    assert thread.stalled_seconds() == 7
    network.let_go.set()
    thread.close()
    assert thread.stalled_seconds() == 0
