"""What `benchmarks.upgrade` reads out of what edges and server tell."""

from pathlib import Path

import pytest

from benchmarks.upgrade import Edge, listening_since
from lab.server_process import Access, ServerProcess


def edge(*results: float) -> Edge:
    made = Edge(0, Access(50000, None, "sha256:" + "00" * 32), [b"jpeg"])
    made.results += results
    return made


def test_an_edge_streams_again_with_its_first_result_after_the_port_opened() -> None:
    assert edge(1.0, 2.0, 9.5, 10.5).first_after(9.0) == 9.5
    assert edge(1.0, 2.0).first_after(9.0) is None


def test_the_gap_is_from_the_last_result_of_the_old_server_to_the_first_of_the_new() -> None:
    assert edge(1.0, 2.0, 9.5, 10.5).gap_at(9.0) == 7.5


def test_the_port_is_open_when_the_log_says_so(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, {})
    (tmp_path / "output.txt").write_text(
        "token: iotfr_x\n"
        '{"ts": "2026-11-27T13:49:58.348+00:00", "message": "3 people known"}\n'
        '{"ts": "2026-11-27T13:50:01.500+00:00", "message": "listening on *:50000"}\n'
    )
    assert listening_since(server) == 1795787401.5
    (tmp_path / "output.txt").write_text("")
    with pytest.raises(RuntimeError):
        listening_since(server)
