"""update.yml and rollback.yml: good versions arrive everywhere, bad ones stop at the canary.

The other edges are watched all the while: whatever happens to one, they stream.
"""

from pathlib import Path

import pytest

from lab.hosts.packages import Fault
from tests.fleet.fleet import EDGES, PATIENCE, SERVER_COMMAND, UNIT, Fleet
from tests.fleet.server_view import Watch, state

pytestmark = pytest.mark.timeout(1500, func_only=True)

GOOD = "50.0.0"
CANARY = min(EDGES)
OTHERS = tuple(name for name in EDGES if name != CANARY)
long = pytest.mark.long


@pytest.fixture(scope="module")
def view(fleet: Fleet):
    """The server's API, with all edges at work."""
    view = fleet.view()
    view.until_streaming(EDGES, PATIENCE)
    return view


def test_a_good_version_reaches_every_edge_one_batch_after_the_other(fleet, view):
    done = fleet.update(fleet.made(GOOD), edge_update_serial=[1, 2])
    assert done.returncode == 0, done.stdout[-4000:]
    edges = view.edges()
    for name in EDGES:
        assert state(edges[name]) == "good", edges[name]
        shown = {key: edges[name][key] for key in ("desired", "reported", "running")}
        assert set(shown.values()) == {GOOD}, shown
        assert fleet.installed(name) == ("ii", GOOD)
        assert fleet.guard_is_gone(name)
        assert f"{name}: good" in done.stdout
        fleet.until_named(name)


def test_a_second_run_of_the_same_update_changes_nothing(fleet, view):
    starts = {name: fleet.edge(name).shown(UNIT, "ExecMainStartTimestamp") for name in EDGES}
    done = fleet.update(fleet.made(GOOD))
    assert done.returncode == 0, done.stdout[-4000:]
    assert done.stdout.count("changed=0") == len(EDGES), done.stdout[-2000:]
    assert f"{CANARY}: current" in done.stdout
    assert starts == {
        name: fleet.edge(name).shown(UNIT, "ExecMainStartTimestamp") for name in EDGES
    }


@pytest.mark.parametrize(
    ("fault", "version"),
    [
        (Fault.CRASHES, "51.0.0"),
        pytest.param(Fault.SENDS_NOTHING, "52.0.0", marks=long),
        pytest.param(Fault.HANGS, "53.0.0", marks=long),
        pytest.param(Fault.HALF_RATE, "54.0.0", marks=long),
    ],
    ids=lambda value: value if isinstance(value, Fault) else "",
)
def test_a_bad_version_is_rolled_back_at_the_canary_and_goes_no_further(
    fleet, view, fault, version
):
    with Watch(view, OTHERS) as watch:
        done = fleet.update(fleet.made(version, fault=fault))
    assert done.returncode != 0, done.stdout[-4000:]
    assert watch.interruptions == []
    assert watch.looks > 0
    edges = view.edges()
    assert edges[CANARY]["update"]["state"] == "rolled-back", edges[CANARY]
    assert edges[CANARY]["update"]["version"] == version
    assert edges[CANARY]["update"]["reason"]
    print(fault, "was rolled back:", edges[CANARY]["update"]["reason"])
    for name in OTHERS:
        assert edges[name]["running"] == GOOD
        assert state(edges[name]) == "pending"
        assert f"{name}: pending (not begun)" in done.stdout
        assert fleet.installed(name) == ("ii", GOOD)
    # Which, why, and where the log is.
    log = fleet.folder / "logs" / f"{CANARY}-{version}.log"
    assert f"{CANARY}: rolled-back ({edges[CANARY]['update']['reason']})" in done.stdout
    assert str(log) in done.stdout
    assert version in log.read_text()
    view.until_streaming([CANARY], PATIENCE, [GOOD])
    assert fleet.installed(CANARY) == ("ii", GOOD)
    assert fleet.guard_is_gone(CANARY)
    fleet.until_named(CANARY)


@long
def test_unhealthy_unreachable_and_used_edges_are_left_alone(fleet, view):
    """One edge does not stream, one cannot be reached, and somebody uses the third."""
    unhealthy, away, used = EDGES
    later = fleet.made("55.0.0")
    fleet.edge(unhealthy).console("systemctl", "stop", UNIT)
    fleet.edge(away).cut_network()
    touch(fleet, used)
    try:
        view.until(lambda edges: not edges[unhealthy]["connected"], PATIENCE)
        done = fleet.update(later, "--limit", used, edge_update_even_if_in_use=True)
        assert done.returncode == 0, done.stdout[-4000:]
        assert fleet.installed(used) == ("ii", "55.0.0")
    finally:
        fleet.edge(away).mend_network()
        fleet.edge(unhealthy).console("systemctl", "start", UNIT)
    view.until_streaming(EDGES, PATIENCE)


def touch(fleet: Fleet, name: str) -> None:
    """Leave what the appliance leaves when somebody touches its screen, which these have not."""
    fleet.edge(name).console("touch", "/run/iot-facerecognition-edge/in-use")


def test_rollback_puts_the_version_before_back(fleet, view):
    used = next((name for name in EDGES if fleet.installed(name)[1] != GOOD), None)
    if used is None:  # in the short form
        used = CANARY
        done = fleet.update(fleet.made("56.0.0"), "--limit", used)
        assert done.returncode == 0, done.stdout[-4000:]
    done = fleet.play(
        "rollback",
        "--limit",
        used,
        variables=fleet.update_variables(Path()) | {"edge_deb": ""},
    )
    assert done.returncode == 0, done.stdout[-4000:]
    view.until_streaming(EDGES, PATIENCE, [GOOD])
    assert fleet.installed(used) == ("ii", GOOD)
    shown = fleet.server.console(SERVER_COMMAND, "fleet", "show", used, "--json")
    assert GOOD in shown
