"""What a free worker does next."""

from iot_facerecognition_server.engine.work_plan import BatchWork, ScanWork, WorkPlan


def plan_of(scans: int, items: int, batch_size: int = 4) -> WorkPlan[str, int]:
    plan: WorkPlan[str, int] = WorkPlan(batch_size)
    for number in range(scans):
        plan.add_scan(f"scan {number}")
    plan.add_items(list(range(items)))
    return plan


def test_nothing_to_do_is_nothing() -> None:
    assert plan_of(0, 0).take() is None


def test_items_gather_while_there_are_frames_to_scan() -> None:
    assert plan_of(scans=1, items=3).take() == ScanWork("scan 0")


def test_full_batch_goes_before_scans() -> None:
    assert plan_of(scans=1, items=5).take() == BatchWork((0, 1, 2, 3))


def test_without_scans_a_small_batch_runs_at_once() -> None:
    plan = plan_of(scans=0, items=1)
    assert plan.take() == BatchWork((0,))
    assert plan.take() is None


def test_scans_given_up_leave_begun_frames_to_be_finished() -> None:
    plan = plan_of(scans=2, items=1)
    assert plan.give_up_scans() == ["scan 0", "scan 1"]
    assert plan.take() == BatchWork((0,))
    assert plan.backlog == 0
