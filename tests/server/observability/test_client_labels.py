"""Labels stay distinct and few, whatever clients call themselves."""

from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.observability.client_labels import (
    OTHER,
    RENAMES,
    ClientLabels,
    IdentityLabels,
    LabelBudget,
    LabelLimits,
)


def labels(most: int = 1000, memory: float = 100.0) -> ClientLabels:
    return ClientLabels(LabelBudget(most, memory))


def test_second_client_of_a_name_gets_a_number_and_the_first_keeps_the_name() -> None:
    given_out = labels()
    assert given_out.enter(1, "kitchen", 0) == "kitchen"
    assert given_out.enter(2, "kitchen", 0) == "kitchen~2"
    given_out.leave(1, 0)
    assert given_out.enter(3, "kitchen", 0) == "kitchen"
    assert given_out.rename(2, "door", 0) == "door"


def test_client_that_renames_itself_a_thousand_times_keeps_its_fourth_label() -> None:
    given_out = labels()
    seen = {given_out.enter(1, "name", 0)}
    for i in range(1000):
        seen.add(given_out.rename(1, f"name{i}", 0))
    assert len(seen) == 1 + RENAMES


def test_client_that_comes_back_under_a_thousand_names_uses_up_the_budget_and_is_other() -> None:
    given_out = labels(most=10)
    seen = set()
    for i in range(1000):
        seen.add(given_out.enter(i, f"name{i}", float(i)))
        given_out.leave(i, float(i))
    assert OTHER in seen
    # A hundred seconds of memory: ten names a hundred seconds.
    assert len(seen) <= 10 * (1000 // 100 + 1) + 1


def test_name_that_looks_like_a_numbered_label_is_told_apart() -> None:
    given_out = labels()
    shown = [given_out.enter(i, name, 0) for i, name in enumerate(["a", "a", "a~2", "a-2"])]
    assert len(set(shown)) == 4


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["", "a", "a~2", "b", OTHER, "a-2"])),
        max_size=60,
    )
)
def test_labels_in_use_are_always_distinct(steps: list[tuple[int, str]]) -> None:
    given_out = labels(most=3, memory=10)
    held: dict[int, str] = {}
    for now, (key, name) in enumerate(steps):
        if name == "" and key in held:
            given_out.leave(key, now)
            del held[key]
        elif key in held:
            held[key] = given_out.rename(key, name, now)
        else:
            held[key] = given_out.enter(key, name, now)
        assert len(set(held.values())) == len(held)


def test_names_of_one_identity_are_told_apart_and_those_of_two_need_not_be() -> None:
    given_out = IdentityLabels(LabelLimits())
    assert given_out.enter(1, "first", "kitchen", 0) == ("first", "kitchen")
    assert given_out.enter(2, "first", "kitchen", 0) == ("first", "kitchen~2")
    assert given_out.enter(3, "second", "kitchen", 0) == ("second", "kitchen")
    assert given_out.rename(2, "door", 0) == ("first", "door")


def test_each_identity_has_its_own_names() -> None:
    given_out = IdentityLabels(LabelLimits(names=10))
    for key in range(100):
        given_out.enter(key, "greedy", f"name {key}", 0)
    assert given_out.enter(100, "honest", "kitchen", 0) == ("honest", "kitchen")
    assert given_out.enter(101, "greedy", "one more", 0)[1].startswith(OTHER)


def test_identities_are_bounded_too_and_make_room_after_a_while() -> None:
    given_out = IdentityLabels(LabelLimits(identities=10, memory=100.0))
    for key in range(20):
        given_out.enter(key, f"10.0.0.{key}", "?", float(key))
        given_out.leave(key, float(key))
    assert given_out.enter(20, "10.0.1.1", "?", 20.0) == (OTHER, "?")
    assert given_out.enter(21, "10.0.1.2", "?", 200.0) == ("10.0.1.2", "?")
