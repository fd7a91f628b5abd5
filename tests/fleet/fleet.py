"""The fleet of the tests: its hosts, its inventory, and what is asked of both."""

import json
import os
import shutil
import subprocess
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.edge_device import REPOSITORY
from lab.cast import ON_PHOTO, REFERENCES
from lab.hosts.host import Host
from lab.hosts.lab import HostLab
from lab.hosts.packages import PACKAGE, other_version, version_of
from lab.hosts.python_packages import (
    build_wheel,
    offer_packages,
    site_packages,
    suite_of_this_python,
)
from lab.hosts.root import EDGE_BOOKWORM, EDGE_TRIXIE, SERVER_PACKAGES, HostRoot
from tests.fleet.server_view import ServerView

UNIT = f"{PACKAGE}.service"
UPDATE = "iot-facerecognition-update"
EDGES = ("kitchen", "hall", "door")
SUITES = {"kitchen": EDGE_BOOKWORM, "hall": EDGE_TRIXIE, "door": EDGE_BOOKWORM}
SEES = {"kitchen": "obama2.jpg", "hall": "biden.jpg", "door": "astronaut.png"}
"""The photo that each edge's camera moves over."""
SERVER_COMMAND = "/usr/local/sbin/iot-facerecognition-server"
FRAME_RATE = 3
PROBATION = 8
"""Seconds of streaming that the server asks for; a minute in a real fleet."""
DEVICE_PROBATION = 60
"""Seconds that a device gives a new version to earn the acknowledgement."""
PATIENCE = 180.0
"""Seconds for an edge to stream again, whatever happened; it takes about twenty."""
PLAYBOOKS = REPOSITORY / "ansible" / "playbooks"
SECRET = "a-metrics-password-of-the-lab"


