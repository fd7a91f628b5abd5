"""Every example of README and docs runs as it stands there, or says why it is not run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cast import people
from lab.server_process import Access, ServerProcess

from .blocks import Block, blocks_of, code_blocks

BLOCKS = code_blocks()
RUN = [block for block in BLOCKS if block.prints]
SECONDS = 100.0
CONFIGURATION = """\
[Connection]
Bind=127.0.0.1
Port=0
[Server]
StateDirectory=state
"""


def test_every_block_of_code_is_run_or_says_why_not() -> None:
    assert [str(block) for block in BLOCKS if not block.mark] == []
    assert len(RUN) >= 6


def test_blocks_are_found_with_their_marks() -> None:
    page = (
        "# Page\n\n<!-- run: prints seen .* -->\n```python\nprint(1)\n```\n\n"
        "<!-- not run: needs a camera -->\n\n    camera\n      more\n\n- list\n  item\n\n"
        "    unmarked\n\n```json\n{}\n```\n"
    )
    found = [(b.line, b.language, b.code, b.mark, b.prints) for b in blocks_of("page", page)]
    assert found == [
        (4, "python", "print(1)\n", "run: prints", "seen .*"),
        (10, "", "camera\n  more\n", "not run:", None),
        (16, "", "unmarked\n", "", None),
        (18, "json", "{}\n", "", None),
    ]


@pytest.fixture(scope="module")
def example_server(
    photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), people(photos)) as running:
        yield running


def filled_in(code: str, access: Access) -> str:
    """Put in what a reader has to: the server's address, port and fingerprint, and the token."""
    assert access.token
    for placeholder, value in {
        "sha256:…": access.fingerprint,
        "iotfr_…": access.token,
        "192.168.1.20": "127.0.0.1",
        "50000": str(access.port),
    }.items():
        code = code.replace(placeholder, value)
    assert "…" not in code, "a placeholder that no reader could fill in"
    return code


@pytest.fixture
def folder(photos: Path, tmp_path: Path, example_server: ServerProcess) -> Path:
    """What the pages speak of: photos, a file with the token, and where the program is."""
    (tmp_path / "photos").symlink_to(photos)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for name, photo in {"alice1": "obama", "alice2": "obama2", "alice": "obama"}.items():
        (tmp_path / f"{name}.jpg").write_bytes((photos / f"{photo}.jpg").read_bytes())
    (tmp_path / "config.ini").write_text(CONFIGURATION)
    (tmp_path / "state").mkdir()
    for kept in (example_server.folder / "state").iterdir():  # of a server that was started before
        if kept.is_file():
            shutil.copy2(kept, tmp_path / "state")
    assert example_server.access.token
    (tmp_path / "token.txt").write_text(example_server.access.token)
    (tmp_path / "lab").symlink_to(Path(__file__).parents[2] / "lab")
    return tmp_path


def output_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Return what `process` prints, up to the line with `pattern` or its end."""
    assert process.stdout
    printed = ""
    for line in process.stdout:
        printed += line
        if re.search(pattern, line):
            break
    return printed


@pytest.mark.parametrize("block", RUN, ids=str)
def test_example_runs(block: Block, folder: Path, example_server: ServerProcess) -> None:
    code = filled_in(block.code, example_server.access)
    command = [sys.executable, "-u", "-c"] if block.language == "python" else ["bash", "-ec"]
    places = f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": places, "PYTHONUNBUFFERED": "1", "HOME": str(folder)}
    environment |= {"XDG_CACHE_HOME": str(folder)}
    process = subprocess.Popen(
        [*command, code],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        overdue = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        overdue.start()
        try:
            assert block.prints
            printed = output_until(process, block.prints)
        finally:
            overdue.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert re.search(block.prints, printed), f"{code}\nprinted:\n{printed}"
    assert "Traceback" not in printed
