"""The card is written and the edge deployed, by what an owner uses for it."""

from lab.hil.deployment import HOSTNAME
from lab.hil.device import UNIT


def test_the_card_is_written_and_the_edge_deployed(bed, device, deployed):
    if deployed.mode == "ansible":
        log = (bed.results.folder / "ansible.txt").read_text()
        bed.results.tables.append(("Ansible", "\n".join(log.splitlines()[-12:])))
    assert bed.rig.shell.run(f"systemctl is-enabled {UNIT}") == "enabled"
    kept = device.settings()
    assert kept["connection.address"] == bed.rig.address
    assert kept["connection.port"] == bed.relay.port
    assert str(kept["connection.token"]).startswith("iotfr_")
    if deployed.mode != "none" and bed.rig.writes_card:
        assert bed.rig.shell.run("hostname") == HOSTNAME


def test_nothing_on_the_device_has_failed(bed, device):
    assert bed.rig.shell.run("systemctl list-units --state failed --no-legend --plain") == ""
    assert device.sample().restarts == 0
