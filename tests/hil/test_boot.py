"""A start from cold, at a wrong time of day: how long it takes, and that it needs no clock."""

import time

import pytest

from lab.hil.server import certificate, said

RESULT, DAY = "first result", 86400
NAME = "hil.recognition.example"
"""A name for the server that its certificate gets, and that the device's hosts file knows."""
CA_FILE = "/etc/iot-facerecognition-edge/hil-server.pem"


@pytest.fixture(scope="module")
def booted(bed, deployed):
    """The device after a start from cold at a wrong time."""
    if not bed.rig.switchable:
        pytest.skip("[power] is missing in the bench: nothing can start the device from cold")
    bed.reached()
    if not bed.rig.clock_chip:
        bed.rig.wrong_clock()
    bed.rig.shell.run("sync", root=True)
    bed.rig.power_cut()
    yield bed.boot()
    if not bed.rig.clock_chip:
        bed.rig.right_clock()


@pytest.fixture
def clockless(bed, booted):
    """The device whose clock is wrong."""
    if bed.rig.clock_chip:
        pytest.skip("the device has a clock chip: its clock is right at every boot")
    return booted


def test_from_power_to_the_first_result(bed, booted, figure):
    bed.streaming()
    parts, report = booted.boot_time()
    bed.results.tables.append(("How the start was spent", report))
    print(report)
    note = "from the kernel's start, by the device's clock"
    figure("boot to first result", parts[RESULT], "s", bed.rig.goals.boot, note=note)


def test_a_wrong_clock_at_boot_does_not_keep_it_from_a_pinned_server(bed, clockless):
    bed.streaming()
    days = (time.time() - clockless.clock()) / DAY
    text = f"at this boot the device's clock was {days:.0f} days behind"
    bed.results.tables.append(("Clock", text))
    assert abs(days) > 1, "the clock was to be wrong"
    assert clockless.settings().get("connection.tls_mode", "fingerprint") == "fingerprint"


def test_with_an_authority_it_waits_for_the_clock_and_then_connects(bed, clockless):
    if not bed.server.ours:
        pytest.skip("the server is not the tests' own: it would get another certificate")
    said(f"{bed.server.command} cert new --keep-key --name {NAME}")
    bed.server.restart()
    pem, shell = certificate(bed.server), bed.rig.shell
    began = clockless.marker()
    shell.run(f"cat >{CA_FILE} && chmod 644 {CA_FILE}", root=True, given=pem.encode())
    shell.run(f"echo {bed.rig.address} {NAME} >>/etc/hosts", root=True)
    trusted = {"connection.tls_mode": "authority", "connection.ca_file": CA_FILE}
    clockless.set(trusted | {"connection.address": NAME})
    try:
        pid = clockless.sample().pid
        # Half a minute it waits for the time of day, then it tries with the one it has.
        bed.until(
            lambda: "not valid yet" in clockless.journal(began),
            "the edge to say that its clock is wrong",
            pause=2.0,
        )
        assert bed.frames() == 0
        bed.rig.right_clock()
        bed.streaming()
        assert clockless.sample().pid == pid
    finally:
        pinned = {"connection.tls_mode": "fingerprint", "connection.ca_file": ""}
        clockless.set(pinned | {"connection.address": bed.rig.address})
        shell.run(f"sed -i '/ {NAME}$/d' /etc/hosts; rm -f {CA_FILE}", root=True)
    bed.streaming()
