"""Rules and alerts, by Prometheus' own tools."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "monitoring"
PROMETHEUS = FOLDER / "prometheus"


def check(*command: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load((PROMETHEUS / "rules" / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_configuration_is_valid(tmp_path: Path) -> None:
    # The password is a secret of the container; the tool wants to see the file.
    text = (PROMETHEUS / "prometheus.yml").read_text()
    (tmp_path / "password").write_text("secret")
    text = text.replace("/run/secrets/metrics_password", str(tmp_path / "password"))
    text = text.replace("rules/*.yml", str(PROMETHEUS / "rules" / "*.yml"))
    (tmp_path / "prometheus.yml").write_text(text)
    check("promtool", "check", "config", tmp_path / "prometheus.yml")
    check("amtool", "check-config", FOLDER / "alertmanager" / "alertmanager.yml")


def test_alerts_fire_when_they_should_and_only_then() -> None:
    tests = sorted((PROMETHEUS / "tests").glob("*.yml"))
    assert tests
    check("promtool", "test", "rules", *tests)


def test_every_alert_has_a_test_a_severity_and_a_first_step() -> None:
    document = yaml.safe_load((PROMETHEUS / "tests" / "alerts.test.yml").read_text())
    tested = {test["name"].partition(":")[0]: test for test in document["tests"]}
    assert set(tested) == {alert["alert"] for alert in alerts()}
    for alert in alerts():
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert alert["annotations"]["summary"]
        assert len(alert["annotations"]["runbook"].split()) >= 8
        cases = tested[alert["alert"]]["promql_expr_test"]
        assert any(case["exp_samples"] for case in cases)
        # Something else in the same picture does not fire.
        assert len(tested[alert["alert"]]["input_series"]) > len(cases[0]["exp_samples"])