class Fleet:
    """One server and three edges, off at first."""

    def __init__(self, lab: HostLab, package: Path, photos: Path) -> None:
        self.lab = lab
        self.package = package
        self.version = version_of(package)
        self.photos = photos
        self.folder = lab.folder / "fleet"
        self.folder.mkdir()
        self.server_variables: dict[str, object] = {}
        self._views: list[ServerView] = []
        self._made: dict[str, Path] = {}
        self._played = 0
        self._logs = Path(os.environ.get("FLEET_LOGS") or self.folder / "playbooks")
        self._logs.mkdir(parents=True, exist_ok=True)

    # Hosts.

    def boot(self) -> None:
        """Boot the hosts, as fresh as Debian comes, all at once."""
        self.add_server("server")
        for name in EDGES:
            self.add_edge(name, SEES[name], SUITES[name])
        for host in self.lab.hosts.values():
            host.power_on()
        for host in self.lab.hosts.values():
            host.until_up()

    def add_server(self, name: str, in_place_of: Host | None = None) -> Host:
        """Return a new host for a server, which is off; it may get the address of another one."""
        root = HostRoot(suite_of_this_python(), SERVER_PACKAGES)
        host = self.lab.add(name, root, site_packages(), in_place_of=in_place_of)
        offer_packages(host)
        return host

    def add_edge(self, name: str, photo: str, root: HostRoot) -> Host:
        """Return a new host for an edge, which is off, with a photo for its camera."""
        camera = self.folder / f"camera-{name}"
        camera.mkdir()
        shutil.copy(self.photos / photo, camera)
        camera.chmod(0o755)
        host = self.lab.add(name, root, {camera: "/srv/camera"})
        # What moves over photos encodes them; Debian has the library, and not its module.
        module = Path(sysconfig.get_path("purelib")) / "turbojpeg.py"
        host.write("usr/lib/python3/dist-packages/turbojpeg.py", module.read_text())
        return host

    @property
    def server(self) -> Host:
        """The server's host."""
        return self.lab.hosts["server"]

    def edge(self, name: str) -> Host:
        """Return an edge's host."""
        return self.lab.hosts[name]

    def close(self) -> None:
        """End what asks the server."""
        for view in self._views:
            view.__exit__(None, None, None)

    # Ansible.

    def inventory(self, servers: Sequence[str] = ("server",), edges: Sequence[str] = EDGES) -> Path:
        """Write the inventory of these hosts; return its path."""
        if not self.server_variables:
            self.server_variables = self._server_variables()
        return self.lab.write_inventory(
            self.folder / f"inventory-{'-'.join((*servers, *edges))}.yml",
            {
                "servers": dict.fromkeys(servers, self.server_variables),
                "edges": {name: self._edge_variables() for name in edges},
            },
        )

    def play(
        self,
        playbook: str,
        *arguments: str,
        inventory: Path | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection; FLEET_LOGS names where its output is kept."""
        self._played += 1
        log = self._logs / f"{self._played:02}-{playbook}.log"
        print(f"{playbook}.yml {' '.join(arguments)}: {log}", flush=True)
        return self.lab.playbook(
            inventory or self.inventory(),
            PLAYBOOKS / f"{playbook}.yml",
            *arguments,
            "--extra-vars",
            json.dumps(dict(variables or {})),
            log=log,
        )

    def update(
        self, package: Path, *arguments: str, **variables: object
    ) -> subprocess.CompletedProcess[str]:
        """Run update.yml with a package."""
        return self.play("update", *arguments, variables=self.update_variables(package) | variables)

    def update_variables(self, package: Path) -> dict[str, object]:
        """Return what update.yml is told in this lab."""
        return {
            "edge_deb": str(package),
            "edge_update_probation": DEVICE_PROBATION,
            "edge_update_poll": 1,
            "edge_update_timeout": 400,
            "edge_update_logs": str(self.folder / "logs"),
        }

    # The server.

    def view(self, server: str = "server") -> ServerView:
        """Return a view of the fleet by a server's API, with an API token of its own."""
        host = self.lab.hosts[server]
        said = host.console(SERVER_COMMAND, "api-token", "add", f"lab-{len(self._views)}")
        token = next(word for word in said.split() if len(word) > 30)
        view = ServerView(self.lab.network, f"https://{host.address}:50090", token)
        self._views.append(view)
        return view

    def teach(self) -> None:
        """Tell the server who the people on the photos are."""
        folder = "/var/lib/iot-facerecognition-server/faces"
        owner = self.server.console("stat", "--format=%u:%g", folder)
        people = []
        for tag, names in REFERENCES.items():
            for name in names:
                content = (self.photos / name).read_bytes()
                self.server.console("sh", "-c", f"cat >{folder}/{name}", given=content)
            people.append({"tag": tag, "photos": list(names)})
        known = json.dumps(people).encode()
        self.server.console("sh", "-c", f"cat >{folder}/faces.json", given=known)
        self.server.console("chown", "--recursive", owner, folder)

    # Edges.

    def made(self, version: str, **fault: Any) -> Path:
        """Return the edge's package as another version; it is made once."""
        if version not in self._made:
            self._made[version] = other_version(self.package, version, self.folder, **fault)
        return self._made[version]

    def until_named(self, name: str, patience: float = PATIENCE) -> None:
        """Wait until an edge, since its newest start, was told who its photo shows."""
        host, person = self.edge(name), ON_PHOTO[SEES[name]]
        host.until(
            lambda: f"face: {person}" in host.journal(UNIT).rpartition("Starting ")[2],
            patience,
            f"to see {person}",
        )

    def installed(self, name: str) -> tuple[str, str]:
        """Return dpkg's word for the state of an edge's package, and its version."""
        words = "--showformat=${db:Status-Abbrev}${Version}"
        status, _, version = (
            self.edge(name).console("dpkg-query", "--show", words, PACKAGE).partition(" ")
        )
        return status, version

    def updater_state(self, name: str) -> dict[str, Any]:
        """Return what an edge's updater last wrote."""
        found = self.edge(name).read_json("/var/lib/iot-facerecognition-update/state.json")
        return found if isinstance(found, dict) else {}

    def guard_is_gone(self, name: str) -> bool:
        """Return whether nothing of a guard is left on an edge."""
        left = self.edge(name).console("sh", "-c", "ls /etc/systemd/system | grep guard || true")
        return not left

    # How.

    def _server_variables(self) -> dict[str, object]:
        wheels = self.folder / "wheels"
        wheels.mkdir()
        project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
        return {
            "server_install": "package",
            "server_wheel": str(build_wheel(wheels)),
            "server_version": project["version"],
            "server_torch_index": "",
            "server_pip_options": ["--no-index"],
            "server_gpu": "never",
            "server_settings": {
                "Fleet": {"ProbationSeconds": PROBATION},
                "Engine": {"Device": "cpu", "Workers": 1},
            },
            "server_metrics_from": ["10.77.0.0/24"],
            "server_metrics_password": SECRET,
            "server_command": SERVER_COMMAND,
        }

    def _edge_variables(self) -> dict[str, object]:
        return {
            "edge_deb": str(self.package),
            "edge_settings": {
                "camera.source": "moving:/srv/camera",
                "camera.width": 640,
                "camera.height": 480,
                "camera.fps": FRAME_RATE,
                "display.screen": "none",
            },
        }


def short_form() -> bool:
    """Return whether only the short form is wanted."""
    return os.environ.get("FLEET") == "short"
