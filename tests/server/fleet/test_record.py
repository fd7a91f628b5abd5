"""The record of the fleet: what connections, operators and time make of it."""

from dataclasses import replace

import pytest

from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from iot_facerecognition_server.fleet import record as record_module
from iot_facerecognition_server.fleet.edge import Acknowledgement, Edge, Update, UpdateStage
from iot_facerecognition_server.fleet.updates import FleetRequestError

from .fleet_of_one import EPOCH, ON_PROBATION, Lab, running

EARNED = Acknowledgement("1.3.0", "a1")


def test_edge_is_on_record_from_its_first_connection() -> None:
    lab = Lab()
    connection = lab.join()
    lab.record.rename(connection, "Küche", lab.moment)
    lab.stream(connection, 20, 15, running("1.2.0"))
    edge = lab.edge()
    assert (edge.name, edge.address, edge.connected) == ("Küche", "192.0.2.7", True)
    assert (edge.running, edge.reported, edge.desired) == ("1.2.0", "1.2.0", None)
    assert edge.rate == 15.0
    assert edge.first_seen == EPOCH + 1000
    assert edge.last_seen == pytest.approx(EPOCH + lab.now, abs=0.1)
    lab.record.leave(connection, lab.moment)
    lab.now += 100
    gone = lab.edge()
    assert (gone.connected, gone.running, gone.rate) == (False, None, 0.0)
    assert (gone.reported, gone.last_seen) == ("1.2.0", EPOCH + lab.now - 100)


def test_what_lies_on_the_disk_is_reported_beside_what_runs() -> None:
    lab = Lab()
    lab.health(lab.join(), Health(version="1.2.0", installed="1.3.0"))
    assert (lab.edge().running, lab.edge().reported) == ("1.2.0", "1.3.0")


def test_edge_on_probation_that_streams_is_acknowledged_once_and_again_when_it_asks() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 59, 15, ON_PROBATION)
    assert lab.sent == []
    reason = lab.edge().update
    assert reason is not None
    assert reason.reason == "59 of 60 s at its rate"
    lab.stream(connection, 1)
    assert lab.sent == [(connection, EARNED)]
    assert lab.edge().stage is UpdateStage.GOOD
    lab.stream(connection, 9)
    assert len(lab.sent) == 1, "it is not sent by itself"
    lab.health(connection, ON_PROBATION)
    assert lab.sent == [(connection, EARNED)] * 2, "the edge has not heard of it"
    lab.health(connection, running("1.3.0", UpdateState.GOOD))
    assert len(lab.sent) == 2


def test_edge_at_half_its_rate_is_never_acknowledged() -> None:
    lab = Lab()
    lab.stream(lab.join(), 300, 7, ON_PROBATION)
    assert lab.sent == []
    update = lab.edge().update
    assert update is not None
    assert update.stage is UpdateStage.PROBATION
    assert update.reason is not None
    assert "7 frames a second arrived, 12 are needed" in update.reason


def test_rate_before_the_update_counts_where_it_was_lower() -> None:
    """An edge that has never done what it is set to is not rolled back for that."""
    lab = Lab()
    before = lab.join()
    lab.stream(before, 70, 8, running("1.2.0"))
    lab.health(before, running("1.2.0", UpdateState.INSTALLING))
    lab.record.leave(before, lab.moment)
    lab.now += 30
    lab.stream(lab.join(), 61, 7, ON_PROBATION)
    assert lab.edge().stage is UpdateStage.GOOD


def test_rate_of_the_probation_itself_is_not_the_one_before() -> None:
    lab = Lab()
    first = lab.join()
    lab.stream(first, 70, 15, running("1.2.0"))
    lab.stream(first, 30, 4, running("1.2.0", UpdateState.INSTALLING))
    lab.record.leave(first, lab.moment)
    lab.stream(lab.join(), 200, 7, ON_PROBATION)
    assert lab.edge().stage is UpdateStage.PROBATION


def test_rate_while_a_controller_installs_is_not_the_one_before() -> None:
    lab = Lab()
    first = lab.join()
    lab.stream(first, 70, 15, running("1.2.0"))
    lab.record.report("kitchen", "installing", "1.3.0", None, lab.moment)
    lab.stream(first, 70, 4, running("1.2.0"))
    lab.record.leave(first, lab.moment)
    lab.stream(lab.join(), 120, 7, ON_PROBATION)
    assert lab.edge().stage is UpdateStage.PROBATION


def test_hang_starts_the_time_again() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 50, 15, ON_PROBATION)
    lab.stream(connection, 15, 0)
    lab.stream(connection, 55, 15, ON_PROBATION)
    assert lab.sent == []
    lab.stream(connection, 15, 15)
    assert lab.sent == [(connection, EARNED)]


def test_disconnect_starts_the_time_again() -> None:
    lab = Lab()
    first = lab.join()
    lab.stream(first, 50, 15, ON_PROBATION)
    lab.record.leave(first, lab.moment)
    second = lab.join()
    lab.stream(second, 50, 15, ON_PROBATION)
    assert lab.sent == []
    lab.stream(second, 10)
    assert lab.sent == [(second, EARNED)]


