"""Role `server`: what it would write, what it refuses, and its two programs."""

import http.server
import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from iot_facerecognition_server.config.loading import examine
from tests.ansible.role_bench import ANSIBLE, RoleBench, failures

ROLE = ANSIBLE / "roles" / "server"
IMAGE = {"server_image": "registry.example.org/server", "server_version": "1.2.3"}
CASES = {
    "plain": IMAGE,
    "gpu": {**IMAGE, "server_with_gpu": True, "server_podman_options": ["--cpus=2"]},
    "package": {
        "server_install": "package",
        "server_version": "1.2.3",
        "server_settings": {"Engine": {"Workers": 3, "Tracking": False}, "Fleet": {}},
        "server_firewall_others": "drop",
        "server_firewall_edges_from": ["192.0.2.0/24", "2001:db8::/64"],
        "server_firewall_ssh_from": ["192.0.2.9"],
        "server_metrics_bind": "192.0.2.1",
    },
    "mutual": {
        **IMAGE,
        "server_auth": "mtls",
        "server_client_ca": "ca.crt",
        "server_client_crl": "ca.crl",
        "server_certificate": "given",
        "server_metrics_tls": False,
    },
}
GROUPS = {"monitoring": {"watch": {"ansible_host": "192.0.2.20"}, "named": {"ansible_host": "w"}}}
RENDER = """
- name: Render
  ansible.builtin.template:
    src: "{{ item }}.j2"
    dest: "{{ bench_out }}/{{ inventory_hostname }}-{{ item }}"
    mode: "0644"
  loop:
    - config.ini
    - container.service
    - package.service
    - command
    - apart
    - firewall.nft
    - backup
    - take-certificate
"""
CHECK = """
- name: Check
  ansible.builtin.include_tasks: "{{ bench_role }}/tasks/preflight.yml"
"""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    bench = RoleBench("server", tmp_path_factory.mktemp("server"))
    cases = {name: {"server_with_gpu": False, **case} for name, case in CASES.items()}
    done = bench.play(cases, RENDER, GROUPS)
    assert done.returncode == 0, done.stdout + done.stderr
    return lambda case, name: (bench.out / f"{case}-{name}").read_text()


@pytest.mark.parametrize("case", CASES)
def test_settings_are_ones_that_the_server_knows(rendered, case, tmp_path):
    path = tmp_path / "config.ini"
    path.write_text(rendered(case, "config.ini").replace("[Fleet]\n", ""))
    found = examine(path, {})
    assert found.problems == ()
    assert found.config.metrics.enable
    assert not found.config.log.enable


def test_settings_of_the_inventory_and_of_the_variables_meet(rendered, tmp_path):
    path = tmp_path / "config.ini"
    path.write_text(rendered("package", "config.ini").replace("[Fleet]\n", ""))
    config = examine(path, {}).config
    assert config.engine.workers == 3
    assert not config.engine.tracking
    assert config.metrics.bind == "192.0.2.1"
    path.write_text(rendered("mutual", "config.ini"))
    config = examine(path, {}).config
    assert config.auth.mode == "mtls"
    assert config.auth.client_crl is not None
    assert config.certificate.key is not None
    assert not config.metrics.tls


def test_container_runs_as_hardened_as_the_quadlet(rendered):
    unit = rendered("plain", "container.service").replace(" \\\n   ", "")
    quadlet = (ANSIBLE.parent / "container/iot-facerecognition-server.container").read_text()
    for said, option in {
        "ReadOnly=true": "--read-only",
        "Tmpfs=/tmp": "--tmpfs=/tmp",
        "DropCapability=all": "--cap-drop=all",
        "NoNewPrivileges=true": "--security-opt=no-new-privileges",
        "HealthOnFailure=kill": "--health-on-failure=kill",
        "--memory=4g --pids-limit=512": "--memory=4g --pids-limit=512",
        "StopTimeout=10": "--stop-timeout=10",
    }.items():
        assert said in quadlet
        assert f" {option} " in unit
    for line in re.findall(r"^(?:Restart\w*|LogRate\w+)=.*$", quadlet, re.MULTILINE):
        assert line in unit.splitlines()


def test_gpu_is_given_to_the_container_and_required_by_the_server(rendered):
    assert "--device=nvidia.com/gpu=all" in rendered("gpu", "container.service")
    assert "Device=cuda" in rendered("gpu", "config.ini")
    assert "--cpus=2" in rendered("gpu", "container.service")
    assert "nvidia" not in rendered("plain", "container.service")
    assert "Device=" not in rendered("plain", "config.ini")


def test_metrics_are_open_to_monitoring_and_to_nobody_else(rendered):
    rules = rendered("plain", "firewall.nft")
    assert "tcp dport 50000 accept" in rules
    assert "tcp dport 50090 ip saddr { 192.0.2.20 } accept" in rules
    assert "tcp dport { 50000, 50090 } counter drop" in rules
    assert "policy accept;" in rules


