"""Every script of the image: shellcheck finds nothing, and steps are named as pi-gen runs them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.edge_device import REPOSITORY

IMAGE = REPOSITORY / "image"
STAGE = IMAGE / "stage-iot-facerecognition"
_INTERPRETER = re.compile(rb"#!/bin/(?:ba|da)?sh\b")


def scripts() -> list[Path]:
    """Return all shell scripts of image/ and of its tests, by their first line."""
    folders = (IMAGE, Path(__file__).parent)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = [path for path in files if _INTERPRETER.match(path.read_bytes()[:20])]
    return sorted([*found, IMAGE / "config"])


@pytest.mark.parametrize("script", scripts(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_shellcheck_finds_nothing(script: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    command = [shellcheck, "--external-sources", "--source-path=SCRIPTDIR", script]
    done = subprocess.run(command, check=False, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def test_pi_gen_will_run_every_step() -> None:
    for folder in sorted(path for path in STAGE.iterdir() if path.is_dir()):
        assert re.fullmatch(r"\d\d-[a-z0-9-]+", folder.name), folder
        for entry in folder.iterdir():
            step = re.fullmatch(r"\d\d-(packages|packages-nr|run\.sh|run-chroot\.sh)", entry.name)
            assert step or entry.name == "files", f"pi-gen leaves out {entry}"
            if entry.suffix == ".sh":
                assert entry.stat().st_mode & 0o111, f"pi-gen leaves out {entry}: not executable"
                assert entry.read_text().startswith("#!/bin/bash -e\n"), entry


def test_lists_of_packages_have_more_than_one_line() -> None:
    # pi-gen's sed script leaves the comments of a single line in.
    for file in STAGE.glob("*/*-packages*"):
        assert file.read_text().count("\n") > 1, file


def test_pi_gen_is_pinned_for_each_architecture() -> None:
    lines = (IMAGE / "pi-gen.pins").read_text().splitlines()
    pins = [line.split() for line in lines if not line.startswith("#")]
    assert {pin[0] for pin in pins} == {"armhf", "arm64"}
    assert all(re.fullmatch(r"[0-9a-f]{40}", pin[2]) for pin in pins)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--key FILE"),
        (["--arch", "mips", "--unsigned"], "armhf or arm64"),
        (["--arch"], "needs a value"),
        (["--fast"], "is not known"),
        (["--key", "/nonexistent/key"], "cannot be read"),
    ],
)
def test_build_says_what_is_missing_before_it_begins(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [IMAGE / "build.sh", *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert words in done.stderr
