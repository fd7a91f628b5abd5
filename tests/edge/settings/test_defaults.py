"""The defaults of one machine."""

from pathlib import Path

from iot_facerecognition_edge.settings import (
    Settings,
    read_defaults,
    setting,
)


def defaults_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "defaults.conf"
    path.write_text(text)
    return path


def test_a_machine_has_defaults_of_its_own(tmp_path: Path) -> None:
    loaded = read_defaults(
        defaults_file(
            tmp_path, "\ufeff# comment\r\n\n camera.fps = 10 \nconnection.address=faces.lan:4433\n"
        )
    )
    assert loaded.problems == ()
    settings = Settings({"camera.width": 640}, defaults=loaded.values)
    assert settings.camera.fps == 10
    assert settings.connection.address == "faces.lan"
    assert settings.connection.port == 4433
    # Only what a person chose is stored, be it the program's own default.
    assert settings.stored() == {"camera.width": 640}
    settings.set("camera.fps", setting("camera.fps").default)
    assert settings.stored() == {"camera.width": 640, "camera.fps": 15}
    settings.reset()
    assert settings.camera.fps == 10
    assert settings.stored() == {}


def test_wrong_lines_of_the_defaults_are_told_and_the_others_used(tmp_path: Path) -> None:
    path = defaults_file(tmp_path, "camera.fps = fast\ncamera.lens = 1\nfps\ncamera.width = 640\n")
    loaded = read_defaults(path)
    assert loaded.values == {"camera.width": 640}
    first, second, third = loaded.problems
    assert f"line 1 of {path}" in first
    assert "from 1 to 60" in first
    assert "camera.lens" in second
    assert "KEY = VALUE" in third


def test_defaults_that_are_missing_or_no_file_stop_nothing(tmp_path: Path) -> None:
    assert read_defaults(tmp_path / "none.conf") == read_defaults(defaults_file(tmp_path, ""))
    (problem,) = read_defaults(tmp_path).problems
    assert str(tmp_path) in problem
