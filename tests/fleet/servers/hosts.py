"""The hosts of roles `server` and `monitoring`, and what is asked of them."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.edge_device import REPOSITORY
from lab.hosts.host import Host
from lab.hosts.lab import HostLab
from lab.hosts.python_packages import (
    build_wheel,
    offer_packages,
    site_packages,
    suite_of_this_python,
)
from lab.hosts.root import SERVER_PACKAGES, HostRoot

COMMAND: Final = "/usr/local/sbin/iot-facerecognition-server"
UNIT: Final = "iot-facerecognition-server.service"
PASSWORD: Final = "a-password-of-a-receiver-in-the-lab"
PLAYBOOKS: Final = REPOSITORY / "ansible" / "playbooks"


class ServerHosts:
    """One server, one that takes its place, and one that watches; all boot at once."""

    def __init__(self, lab: HostLab) -> None:
        self.lab = lab
        for name in ("recognition", "spare"):
            root = HostRoot(suite_of_this_python(), SERVER_PACKAGES)
            offer_packages(lab.add(name, root, site_packages()))
        # Debian 13 where the server runs on 12, so that both roles meet both.
        lab.add("watch", HostRoot("trixie", SERVER_PACKAGES))
        for host in lab.hosts.values():
            host.power_on()
        for host in lab.hosts.values():
            host.until_up()
        wheels = lab.folder / "wheels"
        wheels.mkdir()
        self.wheel = build_wheel(wheels)
        self._played = 0

    def host(self, name: str) -> Host:
        """Return a host."""
        return self.lab.hosts[name]

    def play(
        self, playbook: str, *arguments: str, server: str = "recognition", **variables: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection on one server and the host that watches it."""
        self._played += 1
        inventory = self.lab.write_inventory(
            self.lab.folder / f"inventory-{self._played}.yml",
            {
                "servers": {server: self._server()},
                "monitoring": {"watch": self._monitoring()},
            },
        )
        return self.lab.playbook(
            inventory,
            PLAYBOOKS / f"{playbook}.yml",
            *arguments,
            "--extra-vars",
            json.dumps(variables),
            log=self.lab.folder / f"{self._played:02}-{playbook}.log",
        )

    def wheel_that_ends(self) -> Path:
        """Return a wheel of the server that ends when it is started."""
        place = self.lab.folder / "broken" / self.wheel.name
        place.parent.mkdir()
        shutil.copy(self.wheel, place)
        with zipfile.ZipFile(place) as whole:
            files = {name: whole.read(name) for name in whole.namelist()}
        serving = "iot_facerecognition_server/cli/serving.py"
        files[serving] += b'\n\ndef run(arguments):\n    raise SystemExit("broken in the lab")\n'
        with zipfile.ZipFile(place, "w") as changed:
            for name, content in files.items():
                changed.writestr(name, content)
        return place

    def _server(self) -> Mapping[str, object]:
        return {
            "server_install": "package",
            "server_wheel": str(self.wheel),
            "server_torch_index": "",
            "server_pip_options": ["--no-index"],
            "server_settings": {"Engine": {"Device": "cpu", "Workers": 1}},
            "server_names": ["recognition.lan"],
        }

    def _monitoring(self) -> Mapping[str, object]:
        url = f"https://example.invalid/{PASSWORD}"
        return {
            "monitoring_grafana": False,
            "monitoring_scrape_interval": "5s",
            "monitoring_alert_receivers": [{"name": "hook", "webhook_configs": [{"url": url}]}],
            "monitoring_alert_receiver": "hook",
        }


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return how many tasks changed something, by host, from the recap."""
    _, _, recap = done.stdout.rpartition("PLAY RECAP")
    found = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", recap, re.MULTILINE)
    assert found, done.stdout[-2000:]
    return {host: int(count) for host, count in found}
