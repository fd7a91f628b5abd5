"""That the faults of other versions of the edge's package hit what the package has today."""

import shutil
from pathlib import Path

import pytest

from lab.hosts import packages
from lab.hosts.packages import Fault

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_changes_a_module_that_is_there(fault: Fault, tmp_path: Path) -> None:
    modules = tmp_path / packages._MODULES
    shutil.copytree(ROOT / "edge" / "iot_facerecognition_edge", modules)
    unit = tmp_path / packages._UNIT
    unit.parent.mkdir(parents=True)
    shutil.copy(ROOT / "edge" / unit.name, unit)
    before = {path: path.read_text() for path in modules.rglob("*.py")}
    packages._FAULTS[fault](tmp_path)
    (changed,) = [path for path, text in before.items() if path.read_text() != text]
    assert set(modules.rglob("*.py")) == set(before)
    compile(changed.read_text(), changed, "exec")
