"""A day on which nothing is wrong raises no alert, and one thing that is wrong raises its own."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.monitoring.ordinary_day import HOUSE, Day, Edge, day, document
from tests.monitoring.test_rules import check

pytestmark = pytest.mark.timeout(600)
HOUR = 3600


def replayed(made: Day, folder: Path, *expected: str) -> None:
    """Let promtool replay the day; alerts of the names `expected` fired, and no other."""
    path = folder / "day.test.yml"
    path.write_text(yaml.safe_dump(document(made, expected)))
    check("promtool", "test", "rules", path)


def test_nothing_fires_all_day(tmp_path: Path) -> None:
    replayed(day(step=60), tmp_path)


def test_nothing_fires_in_the_hour_of_the_upgrade(tmp_path: Path) -> None:
    replayed(day(begin=3 * HOUR + HOUR // 2, end=4 * HOUR + HOUR // 2), tmp_path)


def broken(name: str, **trouble: object) -> tuple[Edge, ...]:
    """Return the house with something wrong with one edge."""
    return tuple(replace(e, **trouble) if e.name == name else e for e in HOUSE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("house", "alert"),
    [
        (broken("door", dead_camera=True), "EdgeCameraDead"),
        (broken("door", away=((9 * HOUR, 24 * HOUR),)), "EdgeOffline"),
        (broken("shop", away=((9 * HOUR, 24 * HOUR),)), "EdgeOffline"),
    ],
)
def test_one_thing_that_is_wrong_fires(house: tuple[Edge, ...], alert: str, tmp_path: Path) -> None:
    replayed(day(house, begin=8 * HOUR, end=10 * HOUR, step=60), tmp_path, alert)
