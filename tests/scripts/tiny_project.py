"""A clone of a project like ours with one small dependency, and wheels in the index's place."""

import shutil
import zipfile
from importlib import metadata
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
_PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
dependencies = []

[project.optional-dependencies]
leaf = ["leaf>=1"]
dev = ["tiny[leaf]", "packaging"]

[project.scripts]
tiny-command = "tiny:main"
"""
_BACKEND = '''\
"""Builds an editable wheel, which is a link to this folder."""
import pathlib, tomllib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    commands = "".join(f"{name} = {place}\\n" for name, place in project["scripts"].items())
    optional = "".join(
        f"Provides-Extra: {extra}\\n"
        + "".join(f"Requires-Dist: {one} ; extra == '{extra}'\\n" for one in requirements)
        for extra, requirements in project["optional-dependencies"].items()
    )
    head = "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n"
    kind = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files = {
        "tiny.pth": str(pathlib.Path.cwd()),
        "tiny-1.dist-info/METADATA": head + optional,
        "tiny-1.dist-info/WHEEL": kind,
        "tiny-1.dist-info/entry_points.txt": f"[console_scripts]\\n{commands}",
        "tiny-1.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(pathlib.Path(folder) / "tiny-1-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    return "tiny-1-py3-none-any.whl"
'''


def make_clone(folder: Path) -> Path:
    """Make the project in `folder`, with this clone's set-up."""
    folder.mkdir(parents=True)
    shutil.copytree(SCRIPTS, folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").write_text(_PROJECT)
    (folder / "constraints.txt").write_text("# what is tested\nleaf==1\n")
    (folder / "backend.py").write_text(_BACKEND)
    (folder / "tiny.py").write_text("def main(): print('tiny runs')\n")
    return folder


def make_wheels(folder: Path) -> Path:
    """Fill `folder` with wheels of all that the project needs."""
    folder.mkdir(parents=True)
    for version in ("1", "2"):
        _wheel(
            folder / f"leaf-{version}-py3-none-any.whl",
            {
                "leaf.py": b"",
                f"leaf-{version}.dist-info/METADATA": (
                    f"Metadata-Version: 2.1\nName: leaf\nVersion: {version}\n".encode()
                ),
                f"leaf-{version}.dist-info/WHEEL": (
                    b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                ),
            },
        )
    installed = metadata.distribution("packaging")
    files = {
        str(file): Path(file.locate()).read_bytes()
        for file in installed.files or ()
        if file.suffix in {".py", ""} or ".dist-info" in str(file)
        if file.name not in {"RECORD", "INSTALLER", "REQUESTED"}
    }
    _wheel(folder / f"packaging-{installed.version}-py3-none-any.whl", files)
    return folder


def _wheel(path: Path, files: dict[str, bytes]) -> None:
    information = next(name for name in files if name.endswith("WHEEL")).removesuffix("WHEEL")
    record = "".join(f"{name},,{len(content)}\n" for name, content in files.items())
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr(f"{information}RECORD", record)
