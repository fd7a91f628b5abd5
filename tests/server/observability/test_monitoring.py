"""The parts of monitoring as the configuration wants them."""

from pathlib import Path

import pytest

from iot_facerecognition_server.observability.monitoring import _password


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_password(mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(mark + "sécret\r\n".encode())
    assert _password(path) == "sécret"
