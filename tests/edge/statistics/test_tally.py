"""Tallies of labels, bounded."""

import pytest

from iot_facerecognition_edge.statistics.tally import OTHERS, SHOWN, Tally


def test_a_tally_ranks_by_count_and_puts_the_small_ones_together() -> None:
    tally = Tally()
    for number in range(1, 13):
        for _ in range(number):
            tally.add(f"label {number}", number / 20)
    slices = tally.slices(percent=True)
    assert len(slices) == SHOWN + 1
    assert (slices[0].label, slices[0].count, slices[0].note) == ("label 12", 12, "max 60 %")
    assert (slices[-1].label, slices[-1].count, slices[-1].note) == (OTHERS, 6, "max 15 %")
    assert sum(part.share for part in slices) == pytest.approx(1)


def test_a_tally_stays_bounded_when_every_label_is_new() -> None:
    tally = Tally(most=3)
    for number in range(1000):
        tally.add(str(number))
    assert [(label, seen.count) for label, seen in tally.ranked()][-1] == (OTHERS, 997)
    assert len(tally.ranked()) == 4
