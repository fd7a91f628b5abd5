"""Set-up as `make` runs it, on a project like ours: interrupted, offline, twice at once, moved."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.virtual_environment import VirtualEnvironment
from tests.scripts.tiny_project import make_clone, make_wheels

NOBODY = "http://127.0.0.1:9/simple"
"""Nothing listens on the port that is for discarding."""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wheels(tmp_path_factory.mktemp("index") / "wheels")


@pytest.fixture(scope="module")
def start(wheels: Path) -> Start:
    """Start set-up in a clone, with pip told where to look by `pip` variables."""

    def start_set_up(clone: Path, **pip: str) -> "subprocess.Popen[str]":
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        pip = pip or {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
        return subprocess.Popen(
            [clone / "scripts" / "setup", sys.executable, ".venv"],
            env=inherited | {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"} | pip,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start_set_up


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, said = process.communicate(timeout=100)
    assert "Traceback" not in said
    return process.returncode, said


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, start: Start) -> Path:
    """A clone that is set up, in a folder with a space in its name; each test leaves it so."""
    made = make_clone(tmp_path_factory.mktemp("a folder") / "a clone")
    before = os.umask(0o077)
    try:
        code, said = ended(start(made))
    finally:
        os.umask(before)
    assert code == 0, said
    return made


def runs(clone: Path) -> bool:
    """Tell whether the project's command can be used."""
    command = clone / ".venv" / "bin" / "tiny-command"
    return subprocess.run([command], check=True, capture_output=True).stdout == b"tiny runs\n"


def forget(clone: Path, package: str) -> None:
    """Leave `package` as a pip that was killed leaves it."""
    (record,) = clone.glob(f".venv/lib/python*/site-packages/{package}-*.dist-info/RECORD")
    record.unlink()


def test_a_clone_in_a_folder_with_a_space_is_set_up(clone):
    assert runs(clone)
    assert (clone / ".venv" / ".ready").exists()
    assert not (clone / ".venv" / "tmp").exists()


def test_nobody_is_asked_where_nothing_is_missing(clone, start):
    with (clone / "pyproject.toml").open("a") as opened:
        opened.write("# a remark\n")
    assert ended(start(clone, PIP_INDEX_URL=NOBODY)) == (0, "setup: everything is installed\n")


def test_a_whole_environment_is_not_made_anew(clone):
    assert VirtualEnvironment(clone / ".venv").broken() == ""


def test_an_environment_whose_making_was_interrupted_is_seen(tmp_path, clone):
    folder = tmp_path / ".venv"
    environment = VirtualEnvironment(folder)
    assert "gone" in environment.broken()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    assert "interrupted" in environment.broken()
    (pip,) = clone.glob(".venv/lib/python*/site-packages/pip")
    (half,) = folder.glob("lib/python*/site-packages")
    (half / "pip").symlink_to(pip)  # as far as a first second gets it
    assert "interrupted" in environment.broken()


def test_a_package_that_is_missing_and_no_network_are_one_sentence(clone, start):
    (clone / ".venv" / ".ready").unlink()
    forget(clone, "leaf")
    code, said = ended(start(clone, PIP_INDEX_URL=NOBODY))
    assert code == 1
    assert said.splitlines()[0].endswith("leaf>=1 is not installed")
    assert "the package index cannot be reached" in said
    assert len(said.splitlines()) == 2
    assert not (clone / ".venv" / ".ready").exists()
    assert ended(start(clone))[0] == 0
    assert (clone / ".venv" / ".ready").exists()


def test_another_version_in_the_constraints_is_installed(clone, start):
    (clone / "constraints.txt").write_text("leaf==2\n")
    code, said = ended(start(clone))
    assert code == 0
    assert "leaf==2 is asked for, 1 is installed" in said
    (found,) = clone.glob(".venv/lib/python*/site-packages/leaf-*.dist-info")
    assert found.name == "leaf-2.dist-info"


def test_offline_it_goes_on_with_what_is_installed(clone, start):
    """Only the project's own commands have changed; pip would fetch what builds them."""
    project = clone / "pyproject.toml"
    before = project.read_text()
    other = before.replace("tiny-command", "other-command")
    project.write_text(other.replace("requires = []", 'requires = ["not-here"]'))
    code, said = ended(start(clone, PIP_INDEX_URL=NOBODY))
    assert code == 0
    assert "Going on with what is installed" in said
    project.write_text(other)
    assert ended(start(clone))[0] == 0
    assert (clone / ".venv" / "bin" / "other-command").exists()
    project.write_text(before)
    assert ended(start(clone))[0] == 0
    assert runs(clone)


def test_a_second_set_up_waits_for_the_first(clone, start):
    with (clone / "pyproject.toml").open("rb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = start(clone)
        assert second.stderr is not None
        assert "another set-up is at work" in second.stderr.readline()
        assert second.poll() is None
    assert ended(second) == (0, "setup: everything is installed\n")


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    """An index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def test_interrupted_it_says_so_and_the_next_run_goes_on(clone, start, silent_index):
    forget(clone, "leaf")
    port = silent_index.getsockname()[1]
    process = start(clone, PIP_INDEX_URL=f"http://127.0.0.1:{port}/simple")
    waiting, _ = silent_index.accept()
    os.killpg(process.pid, signal.SIGINT)
    code, said = ended(process)
    waiting.close()
    assert (code, said.splitlines()[-1]) == (
        130,
        "setup: interrupted; the next run goes on from here",
    )
    assert ended(start(clone))[0] == 0
    assert runs(clone)


def test_a_clone_that_was_moved_gets_an_environment_of_its_own(clone, start):
    moved = clone.rename(clone.with_name("moved"))
    try:
        code, said = ended(start(moved))
        assert code == 0
        assert "the clone was moved" in said
        assert runs(moved)
    finally:
        moved.rename(clone)
        shutil.rmtree(clone / ".venv")