def test_a_closed_packet_filter_leaves_ssh_open_to_whoever_is_listed(rendered):
    rules = rendered("package", "firewall.nft")
    assert "policy drop;" in rules
    assert "tcp dport 22 ip saddr { 192.0.2.9 } accept" in rules
    assert "tcp dport 50000 ip saddr { 192.0.2.0/24 } accept" in rules
    assert "tcp dport 50000 ip6 saddr { 2001:db8::/64 } accept" in rules


@pytest.mark.parametrize("name", ["command", "apart", "backup", "take-certificate"])
@pytest.mark.parametrize("case", CASES)
def test_scripts_are_shell(rendered, case, name):
    done = subprocess.run(["sh", "-n"], input=rendered(case, name).encode(), check=False)
    assert done.returncode == 0


WRONG = {
    "fine": ({**IMAGE}, None),
    "nothing": ({}, "set server_image and server_version"),
    "version": ({"server_image": "x"}, "set server_image and server_version"),
    "decided": (
        {**IMAGE, "server_settings": {"Metrics": {"Port": 1}, "Engine": {"Workers": 1}}},
        "[Metrics] Port is decided by server_metrics_port",
    ),
    "certificate": ({**IMAGE, "server_certificate": "given"}, "server_certificate_file"),
    "mutual": ({**IMAGE, "server_auth": "mtls"}, "server_client_ca"),
    "archive": (
        {**IMAGE, "server_image_archive": "/no/such.tar"},
        "/no/such.tar: there is no such",
    ),
    "no-card": ({**IMAGE, "server_gpu": "require"}, "no NVIDIA card"),
    "no-driver": ({**IMAGE, "hardware": "bare"}, "NVIDIA card without a driver"),
    "card": ({**IMAGE, "hardware": "whole", "server_gpu": "require"}, None),
    "no-card-wanted": ({**IMAGE, "hardware": "bare", "server_gpu": "never"}, None),
}


def card(root: Path, driver: str = "") -> Path:
    """Make what the kernel shows of a machine with one NVIDIA card, its sound, and another card."""
    devices = {
        "0000:00:02.0": ("0x8086", "0x030000"),
        "0000:01:00.0": ("0x10de", "0x030200"),
        "0000:01:00.1": ("0x10de", "0x040300"),
    }
    for name, (vendor, kind) in devices.items():
        folder = root / "sys/bus/pci/devices" / name
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(f"{vendor}\n")
        (folder / "class").write_text(f"{kind}\n")
    if driver:
        (root / "proc/driver/nvidia").mkdir(parents=True)
        (root / "proc/driver/nvidia/version").write_text(
            f"{driver}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
        )
    return root


OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (x)"
CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.216  Tue Nov  5 00:00:00 UTC 2024"


@pytest.mark.parametrize(
    ("driver", "version"), [(OPEN, "580.65.06"), (CLOSED, "535.216"), ("", "")]
)
def test_a_card_and_its_driver_are_found(tmp_path, driver, version):
    found = subprocess.run(
        [ROLE / "files/nvidia-gpus", card(tmp_path, driver)], check=True, capture_output=True
    )
    assert json.loads(found.stdout) == {"cards": ["0000:01:00.0"], "driver": version}


def test_a_machine_without_a_card_has_none(tmp_path):
    found = subprocess.run([ROLE / "files/nvidia-gpus", tmp_path], check=True, capture_output=True)
    assert json.loads(found.stdout) == {"cards": [], "driver": ""}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    bench = RoleBench("server", tmp_path_factory.mktemp("preflight"))
    hardware = {
        "none": tmp_path_factory.mktemp("none"),
        "bare": card(tmp_path_factory.mktemp("bare")),
        "whole": card(tmp_path_factory.mktemp("whole"), CLOSED),
    }
    cases = {
        name: {**case, "server_hardware_root": str(hardware[str(case.get("hardware", "none"))])}
        for name, (case, _) in WRONG.items()
    }
    done = bench.play(cases, CHECK)
    assert "PLAY RECAP" in done.stdout, done.stdout + done.stderr
    return failures(done)


@pytest.mark.parametrize("case", WRONG)
def test_preflight_refuses_with_the_cure(refused, case):
    _, words = WRONG[case]
    if words is None:
        assert refused.get(case) is None
    else:
        assert words in refused[case]


class _Health(http.server.BaseHTTPRequestHandler):
    statuses: list[int]

    def do_GET(self) -> None:
        self.send_response(self.statuses.pop(0))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


def test_started_means_ready():
    class Health(_Health):
        statuses = [503, 503, 200]  # noqa: RUF012 - one test's

    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/readyz"
        done = subprocess.run([sys.executable, ROLE / "files/await-ready", url], check=False)
        server.shutdown()
    assert done.returncode == 0
    assert Health.statuses == []


def test_waiting_ends_with_the_server():
    ended = subprocess.Popen(["true"])
    ended.wait()
    done = subprocess.run(
        [sys.executable, ROLE / "files/await-ready", "http://127.0.0.1:9/", str(ended.pid)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ended before it was ready" in done.stderr


def test_settings_that_are_decided_are_the_settings_that_are_written():
    own = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    written = {
        f"{section}.{key}"
        for section, keys in own["server_role_settings"].items()
        if isinstance(keys, dict)
        for key in keys
    }
    assert written <= set(own["server_decided_settings"])
