"""The guard's copy is a program of its own, whatever else is installed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from iot_facerecognition_edge.update.commands import Done
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.guard_copy import PYTHON, guard_copy, place_guard


def run(*words: str, **_: object) -> Done:
    python = [sys.executable, *words[1:]] if words[0] == PYTHON[0] else list(words)
    done = subprocess.run(python, capture_output=True, text=True, check=False, cwd="/")
    return Done(words, done.returncode, done.stdout + done.stderr)


def test_it_runs_without_any_installed_package(tmp_path):
    place_guard(tmp_path / "guard.pyz", run)
    done = run(*PYTHON, str(tmp_path / "guard.pyz"), "check")
    assert done.code == 0, done.output
    loaded = run(
        *PYTHON, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'guard.pyz')!r});"
        "import iot_facerecognition_edge.update.guard_main as main; print(main.__file__);"
        "print([path for path in sys.path if 'packages' in path])",
    )  # fmt: skip
    place, packages = loaded.output.splitlines()
    assert place.startswith(str(tmp_path))
    assert packages == "[]"


def test_it_holds_every_module_that_it_can_import(tmp_path):
    (tmp_path / "guard.pyz").write_bytes(guard_copy())
    names = zipfile.ZipFile(tmp_path / "guard.pyz").namelist()
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in names
        if name != "__main__.py" and not name.endswith("/cli.py")
    ]
    assert len(modules) > 20
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'guard.pyz')!r})\n"
    done = run(*PYTHON, "-c", code + "".join(f"import {name}\n" for name in modules))
    assert done.code == 0, done.output


def test_the_same_modules_are_the_same_bytes():
    assert guard_copy() == guard_copy()


def test_a_copy_that_does_not_run_is_not_trusted(tmp_path):
    def broken(*words: str, **_: object) -> Done:
        return Done(words, 1, "SyntaxError: invalid syntax")

    with pytest.raises(UpdateError, match="nothing is changed: install the package again"):
        place_guard(tmp_path / "guard.pyz", broken)


def test_a_copy_that_the_disk_changed_is_not_trusted(tmp_path, monkeypatch):
    real = Path.read_bytes
    monkeypatch.setattr(
        Path,
        "read_bytes",
        lambda path: real(path)[:-1] if path.suffix == ".pyz" else real(path),
    )
    with pytest.raises(UpdateError, match="does not hold what was written to it"):
        place_guard(tmp_path / "guard.pyz", run)
