"""An update is interrupted at any moment: the edge comes back streaming, with the old or the new.

`SEED=NUMBER make test-fleet` repeats the moments of a run, which are printed.
"""

import json
import os
import random
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest

from benchmarks.edge_device import DeviceError
from tests.fleet.fleet import (
    DEVICE_PROBATION,
    EDGES,
    PATIENCE,
    PLAYBOOKS,
    UPDATE,
    Fleet,
    short_form,
)
from tests.fleet.server_view import FINAL, ServerView, state, streams

pytestmark = pytest.mark.timeout(2400, func_only=True)

SEED = int(os.environ.get("SEED") or secrets.randbelow(10**6))
POWER_CUTS = 3 if short_form() else 20


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut `moment` seconds after an update began, and what came of it."""

    edge: str
    moment: float
    phase: str
    dpkg: str
    before: str
    after: str
    verdict: str | None

    def __str__(self) -> str:
        return (
            f"{self.edge}: cut after {self.moment:.1f} s, in phase {self.phase} with dpkg's"
            f" {self.dpkg!r}; {self.before} -> {self.after}, {self.verdict}"
        )


@pytest.fixture(scope="module")
def view(fleet: Fleet):
    """The server's API, with all edges at work."""
    view = fleet.view()
    view.until_streaming(EDGES, PATIENCE)
    return view


class Versions:
    """Ever newer ones, so that each update is one."""

    def __init__(self, fleet: Fleet, first: int) -> None:
        self._fleet = fleet
        self._number = first

    def next(self) -> str:
        """Return the next one, made."""
        self._number += 1
        version = f"{self._number}.0.0"
        self._fleet.made(version)
        return version


@pytest.fixture(scope="module")
def versions(fleet: Fleet) -> Versions:
    """Versions that no edge has had."""
    return Versions(fleet, 100)


def begin(fleet: Fleet, name: str, version: str) -> None:
    """Begin an update as the playbook does, by its hand-over; return when it goes on by itself."""
    package = fleet.made(version)
    place = f"/var/cache/{package.name}"
    fleet.edge(name).console("sh", "-c", f"cat >{place}", given=package.read_bytes())
    fleet.edge(name).console(
        UPDATE, "install", place, "--probation", str(DEVICE_PROBATION), "--even-if-in-use"
    )


def settle(fleet: Fleet, view: ServerView, name: str, old: str, new: str) -> str | None:
    """Wait until an edge streams with one of two versions and its update is over; return how."""

    def settled(edges: dict[str, dict[str, object]]) -> bool:
        edge = edges[name]
        return (
            streams(edge)
            and edge["running"] in {old, new}
            and state(edge) in {*FINAL, None, "pending"}
        )

    view.until(settled, PATIENCE + DEVICE_PROBATION)
    host = fleet.edge(name)
    host.until(lambda: fleet.guard_is_gone(name), PATIENCE, "to remove its guard")
    status, installed = fleet.installed(name)
    assert status == "ii"
    assert installed == view.edge(name)["running"]
    assert host.console("dpkg", "--audit") == ""
    return state(view.edge(name))


def test_the_network_is_cut_in_the_middle(fleet, view, versions):
    """Of an update by update.yml, whose connection dies; the edge comes back, and is judged."""
    name, version = EDGES[0], versions.next()
    old = fleet.installed(name)[1]
    started = fleet.lab.start_playbook(
        fleet.inventory(),
        PLAYBOOKS / "update.yml",
        *("--limit", name, "--extra-vars"),
        json.dumps(fleet.update_variables(fleet.made(version))),
    )
    host = fleet.edge(name)
    try:
        host.until(
            lambda: fleet.updater_state(name).get("version") == version, PATIENCE, "to begin"
        )
        host.cut_network()
        # Until the switch has been made without anybody there.
        host.until(lambda: fleet.installed(name) == ("ii", version), PATIENCE, "to switch")
    finally:
        host.mend_network()
        output, _ = started.communicate(timeout=PATIENCE + 400)
    print(output)
    assert settle(fleet, view, name, old, version) in {"good", "rolled-back"}
    assert f"{name}: {state(view.edge(name))}" in output


