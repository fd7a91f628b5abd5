"""What an edge, the server and a controller say of one update, in whatever order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_protocol import UpdateReport, UpdateState
from iot_facerecognition_server.fleet.edge import Edge, UpdateStage
from iot_facerecognition_server.fleet.updates import (
    FleetRequestError,
    acknowledge,
    lose,
    settle,
    take_controller_report,
    take_report,
    want,
)

EDGE = Edge("kitchen", reported="1.2.0")


def said(edge: Edge, state: str, attempt: str = "a1", version: str = "1.3.0") -> Edge:
    return take_report(edge, UpdateReport(version, state, attempt, "1.2.0"), 100.0)


def told(edge: Edge, stage: str) -> Edge:
    return take_controller_report(edge, stage, 100.0, version=None, reason=None)


def test_an_update_from_wish_to_end() -> None:
    edge = want(EDGE, "1.3.0", 1.0)
    assert (edge.stage, edge.desired) == (UpdateStage.PENDING, "1.3.0")
    stages = []
    for state in (UpdateState.INSTALLING, UpdateState.PROBATION, UpdateState.PROBATION):
        edge = said(edge, state)
        stages.append(edge.stage)
    assert stages == [UpdateStage.INSTALLING, UpdateStage.PROBATION, UpdateStage.PROBATION]
    edge = acknowledge(edge, 200.0)
    assert edge.update is not None
    assert (edge.stage, edge.update.since) == (UpdateStage.GOOD, 200.0)
    assert (edge.update.version, edge.update.from_version) == ("1.3.0", "1.2.0")
    for state in (UpdateState.PROBATION, UpdateState.GOOD):  # it has not heard yet, then it has
        assert said(edge, state) == edge


def test_edge_that_repeats_itself_stays_since_when_it_was() -> None:
    edge = take_report(EDGE, UpdateReport("1.3.0", UpdateState.INSTALLING, "a1"), 10.0)
    again = take_report(edge, UpdateReport("1.3.0", UpdateState.INSTALLING, "a1"), 99.0)
    assert again == edge


def test_old_news_of_the_update_before_change_nothing() -> None:
    good = acknowledge(said(EDGE, UpdateState.PROBATION), 5.0)
    pending = want(replace(good, reported="1.3.0"), "1.4.0", 6.0)
    assert pending.stage is UpdateStage.PENDING
    for state in UpdateState:
        assert said(pending, state, "a1") == pending
    assert said(pending, UpdateState.INSTALLING, "a2", "1.4.0").stage is UpdateStage.INSTALLING


def test_edge_that_only_claims_to_be_good_is_put_on_probation() -> None:
    pending = want(EDGE, "1.3.0", 1.0)
    for before in (
        pending,
        said(pending, UpdateState.INSTALLING),
        lose(said(pending, UpdateState.PROBATION), 2.0, "silent"),
    ):
        assert said(before, UpdateState.GOOD).stage is UpdateStage.PROBATION


def test_claim_of_another_attempt_is_worth_no_more() -> None:
    good = acknowledge(said(EDGE, UpdateState.PROBATION), 5.0)
    assert said(good, UpdateState.GOOD, "a2", "1.4.0").stage is UpdateStage.PROBATION


def test_update_from_before_this_record_is_believed() -> None:
    assert said(EDGE, UpdateState.GOOD).stage is UpdateStage.GOOD


def test_acknowledgement_that_did_not_arrive_ends_in_a_rollback() -> None:
    good = acknowledge(said(EDGE, UpdateState.PROBATION), 5.0)
    back = take_report(good, UpdateReport("1.3.0", "rolled-back", "a1", "1.2.0", "no word"), 9.0)
    assert back.update is not None
    assert (back.stage, back.update.reason) == (UpdateStage.ROLLED_BACK, "no word")


def test_rolled_back_update_is_pending_again_only_when_it_is_wanted_again() -> None:
    back = said(said(want(EDGE, "1.3.0", 1.0), UpdateState.INSTALLING), UpdateState.ROLLED_BACK)
    assert settle(back, 9.0) == back
    assert want(back, "1.3.0", 9.0).stage is UpdateStage.PENDING
    assert want(back, "1.2.0", 9.0).update is None, "what it reports is wanted: nothing is to do"


def test_skipped_update_may_go_on_by_itself() -> None:
    skipped = said(want(EDGE, "1.3.0", 1.0), UpdateState.SKIPPED)
    assert said(skipped, UpdateState.INSTALLING).stage is UpdateStage.INSTALLING


def test_another_version_on_the_disk_than_the_wanted_one_is_pending() -> None:
    wanted = want(EDGE, "1.2.0", 1.0)
    assert wanted.update is None
    assert settle(replace(wanted, reported="1.1.0"), 2.0).stage is UpdateStage.PENDING
    pending = want(EDGE, "1.3.0", 1.0)
    assert settle(replace(pending, reported="1.3.0"), 2.0).update is None


def test_update_in_progress_goes_on_when_something_else_is_wanted() -> None:
    installing = said(want(EDGE, "1.3.0", 1.0), UpdateState.INSTALLING)
    other = want(installing, "1.4.0", 2.0)
    assert (other.update, other.desired) == (installing.update, "1.4.0")
    good = acknowledge(said(other, UpdateState.PROBATION), 3.0)
    following = settle(replace(good, reported="1.3.0"), 4.0)
    assert following.update is not None
    assert (following.stage, following.update.version) == (UpdateStage.PENDING, "1.4.0")


def test_edge_of_which_no_version_is_wanted_has_nothing_pending() -> None:
    assert settle(EDGE, 1.0) == EDGE


def test_lost_edge_is_found_by_whatever_it_says() -> None:
    lost = lose(said(want(EDGE, "1.3.0", 1.0), UpdateState.INSTALLING), 2.0, "nothing was heard")
    assert lost.update is not None
    assert (lost.stage, lost.update.reason) == (UpdateStage.LOST, "nothing was heard")
    assert want(lost, "1.3.0", 3.0) == lost
    assert said(lost, UpdateState.PROBATION).stage is UpdateStage.PROBATION
    assert said(lost, UpdateState.ROLLED_BACK).stage is UpdateStage.ROLLED_BACK
    assert take_report(lost, None, 3.0).stage is UpdateStage.PENDING


def test_controller_says_what_the_edge_cannot() -> None:
    pending = want(EDGE, "1.3.0", 1.0)
    skipped = take_controller_report(
        pending, "skipped", 2.0, version=None, reason="unhealthy\nbefore"
    )
    assert skipped.update is not None
    assert (skipped.stage, skipped.update.reason) == (UpdateStage.SKIPPED, "unhealthy before")
    assert skipped.update.version == "1.3.0"
    installing = told(pending, "installing")
    assert told(installing, "lost").stage is UpdateStage.LOST
    assert said(installing, UpdateState.PROBATION).stage is UpdateStage.PROBATION


def test_controller_does_not_set_back_what_the_edge_has_said() -> None:
    probation = said(told(want(EDGE, "1.3.0", 1.0), "installing"), UpdateState.PROBATION)
    assert told(probation, "installing") == probation
    with pytest.raises(FleetRequestError, match="kitchen: an update that is probation cannot"):
        told(probation, "skipped")


def test_controllers_word_on_an_update_that_is_over_begins_another() -> None:
    good = acknowledge(said(EDGE, UpdateState.PROBATION), 5.0)
    installing = take_controller_report(good, "installing", 6.0, version="1.4.0", reason=None)
    assert installing.update is not None
    assert (installing.update.version, installing.update.attempt) == ("1.4.0", None)
    assert said(installing, UpdateState.GOOD) == installing, "the edge still speaks of the old one"


@pytest.mark.parametrize("stage", ["good", "probation", "pending", "broken"])
def test_controller_cannot_say_what_only_others_know(stage: str) -> None:
    with pytest.raises(FleetRequestError, match="it is installing, rolled-back, skipped or lost"):
        told(EDGE, stage)


@pytest.mark.parametrize("version", ["", "new one", "-1", "1" * 65, "1\n", "é"])
def test_what_is_no_version_cannot_be_wanted(version: str) -> None:
    with pytest.raises(FleetRequestError, match="is no version"):
        want(EDGE, version, 1.0)
    with pytest.raises(FleetRequestError, match="is no version"):
        take_controller_report(EDGE, "skipped", 1.0, version=version, reason=None)


MOVES = st.lists(
    st.tuples(st.sampled_from(["said", "told", "wanted", "silent", "heard"]), st.integers(0, 99)),
    max_size=30,
)


@given(MOVES)
def test_good_is_never_reached_without_an_acknowledgement(moves: list[tuple[str, int]]) -> None:
    edge = want(EDGE, "1.3.0", 0.0)
    for move, number in moves:
        match move:
            case "said":
                edge = said(edge, tuple(UpdateState)[number % 5], f"a{number % 3}")
            case "told":
                stage = ("installing", "skipped", "rolled-back", "lost")[number % 4]
                try:
                    edge = told(edge, stage)
                except FleetRequestError:
                    continue
            case "wanted":
                edge = want(edge, ("1.3.0", "1.4.0")[number % 2], 1.0)
            case "silent":
                edge = lose(edge, 1.0, "")
            case _:
                edge = settle(replace(edge, reported=("1.2.0", "1.4.0")[number % 2]), 1.0)
        if edge.update is None:
            edge = want(replace(edge, reported="1.0.0"), "1.3.0", 1.0)
        assert edge.stage is not UpdateStage.GOOD
