"""Hardware in the loop: `make hil`. Options: `make hil HIL_ARGS=--help`, docs/hil.md.

One device for the whole session, in the order of `_ORDER`: it is provisioned, deployed to, watched
and mistreated. Every test leaves it on, headless and streaming.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from benchmarks.edge_device import REPOSITORY
from lab.cast import people
from lab.hil.bed import Bed
from lab.hil.bench import Bench, Login
from lab.hil.bench_rig import BenchRig
from lab.hil.deployment import Deployment, Wanted
from lab.hil.device import Device
from lab.hil.relay import Relay
from lab.hil.report import html_report
from lab.hil.results import Figure, Outcome, Results, Verdict
from lab.hil.rig import Rig
from lab.hil.server import GivenServer, LocalServer, ServerUnderTest
from lab.hil.virtual_rig import VirtualRig
from lab.photos import fetch_photos
from scripts.debian_package import build

if os.environ.get("LAB") != "hil":
    collect_ignore_glob = ["test_*.py"]

SIZE = (640, 480)
"""What the camera sees, where it is a picture."""
STAGED = {
    "obama3.jpg": "Barack Obama",
    "biden.jpg": "Joe Biden",
    "astronaut.png": "Eileen Collins",
    "hanks.png": "unknown face",
}
"""Which photos the camera is shown, and the name that has to come out."""
_ORDER = (
    "test_deployment.py",
    "test_boot.py",
    "test_recognition.py",
    "test_screen.py",
    "test_connection.py",
    "test_watchdog.py",
    "test_power_cut.py",
)
_RESULTS = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hil", "hardware in the loop (docs/hil.md)")
    group.addoption(
        "--hil-host",
        default="virtual",
        metavar="HOST",
        help="virtual (default: an emulated Pi Zero), bench (what --hil-bench describes), or"
        " [USER@]HOST[:PORT], which takes the place of its [device] host",
    )
    group.addoption(
        "--hil-server",
        default="local",
        metavar="SERVER",
        help="local (default: a real server, started on this machine), or HOST:PORT of one that"
        " runs, with the commands of the bench's [server]",
    )
    group.addoption("--hil-bench", type=Path, metavar="FILE", help="the bench's description (TOML)")
    group.addoption(
        "--hil-deploy",
        choices=("ansible", "card", "none"),
        default="ansible",
        help="how the edge gets its settings: by Ansible (default), by its card alone, or it has"
        " them",
    )
    group.addoption("--hil-deb", type=Path, metavar="FILE", help="the package (default: built)")
    group.addoption("--hil-reconnects", type=int, metavar="N", help="how often to reconnect")
    group.addoption("--hil-power-cuts", type=int, metavar="N", help="how often to cut the power")
    group.addoption("--hil-seed", type=int, default=1, metavar="N", help="for random moments")
    group.addoption(
        "--hil-output",
        type=Path,
        default=REPOSITORY / "build" / "hil",
        metavar="FOLDER",
        help="where report.html, figures.json and logs go (default: build/hil)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("LAB") != "hil":
        return
    output: Path = config.getoption("--hil-output")
    output.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=REPOSITORY, capture_output=True, check=False, text=True,
    ).stdout.strip()  # fmt: skip
    config.stash[_RESULTS] = Results(output, datetime.now().astimezone(), commit=commit)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(_ORDER)}
    items.sort(key=lambda item: order.get(item.path.name, -1))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Only what decides: a passed set-up is no outcome.
    if _Reporter.results is not None and (report.when == "call" or not report.passed):
        name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        why = "" if report.passed else str(report.longrepr)
        if report.skipped and isinstance(report.longrepr, tuple):
            why = report.longrepr[2].removeprefix("Skipped: ")
        seconds = report.duration
        _Reporter.results.outcomes.append(Outcome(name, report.outcome, seconds, why[-4000:]))


class _Reporter:
    """Where `pytest_runtest_logreport`, which is given no configuration, finds the results."""

    results: Results | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    _Reporter.results = session.config.stash.get(_RESULTS, None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    results = session.config.stash.get(_RESULTS, None)
    if results is not None and results.outcomes:
        report = results.folder / "report.html"
        report.write_text(html_report(results))
        results.write(results.folder / "figures.json")
        print(f"\nhil: the report is {report}")


@pytest.fixture(scope="session")
def results(pytestconfig) -> Results:
    return pytestconfig.stash[_RESULTS]


@pytest.fixture
def figure(results, record_property):
    """Keep a figure in the report and in JUnit's file; a goal that is missed fails the test."""

    def keep(name, value, unit, goal=None, *, at_least=False, note=""):
        made = results.add(Figure(name, value, unit, goal, at_least, note))
        record_property(f"{name} [{unit}]", value)
        assert made.verdict is not Verdict.MISSED, f"{name}: {made.text}, not {goal:g} {unit}"

    return keep


