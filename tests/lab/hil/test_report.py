"""The report: everything in one file, nothing of what a device says believed."""

import json
import re
from datetime import UTC, datetime

import pytest
from PIL import Image

from lab.hil.report import html_report
from lab.hil.results import Chart, Figure, Outcome, Results, Verdict


@pytest.fixture
def results(tmp_path):
    results = Results(tmp_path, datetime(2026, 11, 27, 20, 0, tzinfo=UTC), device="Zero <W>")
    results.add(Figure("frame rate", 14.0, "fps", 15.0, at_least=True))
    results.add(Figure("memory", 80.0, "MiB", 100.0))
    results.add(Figure("temperature", None, "°C", 70.0, note="no sensor"))
    results.shoot("The screen", Image.new("RGB", (8, 8), (1, 2, 3)))
    results.charts.append(Chart("Reconnects", "s", (1.0, 2.5)))
    results.tables.append(("Log", "</pre><script>alert(1)</script>"))
    results.outcomes.append(Outcome("it streams", "passed", 61.0))
    results.outcomes.append(Outcome("it <breaks>", "failed", 1.0, "AssertionError: <b>"))
    return results


def test_it_is_one_file_with_everything_in_it(results):
    page = html_report(results)
    for part in ("14 fps", "at least 15: missed", "80 MiB", "no sensor", "it streams"):
        assert part in page
    sources = re.findall(r"(?:src|href)='([^']*)'", page)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "url(" not in page
    assert "@import" not in page


def test_what_a_device_or_a_test_says_is_text(results):
    page = html_report(results)
    assert "<script>" not in page
    assert "&lt;breaks&gt;" in page
    assert "Zero &lt;W&gt;" in page


def test_a_missed_goal_or_a_failed_test_is_said_at_the_top(results):
    assert "Something is wrong" in html_report(results)
    results.figures.pop(0)
    results.outcomes.pop()
    assert "All is well" in html_report(results)


def test_a_run_without_a_test_is_not_called_well(tmp_path):
    page = html_report(Results(tmp_path, datetime.now(UTC)))
    assert "Nothing was run" in page
    assert "All is well" not in page


def test_figures_are_kept_for_programs(results, tmp_path):
    results.write(tmp_path / "figures.json")
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert [one["verdict"] for one in kept["figures"]] == ["missed", "met", "reported"]
    assert kept["outcomes"][1]["why"] == "AssertionError: <b>"


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "verdict"),
    [
        (15.0, 15.0, True, Verdict.MET),
        (14.9, 15.0, True, Verdict.MISSED),
        (70.0, 70.0, False, Verdict.MET),
        (70.1, 70.0, False, Verdict.MISSED),
        (5.0, None, False, Verdict.REPORTED),
        (None, 5.0, False, Verdict.REPORTED),
    ],
)
def test_a_goal_is_a_limit_from_one_side(value, goal, at_least, verdict):
    assert Figure("x", value, "", goal, at_least).verdict is verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0812, "0.08 s"),
        (2.345, "2.3 s"),
        (1000.0, "1,000 s"),
        (12.0, "12 s"),
        (None, "not measured"),
    ],
)
def test_figures_are_rounded_for_people(value, text):
    assert Figure("x", value, "s").text == text