def test_newer_connection_starts_the_time_again_and_only_its_frames_count() -> None:
    lab = Lab()
    old = lab.join()
    lab.stream(old, 50, 15, ON_PROBATION)
    new = lab.join()
    lab.health(new, ON_PROBATION)
    lab.stream(old, 200, 15, ON_PROBATION)
    assert lab.sent == []
    lab.record.leave(new, lab.moment)
    lab.stream(old, 60, 15, ON_PROBATION)
    assert lab.sent == [(old, EARNED)]


def test_version_that_does_not_run_is_not_acknowledged() -> None:
    lab = Lab()
    lab.stream(lab.join(), 120, 15, running("1.2.0", UpdateState.PROBATION))
    assert lab.sent == []
    assert lab.edge().stage is UpdateStage.PROBATION


def test_attempt_and_version_of_another_edge_earn_nothing_for_either() -> None:
    lab = Lab()
    kitchen, thief = lab.join("kitchen"), lab.join("thief")
    lab.health(kitchen, ON_PROBATION)
    lab.stream(thief, 59, 15, ON_PROBATION)
    assert lab.sent == []
    lab.stream(thief, 2)
    assert lab.sent == [(thief, EARNED)], "by its own frames, and to itself"
    assert lab.edge("kitchen").stage is UpdateStage.PROBATION
    lab.health(kitchen, ON_PROBATION)
    assert len(lab.sent) == 1


def test_acknowledged_attempt_says_nothing_of_the_next_one() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 60, 15, ON_PROBATION)
    other = running("1.4.0", UpdateState.PROBATION, attempt="a2", to="1.4.0")
    lab.health(connection, other)
    lab.health(connection, running("1.3.0", UpdateState.PROBATION, attempt="a2", to="1.4.0"))
    assert len(lab.sent) == 1
    assert lab.edge().stage is UpdateStage.PROBATION


def test_acknowledged_attempt_is_worth_nothing_for_another_version() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 60, 15, ON_PROBATION)
    lab.health(connection, running("1.4.0", UpdateState.PROBATION, to="1.4.0"))
    lab.health(
        connection, running("1.2.0", UpdateState.PROBATION)
    )  # it claims, and runs the old one
    assert len(lab.sent) == 1


def test_edge_that_did_not_hear_is_told_again_though_something_else_is_wanted_by_now() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 60, 15, ON_PROBATION)
    lab.record.want("kitchen", "1.4.0", lab.moment)
    assert lab.edge().stage is UpdateStage.PENDING
    lab.health(connection, ON_PROBATION)
    assert lab.sent == [(connection, EARNED)] * 2


def test_frames_of_the_update_before_earn_nothing_for_the_present_one() -> None:
    lab = Lab()
    connection = lab.join()
    lab.health(connection, running("1.2.0", UpdateState.ROLLED_BACK))
    other = running("1.4.0", UpdateState.PROBATION, attempt="a2", to="1.4.0")
    lab.health(connection, other)
    lab.stream(connection, 120, 15, ON_PROBATION)
    assert lab.sent == []
    update = lab.edge().update
    assert update is not None
    assert (update.stage, update.attempt) == (UpdateStage.PROBATION, "a2")


def test_name_that_an_edge_gives_itself_is_not_its_identity() -> None:
    lab = Lab()
    lab.record.rename(lab.join("cellar"), "kitchen", lab.moment)
    assert lab.record.edge("kitchen", lab.moment) is None
    assert lab.edge("cellar").name == "kitchen"


def test_silent_edge_in_mid_update_is_lost_and_found_again() -> None:
    lab = Lab()
    connection = lab.join()
    lab.health(connection, running("1.2.0", UpdateState.INSTALLING))
    lab.record.leave(connection, lab.moment)
    lab.now += 899
    lab.look()
    assert lab.edge().stage is UpdateStage.INSTALLING
    lab.now += 1
    lab.look()
    update = lab.edge().update
    assert update is not None
    assert (update.stage, update.reason) == (UpdateStage.LOST, "nothing was heard of it for 900 s")
    lab.health(lab.join(), ON_PROBATION)
    assert lab.edge().stage is UpdateStage.PROBATION
    assert lab.moves == [f"kitchen {stage}" for stage in ("installing", "lost", "probation")]


def test_server_that_was_away_gives_edges_their_time() -> None:
    update = Update(UpdateStage.PROBATION, EPOCH - 5000.0, "1.3.0", attempt="a1")
    lab = Lab((Edge("kitchen", last_seen=EPOCH - 5000.0, update=update),))
    lab.look()
    assert lab.edge().stage is UpdateStage.PROBATION
    lab.now += 900
    lab.look()
    assert lab.edge().stage is UpdateStage.LOST


