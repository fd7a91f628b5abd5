"""What set-up decides: which build of torch, how much disk, what to say of a pip that failed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.packages import (
    GIGABYTE,
    TORCH,
    PackageError,
    Packages,
    Size,
    failure,
    needed_space,
    wanted_torch,
)
from scripts.unsatisfied import Installed, unsatisfied
from scripts.virtual_environment import VirtualEnvironment


@pytest.fixture(autouse=True)
def no_driver_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)


def test_torch_is_the_small_build_without_a_driver_and_the_other_with_one(tmp_path):
    sign = tmp_path / "version"
    assert wanted_torch({}, [sign])[0] == "cpu"
    sign.touch()
    assert wanted_torch({}, [sign])[0] == "cuda"
    assert wanted_torch({"TORCH": "cpu"}, [sign])[0] == "cpu"
    assert wanted_torch({"TORCH": "cuda"}, [])[0] == "cuda"


def test_another_build_of_torch_is_refused():
    with pytest.raises(PackageError, match="TORCH=rocm: it can be cpu or cuda"):
        wanted_torch({"TORCH": "rocm"})


def test_disk_for_packages_what_was_fetched_and_pips_copy_of_it():
    size = Size(fetched=2, installed=5)
    assert needed_space(size, same_disk_for_cache=False) == 7 * GIGABYTE
    assert needed_space(size, same_disk_for_cache=True) == 9 * GIGABYTE


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("WARNING: Retrying after NewConnectionError('...')\nERROR: No matching", "network"),
        ("ERROR: Could not find a version that satisfies leaf (from versions: none)", "network"),
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("line\n" * 50 + "error: it does not compile", "it does not compile"),
    ],
)
def test_a_pip_that_failed_is_told_in_few_words(output, words):
    said = failure(output, "pip install")
    assert words in said
    assert len(said.splitlines()) <= 13


class Installation:
    """An environment in which pip is a program of the test's, which keeps a log."""

    def __init__(self, folder: Path, offers: str) -> None:
        self.log = folder / "pip.log"
        self.environment = VirtualEnvironment(folder / ".venv")
        (folder / ".venv" / "bin").mkdir(parents=True)
        self.environment.python.write_text(
            f'#!/bin/sh\n[ "$2" = pip ] || exit 1\nshift 2\necho "$TMPDIR $*" >> \'{self.log}\'\n'
            f"case $1 in index) echo 'Available versions: {offers}' ;; esac\n"
        )
        self.environment.python.chmod(0o755)
        (folder / "scripts").mkdir()
        (folder / "constraints.txt").write_text("torch==2.13.0\n")
        (folder / "pyproject.toml").write_text("[project]\nname = 'tiny'\nversion = '1'\n")
        self.packages = Packages(self.environment, folder, "dev")

    def asked_of_pip(self) -> Iterator[str]:
        scratch = str(self.environment.folder / "tmp")
        for line in self.log.read_text().splitlines():
            if "cache dir" not in line:
                assert line.startswith(scratch)
                yield line.removeprefix(scratch).strip()


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The disk's free bytes."""
    disk = SimpleNamespace(free=50 * GIGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: disk)
    return disk


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PyPI has builds without CUDA")
@pytest.mark.usefixtures("free")
def test_without_a_driver_torch_comes_from_the_index_of_cpu_builds(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TORCH", "cpu")
    installation = Installation(tmp_path, "2.14.1+cpu, 2.13.0+cpu")
    installation.packages.install()
    index, torch, everything = installation.asked_of_pip()
    assert "--index-url https://download.pytorch.org/whl/cpu --retries 0" in index
    assert "--no-deps --index-url https://download.pytorch.org/whl/cpu torch==2.13.0" in torch
    assert "--index-url" not in everything
    assert "fetching 0.5 GB of packages, which take 1.6 GB of disk" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PyPI has builds without CUDA")
@pytest.mark.usefixtures("free")
@pytest.mark.parametrize("offers", ["", "2.13.0", "2.14.1+cpu"])
def test_where_that_index_has_it_not_pip_is_asked_as_it_is_configured(
    tmp_path, monkeypatch, capfd, offers
):
    monkeypatch.setenv("TORCH", "cpu")
    installation = Installation(tmp_path, offers)
    installation.packages.install()
    _, everything = installation.asked_of_pip()
    assert "--index-url" not in everything
    fetching, reason = capfd.readouterr().err.splitlines()
    assert "up to 3.1 GB of packages, which take up to 5.4 GB of disk" in fetching
    assert "does not offer torch 2.13.0 to this machine" in reason


def test_a_disk_that_is_too_small_is_reported_before_anything_is_fetched(
    tmp_path, monkeypatch, free
):
    monkeypatch.setenv("TORCH", "cuda")
    free.free = TORCH["cuda"].installed * GIGABYTE
    installation = Installation(tmp_path, "")
    with pytest.raises(PackageError, match=r"GB have to be free for .*\.venv, and 4\.6 GB are"):
        installation.packages.install()
    assert list(installation.asked_of_pip()) == []


PROJECT = {
    "name": "tiny",
    "version": "1",
    "dependencies": ["base>=2"],
    "optional-dependencies": {
        "one": ["leaf>=1"],
        "two": ["tiny[one]", "other; python_version < '3'", "tree[colour]"],
    },
}


def found(**versions: str) -> dict[str, Installed]:
    needs = {"tree": ("branch", "paint>3; extra == 'colour'", "rope; extra == 'swing'")}
    return {name: Installed(at, needs.get(name, ())) for name, at in versions.items()}


WHOLE = {"tiny": "1", "base": "2.1", "leaf": "1", "tree": "1", "branch": "1", "paint": "4"}


def test_an_environment_with_everything_lacks_nothing():
    assert unsatisfied(PROJECT, "two", ["# pins", "leaf==1"], found(**WHOLE).get) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"base": "1"}, "base>=2 is asked for, 1 is installed"),
        ({"leaf": "2"}, "leaf==1 is asked for, 2 is installed"),
        ({"paint": "3"}, 'paint>3; extra == "colour" is asked for, 3 is installed'),
    ],
)
def test_another_version_is_reported(change, line):
    assert unsatisfied(PROJECT, "two", ["leaf==1"], found(**WHOLE | change).get) == [line]


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_whatever_is_missing_is_reported(name):
    rest = {other: version for other, version in WHOLE.items() if other != name}
    (line,) = unsatisfied(PROJECT, "two", [], found(**rest).get)
    assert line.startswith(name)
    assert line.endswith("is not installed")


def test_nothing_is_missing_here():
    """What runs this test was set up by it."""
    script = Path(__file__).parents[2] / "scripts" / "unsatisfied.py"
    command = [sys.executable, "-P", script, "dev"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=os.sep)
    assert done.stdout == ""