@pytest.fixture(scope="session")
def bench(pytestconfig) -> Bench:
    path = pytestconfig.getoption("--hil-bench")
    return Bench() if path is None else Bench.read(path)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> dict[str, Path]:
    """What the camera is shown, by the name that has to come out."""
    photos, folder = fetch_photos(), tmp_path_factory.mktemp("pictures")
    shown = {}
    for photo, name in STAGED.items():
        path = shown[name] = folder / Path(photo).with_suffix(".jpg").name
        with Image.open(photos / photo) as image:
            ImageOps.pad(image.convert("RGB"), SIZE).save(path, quality=88)
    return shown


@pytest.fixture(scope="session")
def server(pytestconfig, bench, results) -> Iterator[ServerUnderTest]:
    place = pytestconfig.getoption("--hil-server")
    if place != "local":
        results.server = place
        yield GivenServer(place, bench.server)
        return
    with tempfile.TemporaryDirectory(prefix="hil-server-") as folder:
        local = LocalServer(Path(folder), people(fetch_photos()))
        results.server = local.what
        local.start()
        try:
            yield local
        finally:
            local.stop()


@pytest.fixture(scope="session")
def relay(pytestconfig, server) -> Iterator[Relay]:
    """What the device takes for its server: a relay that can cut its connections."""
    virtual = pytestconfig.getoption("--hil-host") == "virtual"
    with Relay(server.address, "127.0.0.1" if virtual else "0.0.0.0") as relay:
        yield relay


@pytest.fixture(scope="session")
def rig(pytestconfig, bench, relay, results, pictures) -> Iterator[Rig]:
    host = pytestconfig.getoption("--hil-host")
    if host == "virtual":
        made: Rig = VirtualRig(results.folder, relay.port)
    else:
        if host != "bench":
            name, _, port = host.partition(":")
            login = Login(name, int(port or bench.device.port), bench.device.key)
            bench = replace(bench, device=login)
        made = BenchRig(bench, results.folder)
    goals = made.goals
    for option, key in (("--hil-reconnects", "reconnects"), ("--hil-power-cuts", "power_cuts")):
        if (number := pytestconfig.getoption(option)) is not None:
            goals = replace(goals, **{key: number})
    made.goals = goals
    results.device, results.emulated = made.what, made.emulated
    if made.shows:
        made.show([pictures["Barack Obama"]])
    try:
        yield made
    finally:
        (results.folder / "console.txt").write_text(made.console())
        made.close()


@pytest.fixture(scope="session")
def bed(rig, server, relay, results) -> Bed:
    return Bed(rig, server, relay, results)


@pytest.fixture(scope="session")
def deployed(pytestconfig, bed, tmp_path_factory) -> Deployment:
    """The device, provisioned and deployed to: what every other test stands on."""
    deb = pytestconfig.getoption("--hil-deb") or build(tmp_path_factory.mktemp("package"))
    settings = {"display.screen": "none", "log.to_file": True, **bed.rig.camera}
    wanted = Wanted(deb, bed.rig.address, bed.relay.port, settings)
    mode = pytestconfig.getoption("--hil-deploy")
    deployment = Deployment(mode, wanted, bed.server, bed.results.folder)
    deployment.provision(bed.rig)
    deployment.deploy(bed.rig)
    bed.results.device = f"{bed.rig.what}, {bed.device.model()}"
    return deployment


@pytest.fixture
def device(bed, deployed) -> Device:
    """The device, on and streaming."""
    device = bed.reached() if bed.rig.on else bed.boot()
    bed.streaming()
    return device


@pytest.fixture
def power(rig) -> Rig:
    """The rig, where it can cut the power."""
    if not rig.switchable:
        pytest.skip("[power] is missing in the bench: nothing can cut the power")
    return rig


@pytest.fixture
def camera(rig) -> Rig:
    """The rig, where it can show the camera a picture."""
    if not rig.shows:
        pytest.skip("[camera] show is missing in the bench: nothing shows the camera a picture")
    return rig
