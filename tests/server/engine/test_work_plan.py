"""What a free worker does next."""

from iot_facerecognition_server.engine.work_plan import BatchWork, ScanWork, WorkPlan


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
