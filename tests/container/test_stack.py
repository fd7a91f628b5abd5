"""compose.yaml, started by a compose implementation as docs/container.md tells.

Grafana's image is the one part that cannot be had without a registry; what it would mount and ask
is checked in tests/monitoring.
"""

import json
import re
import secrets
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.container.containers import ROOT, copy_of_the_tree
from tests.container.podman import BASE, Podman

pytestmark = pytest.mark.timeout(1500, func_only=True)

PARTS = ("server", "prometheus", "alertmanager")
SAID_WHEN_OPEN = {
    "prometheus": "Server is ready to receive web requests",
    "alertmanager": "Listening on",
}
# The only difference to what a user starts: ports that are free.
OVERRIDE = """\
services:
  server:
    ports: !override ["127.0.0.1::50000"]
  prometheus:
    ports: !override ["127.0.0.1::9090"]
  alertmanager:
    ports: !override ["127.0.0.1::9093"]
"""


class Stack:
    """A compose project of its own; a context manager that ends it and its volumes."""

    def __init__(self, podman: Podman, folder: Path) -> None:
        self.podman = podman
        self.project = f"iotfr-test-{secrets.token_hex(4)}"
        self._folder = folder
        (folder / "compose.test.yaml").write_text(OVERRIDE)

    def __enter__(self) -> Self:
        try:
            self.compose("up", "--detach", *PARTS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self.compose("down", "--volumes", check=False)

    def compose(self, *arguments: str, check: bool = True) -> str:
        files = ("compose.yaml", "compose.cpu.yaml", "compose.test.yaml")
        return self.podman.run(
            *(
                str(Path(sys.executable).with_name("podman-compose")),
                "--project-name",
                self.project,
            ),
            *(word for name in files for word in ("--file", str(self._folder / name))),
            *arguments,
            check=check,
        )

    def name(self, service: str) -> str:
        return f"{self.project}_{service}_1"

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Ask Prometheus where the page says that it is, on this machine."""
        port = self.podman.port(self.name("prometheus"), 9090)
        arguments = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{port}/api/v1/query?{arguments}"
        with urllib.request.urlopen(url, timeout=30) as response:
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found

    def amtool(self, *arguments: str) -> str:
        """Ask Alertmanager, by its own tool in its container."""
        return self.podman.run(
            *("podman", "exec", self.name("alertmanager"), "amtool"),
            *("--alertmanager.url=http://localhost:9093", *arguments),
        )

    def until(self, expression: str, seconds: float = 600.0) -> None:
        """Wait until an expression has a value; scrapes come every 15 s."""
        deadline = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < deadline, f"no data: {expression}"
            time.sleep(3)


@pytest.fixture(scope="module")
def stack(podman: Podman, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    podman.run("podman", "tag", image, "localhost/iot-facerecognition-server:cpu")
    file = ROOT / "tests" / "container" / "monitoring.Dockerfile"
    empty = tmp_path_factory.mktemp("empty")
    for name, tag in (("prometheus", "v3.5.0"), ("alertmanager", "v0.28.1")):
        podman.run(
            *("buildah", "bud", "--runtime", "runc", "--layers", "--format", "docker"),
            *("--build-arg", f"BASE_IMAGE={BASE}", "--target", name),
            *("--tag", f"localhost/prom/{name}:{tag}", "--file", str(file), str(empty)),
            seconds=900,
        )
    folder = copy_of_the_tree(tmp_path_factory.mktemp("stack"))
    subprocess.run([folder / "scripts" / "make-secrets"], check=True)
    with Stack(podman, folder) as running:
        for service, words in SAID_WHEN_OPEN.items():
            podman.until_logged(running.name(service), words, 600)
        yield running


def test_prometheus_scrapes_the_server_with_the_secret_and_has_the_rules(stack: Stack) -> None:
    stack.until('up{job="iot-facerecognition"} == 1')
    stack.until("iot_facerecognition_ready == 1")
    stack.until("instance:iot_facerecognition_state_disk_free:ratio > 0")
    # Without the password nobody gets them.
    refused = stack.podman.run(
        *("podman", "exec", stack.name("server"), "python", "-c"),
        "import urllib.request; urllib.request.urlopen('http://localhost:50090/metrics')",
        check=False,
    )
    assert "401" in refused


def test_prometheus_has_found_the_alertmanager(stack: Stack) -> None:
    stack.until("prometheus_notifications_alertmanagers_discovered == 1")
    assert stack.ask("prometheus_notifications_errors_total > 0") == []


def test_server_that_is_down_silences_what_it_explains_and_nothing_else(stack: Stack) -> None:
    down, hot = "IotFaceRecognitionServerDown", "IotFaceRecognitionEdgeHot"
    for alert, instance in ((down, "a"), (hot, "a"), (hot, "b")):
        stack.amtool("alert", "add", alert, f"instance={instance}", "severity=warning")
    shown = stack.amtool("--output=json", "alert", "query", "--active")
    labels = [one["labels"] for one in json.loads(shown)]
    # Prometheus' own alerts may be among them: the watchdog's, for one, is of no instance.
    told = {(one["alertname"], one.get("instance")) for one in labels}
    assert (down, "a") in told
    assert (hot, "b") in told
    assert (hot, "a") not in told


def test_first_command_of_the_runbook_works_as_it_is_written(stack: Stack) -> None:
    stack.until("iot_facerecognition_ready == 1")
    page = (ROOT / "docs" / "alerts.md").read_text()
    found = re.search(r"^    docker compose exec server (.+)$", page, re.MULTILINE)
    assert found is not None
    said = stack.compose("exec", "-T", "server", *found[1].split())
    assert "self-test: ok" in said


def test_every_part_is_hardened_and_only_the_server_is_open_to_the_network(stack: Stack) -> None:
    for service in PARTS:
        found = stack.podman.inspect(stack.name(service))
        assert found["HostConfig"]["ReadonlyRootfs"] is True
        assert found["EffectiveCaps"] in ([], None)
        assert "no-new-privileges" in str(found["HostConfig"]["SecurityOpt"])
    assert stack.podman.inspect(stack.name("server"))["HostConfig"]["Memory"] == 4 * 2**30


def test_server_ends_well_with_the_stack(stack: Stack) -> None:
    stack.until("iot_facerecognition_ready == 1")
    stack.compose("stop", "server")
    state = stack.podman.inspect(stack.name("server"))["State"]
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
