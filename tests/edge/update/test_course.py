"""Which phase follows which, without a device."""

from dataclasses import replace

import pytest

from iot_facerecognition_edge.update.course import MOST_BOOTS, UNHEALTHY_FOR, Course, Facts
from iot_facerecognition_edge.update.journal import Attempt, Journal, Phase

ATTEMPT = Attempt("a1", "2.0.0", "1.0.0", "new.deb", "old.deb", patience=600, probation=300)
BOOT = "first boot"


def course(phase: Phase, **changes: object) -> Course:
    journal = replace(Journal(ATTEMPT, phase, boot=BOOT, mark=100.0), **changes)  # type: ignore[arg-type]
    return Course(journal, 100.0, BOOT)


def facts(now: float, **changes: object) -> Facts:
    return Facts(now=now, boot=BOOT, **changes)  # type: ignore[arg-type]


def test_a_streaming_edge_is_switched_at_once():
    armed = course(Phase.ARMED)
    armed.advance(facts(100))
    assert armed.phase is Phase.SWITCHING


def test_an_edge_that_does_not_stream_for_long_is_skipped_and_told_why():
    armed = course(Phase.ARMED)
    armed.advance(facts(100, unhealthy="no camera"))
    armed.advance(facts(99 + UNHEALTHY_FOR, unhealthy="no camera"))
    assert armed.phase is Phase.ARMED, "a short gap is nothing"
    armed.advance(facts(100 + UNHEALTHY_FOR, unhealthy="no camera"))
    assert armed.phase is Phase.SKIPPED
    assert armed.journal.reason == "unhealthy before: no camera"


def test_a_person_at_the_screen_is_waited_for():
    armed = course(Phase.ARMED)
    for now in range(100, 500, 10):
        armed.advance(facts(now, in_use=True))
    assert armed.phase is Phase.ARMED
    armed.advance(facts(500))
    assert armed.phase is Phase.SWITCHING


def test_a_person_at_the_screen_is_waited_for_no_longer_than_patience():
    armed = course(Phase.ARMED)
    armed.advance(facts(699, in_use=True))
    assert armed.phase is Phase.ARMED
    armed.advance(facts(700, in_use=True))
    assert armed.phase is Phase.SKIPPED
    assert "--even-if-in-use" in armed.journal.reason


def test_the_override_does_not_wait():
    armed = course(Phase.ARMED, attempt=replace(ATTEMPT, even_if_in_use=True))
    armed.advance(facts(100, in_use=True))
    assert armed.phase is Phase.SWITCHING


def test_called_off_before_the_switch_nothing_is_changed():
    armed = course(Phase.ARMED)
    armed.advance(facts(100, called_back=True, in_use=True))
    assert armed.phase is Phase.SKIPPED


def test_apt_failing_puts_the_old_version_back():
    switching = course(Phase.ARMED)
    switching.advance(facts(100))
    switching.switched(130.0, "apt-get ended with signal SIGKILL")
    assert switching.phase is Phase.ROLLING_BACK
    switching.put_back(140.0)
    assert switching.phase is Phase.ROLLED_BACK
    assert switching.journal.reason == "apt-get ended with signal SIGKILL"


def test_only_the_acknowledgement_makes_it_good():
    probation = course(Phase.PROBATION)
    probation.advance(facts(399.9))
    assert probation.phase is Phase.PROBATION
    probation.advance(facts(399.9, acknowledged=True))
    assert probation.phase is Phase.GOOD


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"unhealthy": "it is not connected to its server"}, "it is not connected to its server"),
        ({}, "it streams, but not at the rate"),
    ],
)
def test_without_it_the_old_version_comes_back(seen, reason):
    probation = course(Phase.PROBATION)
    probation.advance(facts(400, **seen))
    assert probation.phase is Phase.ROLLING_BACK
    assert "not acknowledged by the server within 300 s" in probation.journal.reason
    assert reason in probation.journal.reason


def test_a_service_that_fails_is_not_waited_for():
    probation = course(Phase.PROBATION)
    probation.advance(facts(110, failed="its service failed (exit-code)"))
    assert probation.phase is Phase.ROLLING_BACK
    assert probation.journal.reason == "its service failed (exit-code)"


def test_a_person_may_call_it_back_in_probation():
    probation = course(Phase.PROBATION)
    probation.advance(facts(110, called_back=True))
    assert probation.phase is Phase.ROLLING_BACK
    assert probation.journal.asked


def test_probation_counts_running_time_over_boots():
    first = course(Phase.PROBATION)
    first.checkpoint(250.0)
    # A week without power, and a monotonic clock that begins again.
    second = Course(first.journal, 20.0, "second boot")
    assert second.phase is Phase.PROBATION
    second.advance(replace(facts(169.9), boot="second boot"))
    assert second.phase is Phase.PROBATION
    second.advance(replace(facts(170.0), boot="second boot"))
    assert second.phase is Phase.ROLLING_BACK


def test_a_guard_that_is_started_again_in_the_same_boot_loses_no_second():
    first = course(Phase.PROBATION)
    again = Course(first.journal, 380.0, BOOT)
    again.advance(facts(400.0))
    assert again.phase is Phase.ROLLING_BACK


def test_a_version_that_starts_the_device_again_and_again_is_put_back():
    journal = course(Phase.PROBATION).journal
    for boot in range(MOST_BOOTS):
        journal = Course(journal, 20.0, f"boot {boot}").journal
        assert journal.phase is Phase.PROBATION
    journal = Course(journal, 20.0, "one more").journal
    assert journal.phase is Phase.ROLLING_BACK
    assert f"started {MOST_BOOTS + 1} times" in journal.reason


@pytest.mark.parametrize(
    ("phase", "boot", "then", "words"),
    [
        (Phase.PREPARED, BOOT, Phase.SKIPPED, "nothing was changed"),
        (Phase.PREPARED, "next", Phase.SKIPPED, "nothing was changed"),
        (Phase.ARMED, BOOT, Phase.ARMED, ""),
        (Phase.ARMED, "next", Phase.SKIPPED, "nothing was changed"),
        (Phase.SWITCHING, BOOT, Phase.ROLLING_BACK, "the guard was ended"),
        (Phase.SWITCHING, "next", Phase.ROLLING_BACK, "the power was lost"),
        (Phase.PROBATION, BOOT, Phase.PROBATION, ""),
        (Phase.PROBATION, "next", Phase.PROBATION, ""),
        (Phase.ROLLING_BACK, "next", Phase.ROLLING_BACK, ""),
        (Phase.GOOD, "next", Phase.GOOD, ""),
        (Phase.ROLLED_BACK, "next", Phase.ROLLED_BACK, ""),
        (Phase.SKIPPED, "next", Phase.SKIPPED, ""),
    ],
)
def test_every_phase_is_taken_up_again(phase, boot, then, words):
    journal = Journal(ATTEMPT, phase, boot=BOOT, mark=100.0)
    taken_up = Course(journal, 150.0, boot).journal
    assert taken_up.phase is then
    assert words in taken_up.reason


def test_why_it_was_rolled_back_is_kept_over_tries_that_fail():
    rolling = course(Phase.ROLLING_BACK, reason="its service failed (watchdog)")
    rolling.put_back(110.0, "dpkg ended with status 1")
    rolling.put_back(120.0, "dpkg ended with status 2")
    assert rolling.phase is Phase.ROLLING_BACK
    assert rolling.journal.reason.startswith("its service failed (watchdog); putting the old")
    assert rolling.journal.reason.endswith("dpkg ended with status 2")
    rolling.put_back(130.0)
    assert rolling.journal.reason == "its service failed (watchdog)"
