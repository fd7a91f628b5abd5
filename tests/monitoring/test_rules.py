"""Rules and alerts, by Prometheus' own tools."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.rule_files import FOLDER, PREFIX, PROMETHEUS, RUNBOOK, alerts, cases, rules

_DURATION = re.compile(r"\[[^\]]*\]")
_COMPARED = re.compile(r"(?:[<>]=?|==)\s*(?:bool\s+)?(-?[\d.]+)|(?:[<>]=?)\s*(?:bool\s+)?scalar\(")


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


def test_configuration_is_valid(tmp_path: Path) -> None:
    # The password is a secret of the container; the tool wants to see the file.
    text = (PROMETHEUS / "prometheus.yml").read_text()
    (tmp_path / "password").write_text("secret")
    text = text.replace("/run/secrets/metrics_password", str(tmp_path / "password"))
    text = text.replace("rules/*.yml", str(PROMETHEUS / "rules" / "*.yml"))
    (tmp_path / "prometheus.yml").write_text(text)
    check("promtool", "check", "config", tmp_path / "prometheus.yml")
    check("amtool", "check-config", FOLDER / "alertmanager" / "alertmanager.yml")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", sorted((PROMETHEUS / "tests").glob("*.test.yml")), ids=str)
def test_alerts_fire_when_they_should_and_only_then(path: Path) -> None:
    check("promtool", "test", "rules", path)


def test_every_alert_is_named_and_annotated_as_in_a_mixin() -> None:
    for alert in alerts():
        name, notes = alert["alert"], alert["annotations"]
        assert name.startswith(PREFIX)
        assert set(notes) == {"summary", "description", "runbook_url"}, name
        assert len(notes["description"].split()) >= 8
        assert notes["runbook_url"] == f"{RUNBOOK}#{name.lower()}"
        expected = {"none"} if name == f"{PREFIX}Watchdog" else {"warning", "critical"}
        assert alert["labels"]["severity"] in expected


def test_every_threshold_stands_in_one_file() -> None:
    """A figure in an expression is a state (0 or 1); others are recorded, each once, and used."""
    recorded = [r["record"] for r in rules() if ":threshold:" in r.get("record", "")]
    assert len(recorded) == len(set(recorded)) > 20
    used = set()
    for rule in rules():
        if ":threshold:" in rule.get("record", "") or rule.get("record", "").endswith(":off_duty"):
            continue
        expression = _DURATION.sub("", rule["expr"])
        used |= set(re.findall(r"iot_facerecognition:threshold:\w+", expression))
        figures = {m[1] for m in _COMPARED.finditer(expression) if m[1]}
        assert figures <= {"0", "1"}, rule
    assert used == set(recorded)


def test_every_alert_has_a_section_of_the_page_that_it_points_to() -> None:
    page = (FOLDER.parent / "docs" / "alerts.md").read_text()
    sections = {
        heading: text
        for heading, _, text in (part.partition("\n") for part in page.split("\n## ")[1:])
        if heading.startswith(PREFIX)
    }
    assert list(sections) == [alert["alert"] for alert in alerts()]
    for alert in alerts():
        beginning, _, what_to_do = sections[alert["alert"]].strip().partition("\n\n")
        assert beginning.startswith(f"**{alert['labels']['severity'].capitalize()}, ")
        assert held_for(alert) in beginning
        assert len(what_to_do.split()) >= 15
    for link in re.findall(r"\(#(\w+)\)", page):
        assert link in {name.lower() for name in sections}


def held_for(alert: dict[str, Any]) -> str:
    """Return how long the condition has to hold, as the page writes it."""
    if "for" not in alert:
        return "at once."
    number, unit = int(alert["for"][:-1]), alert["for"][-1]
    word = {"s": "second", "m": "minute", "h": "hour"}[unit]
    return f"{number} {word}{'s' if number > 1 else ''}."


def test_every_alert_has_tests_that_fire_and_that_do_not() -> None:
    tested = cases()
    assert set(tested) == {alert["alert"] for alert in alerts()}
    for alert in alerts():
        name = alert["alert"]
        own = f'ALERTS{{alertname="{name}", alertstate="firing"}}'
        asked = [
            (case, test)
            for test in tested[name]
            for case in test["promql_expr_test"]
            if case["expr"] == own
        ]
        fires = [(case, test) for case, test in asked if case["exp_samples"]]
        assert fires
        # What its sentence names, it has.
        named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        case, test = fires[0]
        assert named <= set(re.findall(r"(\w+)=", case["exp_samples"][0]["labels"]))
        if name == f"{PREFIX}Watchdog":
            continue
        # In the same picture something else does not fire, and a moment earlier nothing does.
        assert len(test["input_series"]) > len(case["exp_samples"])
        assert any(not case["exp_samples"] for case, _ in asked)


def test_alerts_that_inhibit_each_other_exist() -> None:
    document = yaml.safe_load((FOLDER / "alertmanager" / "alertmanager.yml").read_text())
    names = {alert["alert"] for alert in alerts()}
    for rule in document["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            found = re.fullmatch(r'alertname(=|=~|!~)"(.+)"', matcher)
            assert found is not None, matcher
            assert any(re.fullmatch(found[2], name) for name in names), matcher
            for part in re.findall(r"[A-Z]\w+", found[2].removeprefix(PREFIX)):
                assert any(part in name for name in names), (matcher, part)