@pytest.mark.long
def test_the_network_is_gone_for_good_in_the_middle(fleet, view, versions):
    """Nobody acknowledges: the old version is back without a network, and streams with it."""
    name, version = EDGES[1], versions.next()
    old = fleet.installed(name)[1]
    host = fleet.edge(name)
    begin(fleet, name, version)
    host.cut_network()
    try:
        host.until(
            lambda: fleet.updater_state(name).get("state") in {"rolled-back", "skipped"},
            PATIENCE + DEVICE_PROBATION,
            "to put the old version back",
        )
        assert fleet.installed(name) == ("ii", old)
    finally:
        host.mend_network()
    settle(fleet, view, name, old, version)
    assert view.edge(name)["running"] == old


def test_dpkg_is_killed_in_the_middle(fleet, view, versions):
    name, version = EDGES[2], versions.next()
    old = fleet.installed(name)[1]
    host = fleet.edge(name)
    begin(fleet, name, version)
    # As soon as it runs, and works on our package.
    killed = host.console(
        "sh",
        "-c",
        "for _ in $(seq 6000); do"
        " p=$(pgrep -x dpkg | head -1);"
        ' [ -n "$p" ] && grep -qsz unpack /proc/$p/cmdline && kill -9 "$p" && echo killed && exit;'
        " sleep 0.01; done",
    )
    assert killed == "killed"
    outcome = settle(fleet, view, name, old, version)
    print("after kill -9 of dpkg:", outcome, fleet.installed(name))


def test_the_power_is_cut_at_random_moments(fleet, view, versions):
    """Three edges at a time, each at a moment of its own."""
    print(f"SEED={SEED}")
    moments = random.Random(SEED)
    longest = switch_seconds(fleet, view, versions)
    print(f"an update takes {longest:.1f} s here until the server's word")
    cuts: list[Cut] = []
    while len(cuts) < POWER_CUTS:
        names = EDGES[: POWER_CUTS - len(cuts)]
        version = versions.next()
        round_ = [Cutting(fleet, name, version, moments.uniform(0, longest)) for name in names]
        for cutting in round_:
            cutting.start()
        for cutting in round_:
            cutting.join()
        for cutting in round_:
            cut = cutting.outcome(view)
            print(f"{len(cuts) + 1}:", cut)
            cuts.append(cut)
    assert len(cuts) == POWER_CUTS


def switch_seconds(fleet: Fleet, view: ServerView, versions: Versions) -> float:
    """Return how long an update takes from its beginning to the server's verdict."""
    name, version = EDGES[0], versions.next()
    began = time.monotonic()
    begin(fleet, name, version)
    view.until(
        lambda edges: edges[name]["running"] == version and state(edges[name]) == "good",
        PATIENCE + DEVICE_PROBATION,
    )
    return time.monotonic() - began


class Cutting(threading.Thread):
    """Updates an edge, pulls its plug `moment` seconds later, and gives it power again."""

    def __init__(self, fleet: Fleet, name: str, version: str, moment: float) -> None:
        super().__init__(name=f"cut {name}")
        self._fleet = fleet
        self._name = name
        self._version = version
        self._moment = moment
        self._before = fleet.installed(name)[1]
        self._phase = self._dpkg = ""
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it."""
        host = self._fleet.edge(self._name)
        try:
            beginning = threading.Thread(target=self._begin, daemon=True)
            beginning.start()
            # The moment is what is tested; nothing is waited for.
            time.sleep(self._moment)
            host.power_cut()
            beginning.join(PATIENCE)
            self._look_at_the_disk()
            host.start()
        except BaseException as error:  # noqa: BLE001 - raised by `outcome`
            self._error = error

    def outcome(self, view: ServerView) -> Cut:
        """Wait until the edge streams; return what came of it. Raises AssertionError."""
        if self._error is not None:
            raise self._error
        verdict = settle(self._fleet, view, self._name, self._before, self._version)
        after = self._fleet.installed(self._name)[1]
        return Cut(self._name, self._moment, self._phase, self._dpkg, self._before, after, verdict)

    def _begin(self) -> None:
        with suppress(DeviceError):  # the power was cut before the hand-over
            begin(self._fleet, self._name, self._version)

    def _look_at_the_disk(self) -> None:
        """Remember how far it was."""
        disk = self._fleet.edge(self._name).folder / "upper/var/lib"
        journal = disk / "iot-facerecognition-update/journal.json"
        self._phase = _field(journal.read_text(), '"phase": "') if journal.exists() else "none"
        status = (disk / "dpkg/status").read_text()
        _, _, entry = status.partition("\nPackage: iot-facerecognition-edge\n")
        self._dpkg = _field(entry, "Status: ")


def _field(text: str, mark: str) -> str:
    _, found, rest = text.partition(mark)
    return rest.splitlines()[0].partition('"')[0] if found else "none"
