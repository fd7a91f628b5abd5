"""Pairing codes: one at a time for a name, ten in all, for minutes and for ten tries."""

import re

import pytest

from iot_facerecognition_server.trust.pairing import (
    MOST_TRIES,
    Outcome,
    PairingError,
    Pairings,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pairings(clock: Clock) -> Pairings:
    return Pairings(clock)


def test_a_code_has_nine_digits_and_is_not_like_the_last(pairings: Pairings) -> None:
    codes = set()
    for _ in range(200):
        offer = pairings.open("kitchen")
        assert re.fullmatch("[0-9]{9}", offer.code.digits)
        codes.add(offer.code.digits[1:])
    assert len(codes) > 195


def test_a_code_is_found_by_its_slot_and_ends_with_its_use(pairings: Pairings) -> None:
    kitchen, hall = pairings.open("kitchen"), pairings.open("hall")
    assert pairings.begin(hall.code.slot) is hall
    assert pairings.begin(kitchen.code.slot) is kitchen
    pairings.claim(hall)
    pairings.end(hall, Outcome.PAIRED, "192.0.2.7")
    with pytest.raises(PairingError, match="not valid"):
        pairings.begin(hall.code.slot)
    assert pairings.open_offers == (kitchen,)


def test_a_code_expires(pairings: Pairings, clock: Clock) -> None:
    ended = []
    offer = pairings.open("kitchen", 60)
    offer.when_ended.append(lambda: ended.append(offer.outcome))
    clock.now += 59.9
    assert pairings.begin(offer.code.slot) is offer
    clock.now += 0.1
    with pytest.raises(PairingError, match="pair NAME"):
        pairings.begin(offer.code.slot)
    assert ended == [Outcome.EXPIRED]


def test_an_offer_that_is_being_used_does_not_expire(pairings: Pairings, clock: Clock) -> None:
    offer = pairings.open("kitchen", 60)
    pairings.claim(pairings.begin(offer.code.slot))
    clock.now += 61
    assert pairings.open_offers == (offer,)
    assert offer.outcome is None


def test_only_one_device_can_claim_a_code(pairings: Pairings) -> None:
    offer = pairings.open("kitchen")
    first, second = pairings.begin(offer.code.slot), pairings.begin(offer.code.slot)
    pairings.claim(first)
    with pytest.raises(PairingError, match="meanwhile"):
        pairings.claim(second)


def test_the_tenth_wrong_try_voids_a_code(pairings: Pairings) -> None:
    offer = pairings.open("kitchen")
    for _ in range(MOST_TRIES):
        assert offer.outcome is None
        pairings.fail(pairings.begin(offer.code.slot))
    assert offer.outcome is Outcome.GUESSED
    with pytest.raises(PairingError):
        pairings.begin(offer.code.slot)


def test_another_code_for_a_name_takes_the_place_of_the_first(pairings: Pairings) -> None:
    first = pairings.open("kitchen")
    second = pairings.open("kitchen")
    assert first.outcome is Outcome.WITHDRAWN
    assert pairings.open_offers == (second,)
    pairings.withdraw("kitchen")
    pairings.withdraw("kitchen")
    assert second.outcome is Outcome.WITHDRAWN


def test_ten_codes_are_valid_at_a_time(pairings: Pairings, clock: Clock) -> None:
    slots = {pairings.open(f"edge-{n}").code.slot for n in range(10)}
    assert slots == set(range(10))
    with pytest.raises(PairingError, match="10 pairing codes"):
        pairings.open("one more")
    clock.now += 301
    assert pairings.open("one more").code.slot in range(10)


@pytest.mark.parametrize(
    ("name", "seconds"), [("", 60), ("a\nb", 60), ("x" * 65, 60), ("kitchen", 0), ("kitchen", 3601)]
)
def test_what_cannot_be_offered_is_reported(pairings: Pairings, name: str, seconds: float) -> None:
    with pytest.raises(PairingError):
        pairings.open(name, seconds)


def test_a_code_is_shown_by_no_accident(pairings: Pairings) -> None:
    offer = pairings.open("kitchen")
    assert offer.code.digits[1:] not in repr(offer)
