"""The second recorded session is what a real server answers."""

import re
from pathlib import Path

import pytest

from lab.recording.session import main
from lab.server_process import ServerProcess

from .test_recognition import jpeg_of

EXPECTED = [
    r"S: HTTP/1\.1 401 Unauthorized",
    r'S: \{"command":9,"context":\{"window":\d+\}\}',
    r'S: \{"command":2,"context":"dinner is ready"\}',
    r'S: \{"command":6,"context":5\}',
    r'S: .*"code":"malformed-message"',
    r'S: .*"code":"frame-not-jpeg".*"frame":1',
    r'S: .*"frame":1,"status":"rejected".*"reason":"frame-not-jpeg"',
    r'S: .*"status":"dropped".*"reason":"replaced"',
    r'S: .*"frame":5,"status":"processed"',
    r'S: .*"code":"text-too-large"',
    r"S: <close 1009: .*>",
    r"# the same client comes back",
    r'S: .*"frame":1,"status":"processed"',
    r"# a client of version 1",
    r'S: \{"command":9\}',
    r'S: \{"command":3,"context":\[\{"tag":"Barack Obama",("(x|y|width|height)":\d+[,}]){4}\]\}',
    r"C: <close 1000>",
]


def test_each_thing_that_goes_wrong_is_told_as_recorded(
    server: ServerProcess, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    access = server.access
    assert access.token
    (tmp_path / "token").write_text(access.token)
    (tmp_path / "photo.jpg").write_bytes(jpeg_of(photos / "obama2.jpg"))
    arguments = [f"127.0.0.1:{access.port}", "--fingerprint", access.fingerprint]
    arguments += ["--token-file", str(tmp_path / "token"), "--photo", str(tmp_path / "photo.jpg")]
    assert main([*arguments, "--trouble", str(server.config)]) == 0
    recorded = capsys.readouterr().out
    assert access.token not in recorded
    lines = iter(recorded.splitlines())
    for pattern in EXPECTED:
        assert any(re.fullmatch(f"{pattern}.*", line) for line in lines), (pattern, recorded)
