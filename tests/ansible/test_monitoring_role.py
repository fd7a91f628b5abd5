"""Role `monitoring`: the files that Prometheus, Alertmanager and Grafana would get."""

import json
import re

import pytest
import yaml

from tests.ansible.role_bench import ANSIBLE, RoleBench, failures

ROLE = ANSIBLE / "roles" / "monitoring"
MONITORING = ANSIBLE.parent / "monitoring"
SECRET = "a-password-of-a-receiver"
OPERATORS = {"name": "operators", "webhook_configs": [{"url": f"https://x.invalid/{SECRET}"}]}
CASES = {
    "plain": {},
    "full": {
        "monitoring_thresholds": {"latency_seconds": 2},
        "monitoring_alert_receivers": [OPERATORS, {"name": "switch"}],
        "monitoring_alert_receiver": "operators",
        "monitoring_alert_receiver_watchdog": "switch",
        "monitoring_alert_routes": [{"matchers": ['severity="info"'], "receiver": "nobody"}],
        "monitoring_alert_global": {"smtp_smarthost": "mail.example.org:587"},
        "monitoring_targets": [
            {"name": "hall", "address": "192.0.2.7:50090", "scheme": "http"},
            {"name": "lab", "address": "192.0.2.8:50090", "ca_file": "/a", "password_file": "/b"},
        ],
        "monitoring_http_sd_url": "http://192.0.2.9/sd",
        "monitoring_http_sd_options": {"scheme": "https", "basic_auth": {"username": "u"}},
    },
}
GROUPS = {
    "servers": {
        "recognition": {"ansible_host": "192.0.2.10"},
        "other": {"ansible_host": "2001:db8::1", "server_metrics_tls": False},
    }
}
RENDER = """
- name: Render
  ansible.builtin.template:
    src: "{{ item }}.j2"
    dest: "{{ bench_out }}/{{ inventory_hostname }}-{{ item }}"
    mode: "0644"
  loop: [prometheus.yml, thresholds.yml, grafana.conf]
  vars:
    monitoring_shown:
      results:
        - {stdout: "valid        2026 to 2028\\nfor          recognition, localhost, 192.0.2.10"}
        - {stdout: ""}
- name: Write what Alertmanager gets
  ansible.builtin.copy:
    content: "{{ monitoring_alertmanager_config | to_nice_yaml }}"
    dest: "{{ bench_out }}/{{ inventory_hostname }}-alertmanager.yml"
    mode: "0644"
- name: Provision
  ansible.builtin.copy:
    content: "{{ monitoring_role_rules | to_json }}"
    dest: "{{ bench_out }}/{{ inventory_hostname }}-rules"
    mode: "0644"
"""
CHECK = """
- name: Check
  ansible.builtin.include_tasks: "{{ bench_role }}/tasks/preflight.yml"
"""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    bench = RoleBench("monitoring", tmp_path_factory.mktemp("monitoring"))
    done = bench.play(CASES, RENDER, GROUPS)
    assert done.returncode == 0, done.stdout + done.stderr
    return lambda case, name: (bench.out / f"{case}-{name}").read_text()


def jobs(text):
    return {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}


def test_each_server_is_scraped_with_its_own_certificate_and_password(rendered):
    found = jobs(rendered("plain", "prometheus.yml"))
    assert list(found) == [
        *("iot-facerecognition/recognition", "iot-facerecognition/other"),
        *("prometheus", "alertmanager"),
    ]
    job = found["iot-facerecognition/recognition"]
    assert job["scheme"] == "https"
    assert job["tls_config"]["server_name"] == "recognition"
    assert job["tls_config"]["ca_file"].endswith("/recognition.crt")
    assert job["basic_auth"]["password_file"].endswith("/recognition.password")
    assert job["static_configs"] == [
        {"targets": ["192.0.2.10:50090"], "labels": {"instance": "recognition"}}
    ]
    other = found["iot-facerecognition/other"]
    assert "tls_config" not in other
    assert other["static_configs"][0]["targets"] == ["[2001:db8::1]:50090"]


def test_every_server_is_of_the_job_that_the_alerts_know(rendered):
    for case in CASES:
        for name, job in jobs(rendered(case, "prometheus.yml")).items():
            if name.startswith("iot-facerecognition/"):
                assert job["relabel_configs"] == [
                    {"target_label": "job", "replacement": "iot-facerecognition"}
                ]


