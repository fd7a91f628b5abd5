"""The power goes while settings are being written: the old or the new ones are there, whole."""

import random
import subprocess

from lab.hil.shell import remote

WRITER = """
import sys
from pathlib import Path
from iot_facerecognition_edge.settings import SettingsFile
file = SettingsFile(Path("/var/lib/iot-facerecognition-edge/settings.json"))
values = file.load().values
number = 0
while True:
    number += 1
    values["connection.name"] = f"hil-{number}"
    file.save(values)
    print(number, flush=True)
"""
"""Writes settings as the edge does, one after the other, and says which are on the card."""


def test_settings_survive_power_cuts_in_mid_write(bed, power, device, pytestconfig, figure):
    chance = random.Random(pytestconfig.getoption("--hil-seed"))
    kept, lines = device.settings(), []
    for cut in range(1, power.goals.power_cuts + 1):
        acknowledged = write_until_cut(power, chance)
        device = bed.boot()
        found = device.settings()
        number = int(str(found["connection.name"]).removeprefix("hil-"))
        lines.append(f"cut {cut}: {acknowledged} reported as written, {number} found")
        print(f"hil: {lines[-1]}", flush=True)
        # What was reported as written is there, or what came after it.
        assert number >= acknowledged
        assert found | {"connection.name": ""} == kept | {"connection.name": ""}
        assert "damaged" not in device.journal()
        complaints = "dmesg --level err,crit,alert,emerg | grep -i ext4 || true"
        assert power.shell.run(complaints, root=True) == ""
        bed.streaming()
    bed.results.tables.append(("Power cuts while settings were written", "\n".join(lines)))
    figure("power cuts survived", len(lines), "", note="settings whole, streaming again each time")
    device.set({"connection.name": str(kept.get("connection.name", "hil"))})


def write_until_cut(power, chance) -> int:
    """Let the device write settings, cut its power in the midst of it; return what it had said."""
    power.shell.run("cat >/run/hil-writer.py", root=True, given=WRITER.encode())
    command = [*power.shell.command(), remote("python3 /run/hil-writer.py", root=True)]
    writes, acknowledged = chance.randint(5, 25), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for line in writer.stdout:
            acknowledged = int(line)
            if acknowledged >= writes:
                break
        power.power_cut()
        # What was on its way when the power went counts as well.
        writer.kill()
        rest = writer.stdout.read().split()
    return int(rest[-1]) if rest and rest[-1].isdecimal() else acknowledged
