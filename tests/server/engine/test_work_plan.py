"""What a free worker does next."""

from iot_facerecognition_server.engine.work_plan import (
    RESERVED_SECONDS,
    BatchWork,
    ScanWork,
    WorkPlan,
)


def plan_of(scans: int, items: int, patience: int = 8) -> WorkPlan[str, str, int]:
    plan: WorkPlan[str, str, int] = WorkPlan({"faces": 4}, {"objects": 2}, patience)
    for number in range(scans):
        plan.add_scan("faces", f"scan {number}")
    plan.add_items("faces", list(range(items)))
    return plan


def test_nothing_to_do_is_nothing() -> None:
    assert plan_of(0, 0).take() is None


def test_items_gather_while_there_are_frames_to_scan() -> None:
    assert plan_of(scans=1, items=3).take() == ScanWork("scan 0")


def test_full_batch_goes_before_scans() -> None:
    assert plan_of(scans=1, items=5).take() == BatchWork("faces", (0, 1, 2, 3))


def test_without_scans_a_small_batch_runs_at_once() -> None:
    plan = plan_of(scans=0, items=1)
    assert plan.take() == BatchWork("faces", (0,))
    assert plan.take() is None


def test_scans_given_up_leave_begun_frames_to_be_finished() -> None:
    plan = plan_of(scans=2, items=1)
    assert plan.give_up_scans() == ["scan 0", "scan 1"]
    assert plan.take() == BatchWork("faces", (0,))
    assert plan.backlog == 0


def test_batch_that_was_passed_over_often_goes_before_scans() -> None:
    plan = plan_of(scans=10, items=1, patience=3)
    taken = [plan.take() for _ in range(4)]
    assert taken == [*(ScanWork(f"scan {n}") for n in range(3)), BatchWork("faces", (0,))]
    plan.add_items("faces", [1])
    assert plan.take() == ScanWork("scan 3")


def test_networks_have_lines_of_their_own() -> None:
    plan = plan_of(scans=0, items=1)
    plan.add_items("objects", [7, 8, 9])
    taken = [plan.take() for _ in range(4)]
    assert taken == [
        BatchWork("faces", (0,)),
        BatchWork("objects", (7, 8)),
        BatchWork("objects", (9,)),
        None,
    ]


def test_background_work_waits_for_the_urgent_and_not_for_ever() -> None:
    plan = plan_of(scans=10, items=0, patience=3)
    plan.add_scan("objects", "classify")
    taken = [plan.take() for _ in range(5)]
    urgent = [ScanWork(f"scan {number}") for number in range(4)]
    assert taken == [*urgent[:3], ScanWork("classify"), urgent[3]]


def test_background_work_runs_at_once_when_nothing_is_urgent() -> None:
    plan = plan_of(scans=0, items=0)
    plan.add_items("objects", [1])
    assert plan.take() == BatchWork("objects", (1,))


def test_work_of_a_smaller_rank_goes_first_whenever_it_came() -> None:
    plan = plan_of(scans=0, items=0)
    for name, rank in (("late", 3.0), ("first", 1.0), ("second", 1.0), ("last", 4.0)):
        plan.add_scan("faces", name, rank)
    taken = [plan.take() for _ in range(4)]
    assert taken == [ScanWork(name) for name in ("first", "second", "late", "last")]


def test_full_batch_lets_the_scan_of_a_smaller_rank_pass() -> None:
    plan = plan_of(scans=0, items=0)
    plan.add_items("faces", list(range(8)), rank=1.0, step=0.5)
    plan.add_scan("faces", "cheap", 1.2)
    assert plan.take() == BatchWork("faces", (0, 1, 2, 3))
    assert plan.take() == ScanWork("cheap")
    plan.add_items("faces", [9], rank=1.2)
    assert plan.take() == BatchWork("faces", (9, 4, 5, 6))


def test_batch_waits_for_scans_of_its_own_kind_and_not_for_a_dear_one() -> None:
    plan: WorkPlan[str, str, int] = WorkPlan({"faces": 4}, {"objects": 2}, 8, slack=0.1)
    plan.add_items("faces", [1], rank=1.0)
    plan.add_scan("faces", "cheap", 1.05)
    plan.add_scan("faces", "dear", 1.5)
    assert [plan.take() for _ in range(3)] == [
        ScanWork("cheap"),
        BatchWork("faces", (1,)),
        ScanWork("dear"),
    ]


def test_objects_go_before_the_faces_of_a_dear_frame() -> None:
    plan: WorkPlan[str, str, int] = WorkPlan({"faces": 4}, {"objects": 2}, 8, slack=0.1)
    plan.add_scan("objects", "classify", 1.0)
    plan.add_scan("faces", "cheap", 1.05)
    plan.add_scan("faces", "dear", 1.5)
    taken = [plan.take() for _ in range(3)]
    assert taken == [ScanWork("cheap"), ScanWork("classify"), ScanWork("dear")]


def test_work_for_one_worker_is_left_to_it_and_goes_first() -> None:
    plan = plan_of(scans=1, items=8)
    plan.add_scan_for(1, "for 1")
    assert plan.take(0) == BatchWork("faces", (0, 1, 2, 3))
    assert plan.take(1) == ScanWork("for 1")
    plan.add_scan_for(1, "given up")
    assert plan.give_up_scans() == ["scan 0", "given up"]
    assert plan.give_up_items() == [4, 5, 6, 7]
    assert plan.take(1) is None


def test_one_worker_at_a_time_is_in_the_background_while_urgent_work_comes() -> None:
    plan = plan_of(scans=1, items=0)
    plan.add_items("objects", list(range(6)))
    assert plan.take(0, now=1.0) == ScanWork("scan 0")
    assert plan.take(1, now=1.1) == BatchWork("objects", (0, 1))
    assert plan.take(0, now=1.2) is None, "the next urgent frame finds a worker"
    assert plan.take(1, now=1.3) == BatchWork("objects", (2, 3)), "its own piece is done"
    assert plan.take(0, now=1.0 + RESERVED_SECONDS) == BatchWork("objects", (4, 5)), "nobody comes"