def test_servers_of_elsewhere_and_discovered_ones_are_scraped_too(rendered):
    found = jobs(rendered("full", "prometheus.yml"))
    assert found["iot-facerecognition/hall"]["scheme"] == "http"
    assert found["iot-facerecognition/lab"]["scheme"] == "https"
    assert found["iot-facerecognition/lab"]["basic_auth"]["password_file"] == "/b"
    discovered = found["iot-facerecognition"]
    assert discovered["http_sd_configs"] == [{"url": "http://192.0.2.9/sd"}]
    assert discovered["basic_auth"] == {"username": "u"}


def test_thresholds_are_those_of_the_project_but_for_what_the_inventory_says(rendered):
    own = yaml.safe_load((MONITORING / "prometheus/rules/thresholds.yml").read_text())
    assert yaml.safe_load(rendered("plain", "thresholds.yml")) == own
    (group,) = yaml.safe_load(rendered("full", "thresholds.yml"))["groups"]
    changed = [rule for rule in group["rules"] if rule not in own["groups"][0]["rules"]]
    assert changed == [
        {"record": "iot_facerecognition:threshold:latency_seconds", "expr": "vector(2)"}
    ]


def test_alerts_go_to_whom_the_inventory_names_and_what_is_inhibited_stays(rendered):
    own = yaml.safe_load((MONITORING / "alertmanager/alertmanager.yml").read_text())
    full = yaml.safe_load(rendered("full", "alertmanager.yml"))
    assert full["inhibit_rules"] == own["inhibit_rules"]
    assert full["route"]["receiver"] == "operators"
    assert [route["receiver"] for route in full["route"]["routes"]] == [
        *("switch", "nobody", "operators")
    ]
    assert {one["name"] for one in full["receivers"]} == {"operators", "switch", "nobody"}
    assert full["global"] == {"smtp_smarthost": "mail.example.org:587"}
    plain = yaml.safe_load(rendered("plain", "alertmanager.yml"))
    assert {route["receiver"] for route in plain["route"]["routes"]} == {"nobody"}
    assert plain["receivers"] == [{"name": "nobody"}]


def test_every_rule_file_and_dashboard_of_the_project_is_in_the_role(rendered):
    rules = {path.name for path in (MONITORING / "prometheus/rules").glob("*.yml")}
    assert set(json.loads(rendered("plain", "rules"))) == rules
    boards = MONITORING / "grafana/dashboards"
    for path in boards.glob("*.json"):
        assert (ROLE / "files/dashboards" / path.name).read_text() == path.read_text()
    said = (ROLE / "tasks/provision.yml").read_text()
    assert all(path.name in said for path in boards.glob("*.json"))


def test_dashboards_find_the_provisioned_data_source():
    sources = {
        source["uid"]: source
        for path in (ROLE / "files/provisioning/datasources").glob("*.yml")
        for source in yaml.safe_load(path.read_text())["datasources"]
    }
    assert set(sources) == {"prometheus", "alertmanager"}
    assert sources["prometheus"]["isDefault"]
    for path in (ROLE / "files/dashboards").glob("*.json"):
        text = path.read_text()
        board = json.loads(text)
        assert "__inputs" not in board
        (variable,) = (one for one in board["templating"]["list"] if one["type"] == "datasource")
        # Nothing is chosen in it, so Grafana takes its default: the one that is provisioned.
        assert variable["query"] == "prometheus"
        assert "current" not in variable
        assert set(re.findall(r'"uid": "(\$\{?\w+\}?)"', text)) == {"${datasource}"}


WRONG = {
    "fine": ({}, None),
    "receiver": ({"monitoring_alert_receiver": "operators"}, "alerts would reach nobody"),
    "threshold": ({"monitoring_thresholds": {"latency": 1}}, "latency is no threshold; there are"),
    "file": ({"monitoring_rule_files": ["/no/such.yml"]}, "/no/such.yml: there is no such file"),
    "nothing": ({"monitoring_servers": []}, "nothing is to be watched"),
}


def test_preflight_refuses_with_the_cure(tmp_path):
    bench = RoleBench("monitoring", tmp_path)
    done = bench.play({name: case for name, (case, _) in WRONG.items()}, CHECK, GROUPS)
    told = failures(done)
    for name, (_, words) in WRONG.items():
        if words is None:
            assert name not in told
        else:
            assert words in told[name]
