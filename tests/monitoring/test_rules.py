"""Rules and alerts, by Prometheus' own tools."""

import re
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


def test_every_alert_has_a_section_of_the_page_that_it_points_to() -> None:
    page = (FOLDER.parent / "docs" / "alerts.md").read_text()
    sections = {
        heading: text
        for heading, _, text in (part.partition("\n") for part in page.split("\n## ")[1:])
    }
    assert list(sections) == [alert["alert"] for alert in alerts()]
    for alert in alerts():
        name = alert["alert"]
        assert alert["annotations"]["runbook_page"] == f"docs/alerts.md#{name.lower()}"
        beginning, _, what_to_do = sections[name].strip().partition("\n\n")
        assert beginning.startswith(f"**{alert['labels']['severity'].capitalize()}, ")
        assert held_for(alert) in beginning
        assert len(what_to_do.split()) >= 15
    for link in re.findall(r"\(#(\w+)\)", page):
        assert link in {name.lower() for name in sections}


def held_for(alert: dict[str, Any]) -> str:
    """Return how long the condition has to hold, as the page writes it."""
    if "for" not in alert:
        return "at once."
    number, unit = int(alert["for"][:-1]), {"m": "minute", "h": "hour"}[alert["for"][-1]]
    return f"{number} {unit}{'s' if number > 1 else ''}."


def test_every_alert_has_a_test_a_severity_and_a_first_step() -> None:
    document = yaml.safe_load((PROMETHEUS / "tests" / "alerts.test.yml").read_text())
    tested = {test["name"].partition(":")[0]: test for test in document["tests"]}
    assert set(tested) == {alert["alert"] for alert in alerts()}
    for alert in alerts():
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert alert["annotations"]["summary"]
        assert len(alert["annotations"]["runbook"].split()) >= 8
        cases = tested[alert["alert"]]["promql_expr_test"]
        fires = [case for case in cases if case["exp_samples"]]
        assert fires
        # What its sentence names, it has.
        named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        assert named
        assert named <= set(re.findall(r"(\w+)=", fires[0]["exp_samples"][0]["labels"]))
        # In the same picture something else does not fire...
        assert len(tested[alert["alert"]]["input_series"]) > len(fires[0]["exp_samples"])
        # ... and a moment earlier nothing does.
        assert any(not case["exp_samples"] for case in cases)
