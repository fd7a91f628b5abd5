"""An edge that hangs is started again by systemd."""


def test_a_stopped_edge_is_started_again_by_the_watchdog(bed, device, figure):
    before = device.sample()
    began = device.marker()
    bed.rig.shell.run(f"kill -STOP {before.pid}", root=True)
    taken = bed.until(
        lambda: device.sample().pid not in {0, before.pid}, "systemd to start it again", pause=2.0
    )
    bed.streaming()
    after = device.sample()
    assert after.restarts == before.restarts + 1
    assert "Watchdog timeout" in device.journal(began)
    figure("watchdog", taken, "s", note="from SIGSTOP to a new process; WatchdogSec is 60 s")