def test_acknowledgement_outlives_the_server() -> None:
    lab = Lab()
    lab.stream(lab.join(), 60, 15, ON_PROBATION)
    restarted = Lab(lab.record.edges(lab.moment))
    connection = restarted.join()
    restarted.health(connection, ON_PROBATION)
    assert restarted.sent == [(connection, EARNED)]


def test_edge_that_comes_without_an_update_has_what_is_wanted_pending() -> None:
    lab = Lab()
    lab.record.want("kitchen", "1.3.0", lab.moment)
    assert (lab.edge().stage, lab.edge().first_seen) == (UpdateStage.PENDING, None)
    connection = lab.join()
    lab.health(connection, running("1.2.0"))
    assert lab.edge().stage is UpdateStage.PENDING
    lab.health(connection, running("1.3.0"))
    assert lab.edge().update is None


HOSTILE = [
    Health(version="x" * 5000, update=UpdateReport("1.3.0", "probation", "a1")),
    Health(version="1.3.0", update=UpdateReport("\x1b[2J", "probation", "a1")),
    Health(version="1.3.0", update=UpdateReport("1.3.0", "probation", "a\n1")),
    Health(version="1.3.0", update=UpdateReport("1.3.0", "probation", "a" * 65)),
    Health(version="1.3.0", update=UpdateReport("1.3.0", "conquered", "a1")),
    Health(version="1.3.0", update=UpdateReport("", "", "")),
]


@pytest.mark.parametrize("health", HOSTILE)
def test_update_that_cannot_be_leaves_nothing_and_earns_nothing(health: Health) -> None:
    lab = Lab()
    neighbour = lab.join("neighbour")
    lab.stream(lab.join("hostile"), 120, 15, health)
    assert lab.sent == []
    assert lab.edge("hostile").update is None or lab.edge("hostile").running is None
    lab.stream(neighbour, 60, 15, ON_PROBATION)
    assert lab.sent == [(neighbour, EARNED)]


def test_what_an_edge_says_is_bounded() -> None:
    lab = Lab()
    reason = "why\u202e\n" * 10_000
    report = UpdateReport("1.3.0", "rolled-back", "a1", "from\0", reason)
    health = Health(drops=10**300, camera="c" * 9999, uptime=1e300, version="1.2.0", update=report)
    lab.health(lab.join(), health)
    edge = lab.edge()
    assert edge.update is not None
    assert edge.update.reason is not None
    assert len(edge.update.reason) <= 200
    assert edge.update.reason.isprintable()
    assert edge.update.from_version is None
    assert edge.health == replace(
        Health(camera="c" * 64, version="1.2.0"),
        update=replace(report, from_version=None, reason=edge.update.reason),
    )


def test_controller_reports_of_an_edge_that_was_never_here() -> None:
    lab = Lab()
    lab.record.report("attic", "skipped", "1.3.0", "not in the rack", lab.moment)
    assert lab.edge("attic").stage is UpdateStage.SKIPPED
    with pytest.raises(FleetRequestError):
        lab.record.report("typo", "good", None, None, lab.moment)
    assert lab.record.edge("typo", lab.moment) is None, "nothing remains of what was refused"


def test_forgotten_edge_is_gone_and_a_connected_one_begins_anew() -> None:
    lab = Lab()
    connection = lab.join()
    lab.stream(connection, 60, 15, ON_PROBATION)
    lab.record.want("kitchen", "1.4.0", lab.moment)
    assert lab.record.forget("kitchen", lab.moment)
    edge = lab.edge()
    assert (edge.connected, edge.desired, edge.update) == (True, None, None)
    lab.record.leave(connection, lab.moment)
    assert lab.record.forget("kitchen", lab.moment)
    assert not lab.record.forget("kitchen", lab.moment)
    lab.record.frame_received(connection, lab.now)
    assert lab.record.edges(lab.moment) == ()


def test_record_is_bounded_and_nobody_who_is_missed_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record_module, "MOST_EDGES", 3)
    lab = Lab()
    lab.record.want("wanted", "1.3.0", lab.moment)
    gone = lab.join("gone")
    lab.record.leave(gone, lab.moment)
    lab.join("here")
    lab.join("new")
    assert {edge.identity for edge in lab.record.edges(lab.moment)} == {"wanted", "here", "new"}
    late = lab.join("late")
    lab.stream(late, 2, 15, ON_PROBATION)
    lab.record.leave(late, lab.moment)
    assert lab.record.edge("late", lab.moment) is None
    assert lab.record.not_recorded == 1
    with pytest.raises(FleetRequestError, match="3 edges on record already; forget some"):
        lab.record.want("more", "1.3.0", lab.moment)


def test_frames_and_health_alone_are_no_reason_to_save() -> None:
    lab = Lab()
    connection = lab.join()
    lab.health(connection, running("1.2.0"))
    changes = lab.record.changes
    lab.stream(connection, 120, 15, running("1.2.0"))
    assert lab.record.changes == changes
    lab.record.want("kitchen", "1.3.0", lab.moment)
    assert lab.record.changes > changes
