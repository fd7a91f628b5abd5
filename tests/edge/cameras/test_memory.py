"""What the camera obeyed is known without it, and after a restart."""

from pathlib import Path

import pytest

from iot_facerecognition_edge.cameras.memory import CameraMemory
from iot_facerecognition_edge.settings import Settings

OBEYED = frozenset({"source", "width", "brightness"})


async def keep(memory: CameraMemory, settings: Settings, controls: frozenset[str]) -> list[str]:
    warnings: list[str] = []
    await memory.keep(settings, controls, warnings.append)
    return warnings


async def test_it_is_known_after_a_restart_and_for_that_camera_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "camera.json"
    assert await keep(CameraMemory(path), Settings({"camera.source": "picamera2"}), OBEYED) == []
    again = CameraMemory(path)
    assert again.controls(Settings({"camera.source": "picamera2"})) == OBEYED
    assert again.controls(Settings({"camera.source": "v4l2"})) is None
    assert again.controls(Settings()) is None


async def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    memory = CameraMemory(path)
    await keep(memory, Settings(), OBEYED)
    path.unlink()
    await keep(memory, Settings(), OBEYED)
    assert not path.exists()


async def test_a_file_of_many_cameras_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    memory = CameraMemory(path)
    for number in range(40):
        await keep(memory, Settings({"camera.device_number": number}), OBEYED)
    assert CameraMemory(path).controls(Settings({"camera.device_number": 39})) == OBEYED
    assert CameraMemory(path).controls(Settings({"camera.device_number": 0})) is None


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b'{"auto 0": 3}', b"[" * 9999])
def test_a_damaged_file_means_that_nothing_is_known(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "camera.json"
    path.write_bytes(content)
    assert CameraMemory(path).controls(Settings()) is None


async def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "camera.json").mkdir()
    warnings = await keep(CameraMemory(tmp_path / "camera.json"), Settings(), OBEYED)
    assert "camera.json cannot be written" in warnings[0]


async def test_the_sizes_are_known_after_a_restart(tmp_path: Path) -> None:
    path, settings = tmp_path / "camera.json", Settings()
    assert CameraMemory(path).sizes(settings) == ()
    await CameraMemory(path).keep(settings, OBEYED, print, ((640, 480), (1280, 720)))
    again = CameraMemory(path)
    assert again.sizes(settings) == ((640, 480), (1280, 720))
    assert again.controls(settings) == OBEYED


async def test_a_file_of_an_earlier_version_still_tells_the_controls(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    path.write_text('{"auto 0": ["brightness", "width"]}')
    memory = CameraMemory(path)
    assert memory.controls(Settings()) == {"brightness", "width"}
    assert memory.sizes(Settings()) == ()


@pytest.mark.parametrize("sizes", ["[[1]]", '[["a", "b"]]', "[[true, 2]]", "3", "[5]"])
async def test_what_is_no_size_is_left_out(tmp_path: Path, sizes: str) -> None:
    path = tmp_path / "camera.json"
    path.write_text(f'{{"auto 0": {{"controls": [], "sizes": {sizes}}}}}')
    assert CameraMemory(path).sizes(Settings()) == ()
