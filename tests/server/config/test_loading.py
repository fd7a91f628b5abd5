"""Defaults, file and environment give one configuration, or everything that is wrong with it."""

from pathlib import Path

import pytest

from iot_facerecognition_server.config import Config, ConfigError, load
from iot_facerecognition_server.config.loading import SECTIONS, Origin, examine

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    path = folder / "config.ini"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path | None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        load(path, environ or {})
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def test_without_a_file_the_defaults_of_the_original_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load(None, {})
    assert config.certificate.test_mode is False
    assert config.certificate.key_algorithm == 1
    assert config.certificate.encoding_format == 0
    assert config.log.enable is True
    assert config.log.location == tmp_path / "log.txt"
    assert config.dlib.reference_file == tmp_path / "faces.json"
    assert config.dlib.threshold == 0.6
    assert config.dlib.face_detail_size == 150
    assert config.dlib.face_padding == 0.25
    assert config.dlib.number_of_crops == 16
    assert config.connection.server_name == "iot-facerecognition-server"
    assert config.connection.port == 50000
    assert config.source is None


def test_the_shipped_file_says_exactly_the_defaults():
    shipped = examine(ROOT / "config.ini", {})
    assert shipped.problems == ()
    for found in shipped.settings:
        assert found.origin is Origin.FILE, f"{found.setting.place} is missing"
        assert found.text == found.setting.default, found.setting.place


def test_relative_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    (tmp_path / "etc").mkdir()
    (tmp_path / "elsewhere").mkdir()
    written(
        tmp_path / "etc",
        "[DLIB]\nReferenceFile=../people/faces.json\nFaceLandmarkModelFile=m.dat\n"
        "[Log]\nLocation=/var/log/faces.txt\n",
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = load(Path("../etc/config.ini"), {})
    assert config.dlib.reference_file.resolve() == tmp_path / "people" / "faces.json"
    assert config.dlib.face_landmark_model_file == str(tmp_path / "etc" / "m.dat")
    assert config.log.location == Path("/var/log/faces.txt")
    assert config.server.state_directory == tmp_path / "etc" / "state"
    assert config.source == tmp_path / "etc" / "config.ini"


def test_the_tokens_stand_in_the_state_directory_unless_told_otherwise(tmp_path):
    path = written(tmp_path, "[Server]\nStateDirectory=kept\n")
    assert load(path, {}).token_file == tmp_path / "kept" / "tokens.json"
    other = load(path, {"IOT_FACERECOGNITION_AUTH_TOKENFILE": "/run/tokens"})
    assert other.token_file == Path("/run/tokens")


def test_the_environment_overrides_the_file(tmp_path):
    path = written(tmp_path, "[Connection]\nPort=1\nBind=127.0.0.1\n")
    environ = {
        "IOT_FACERECOGNITION_CONNECTION_PORT": "2",
        "IOT_FACERECOGNITION_CERTIFICATE_KEYALGORITHM": "3",
        "PATH": "/bin",
    }
    config = load(path, environ)
    assert config.connection.port == 2
    assert config.connection.bind == "127.0.0.1"
    assert config.certificate.key_algorithm == 3


def test_no_two_settings_share_a_variable():
    variables = [setting.variable for section in SECTIONS for setting in section.settings]
    assert len(set(variables)) == len(variables)


def test_it_is_told_where_each_value_comes_from(tmp_path):
    path = written(tmp_path, "[Connection]\nPort=1\n")
    found = examine(path, {"IOT_FACERECOGNITION_CONNECTION_BIND": "::1"})
    origins = {e.setting.place: (e.origin, e.text) for e in found.settings}
    assert origins["[Connection] Port"] == (Origin.FILE, "1")
    assert origins["[Connection] Bind"] == (Origin.ENVIRONMENT, "::1")
    assert origins["[Connection] ServerName"] == (Origin.DEFAULT, "iot-facerecognition-server")


def test_all_errors_are_reported_at_once(tmp_path):
    path = written(
        tmp_path,
        "[Connection]\nPort=70000\nBnd=::1\n[Engin]\nDevice=cpu\n[Log]\nEnable=perhaps\n"
        "[Auth]\nMode=mtls\nPort=1\n",
    )
    found = problems(path, {"IOT_FACERECOGNITION_LOG_MAXBYTES": "1", "IOT_FACERECOGNITION_X": ""})
    text = "\n".join(found)
    assert len(found) == 8
    assert "[Connection] Port=70000: allowed is a whole number from 0 to 65535" in text
    assert "[Connection] Bnd=::1: there is no such key; did you mean Bind?" in text
    assert "[Engin]: there is no such section; did you mean Engine?" in text
    assert "[Log] Enable=perhaps: allowed is true or false" in text
    assert "[Auth] Mode=mtls needs ClientCA" in text
    assert "(Port belongs to [Connection], [Metrics])" in text
    assert "IOT_FACERECOGNITION_LOG_MAXBYTES=1: allowed is a whole number from 4096" in text
    assert "IOT_FACERECOGNITION_X=: there is no such setting" in text


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("Connection", "Port=50000 ; the port"),
        ("Connection", "Port="),
        ("Connection", "Port=5e4"),
        ("Connection", "Port=٣"),
        ("Connection", "Port=" + "9" * 5000),
        ("Connection", "Bind=kitchen lamp"),
        ("Connection", "ProxyProtocolFrom=proxy.local"),
        ("Connection", "ProxyProtocolFrom=10.0.0.1/8"),
        ("Connection", "ProxyProtocolFrom=10.0.0.1,10.0.0.2"),
        ("Connection", "ServerName=caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("Connection", "port=1"),
        ("DLIB", "Threshold=nan"),
        ("DLIB", "Threshold=inf"),
        ("DLIB", "Threshold=0"),
        ("DLIB", "ReferenceFile="),
        ("DLIB", "FaceRecognitionModelFile=http://example.org/a.dat"),
        ("DLIB", "FaceRecognitionModelFile=https://example.org/a.dat"),
        ("DLIB", "FaceRecognitionModelFile=https://example.org/a.dat#sha256=abc"),
        ("Certificate", "QSsl::KeyAlgorithm=2"),
        ("Certificate", "QSsl::KeyAlgorithm=4"),
        ("Certificate", "Key=only.key"),
        ("Certificate", "Certificate=only.crt"),
        ("Log", "Backups=0"),
        ("Log", "Level=verbose"),
        ("Engine", "Device=cuda:0"),
        ("DEFAULT", "Port=1"),
    ],
)
def test_what_is_not_allowed_is_one_error_that_names_it(tmp_path, section, line):
    found = problems(written(tmp_path, f"[{section}]\n{line}\n"))
    assert len(found) == 1
    assert f"[{section}]" in found[0]
    assert len(found[0]) < 400


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("Connection", "Bind="),
        ("Connection", "Bind=::1"),
        ("Connection", "Bind=pi.local"),
        ("Connection", "ProxyProtocolFrom="),
        ("Connection", "ProxyProtocolFrom=10.0.0.1 10.0.0.0/8 fd00::/8"),
        ("Log", "Level=DEBUG"),
        ("Metrics", "Enable=False"),
        ("DLIB", "Threshold=5e-1"),
        ("DLIB", "FaceRecognitionModelFile=https://example.org/a.dat#sha256=" + "aB" * 32),
        ("DLIB", "FaceRecognitionModelFile=file:///srv/a.dat#sha256=" + "01" * 32),
        ("Certificate", "QSsl::KeyAlgorithm=3"),
        ("Log", "Location=%(home)s/log.txt"),
    ],
)
def test_what_is_allowed_is_taken(tmp_path, section, line):
    assert isinstance(load(written(tmp_path, f"[{section}]\n{line}\n"), {}), Config)


def test_the_originals_window_is_no_setting_and_no_mistake(tmp_path):
    assert load(written(tmp_path, "[GUI]\nEnable=false\n"), {}) == load(written(tmp_path, ""), {})
    (found,) = problems(written(tmp_path, "[GUI]\nEnable=true\nColour=blue\n"))
    assert "[GUI]: there is no such section" in found


def test_an_indented_key_is_no_part_of_the_value_above_it(tmp_path):
    found = problems(written(tmp_path, "[Log]\nLocation=a.txt\n  Level=debug\n"))
    assert len(found) == 1
    assert "remove the indentation" in found[0]


def test_lines_that_are_nothing_are_reported_with_their_numbers(tmp_path):
    found = problems(written(tmp_path, "[Log]\nnonsense\nLevel=info\nmore\n[Connection]\nPort=x\n"))
    assert [problem for problem in found if "line 2" in problem and "'nonsense'" in problem]
    assert [problem for problem in found if "line 4" in problem and "'more'" in problem]
    assert [problem for problem in found if "Port=x" in problem]


def test_what_stands_twice_is_an_error_and_hides_no_other(tmp_path):
    found = problems(written(tmp_path, "[Log]\nLevel=info\nLevel=debug\njunk\nBackups=0\n"))
    assert len(found) == 3
    assert "line 3: [Log] Level stands there twice" in found[0]
    found = problems(written(tmp_path, "[Log]\nLevel=info\n[GUI]\n[Log]\nBackups=3\n"))
    assert found == (
        f"{tmp_path}/config.ini, line 4: [Log] stands there twice; put its keys together",
    )


def test_keys_before_the_first_section_are_an_error(tmp_path):
    found = problems(written(tmp_path, "Port=1\n"))
    assert "line 1: a section such as [Connection] must come first" in found[0]


def test_a_byte_order_mark_is_tolerated(tmp_path):
    path = tmp_path / "config.ini"
    path.write_bytes(b"\xef\xbb\xbf[Connection]\r\nPort=5\r\n")
    assert load(path, {}).connection.port == 5


def test_files_that_cannot_be_read_are_errors(tmp_path):
    assert "there is no such file" in problems(tmp_path / "config.ini")[0]
    assert "cannot be read" in problems(tmp_path)[0]
    (tmp_path / "latin").write_bytes(b"[Log]\nLocation=caf\xe9\n")
    assert "is not UTF-8 text (byte 18)" in problems(tmp_path / "latin")[0]


def test_a_model_name_of_the_original_means_the_packaged_file_until_one_lies_there(tmp_path):
    path = written(tmp_path, "")
    assert load(path, {}).dlib.face_landmark_model_file == ""
    model = tmp_path / "shape_predictor_5_face_landmarks.dat"
    model.write_bytes(b"x")
    assert load(path, {}).dlib.face_landmark_model_file == str(model)
    path.write_text("[DLIB]\nFaceLandmarkModelFile=other.dat\n")
    assert load(path, {}).dlib.face_landmark_model_file == str(tmp_path / "other.dat")


def test_a_renamed_key_is_still_read_with_a_warning_that_names_the_new_one(tmp_path):
    path = written(tmp_path, "[Engine]\nFollowing=off\n")
    config = load(path, {})
    assert config.engine.tracking is False
    (warning,) = config.warnings
    assert warning == (
        f"{path}: [Engine] Following is now called Tracking; write Tracking=off instead"
    )


def test_of_the_old_and_the_new_key_the_new_one_counts(tmp_path):
    path = written(tmp_path, "[Engine]\nTracking=on\nFollowing=off\n")
    config = load(path, {})
    assert config.engine.tracking is True
    (warning,) = config.warnings
    assert "is ignored, since both stand there; write Tracking=on instead" in warning


def test_a_renamed_variable_is_still_read_and_goes_before_the_file(tmp_path):
    path = written(tmp_path, "[Engine]\nTracking=on\n")
    config = load(path, {"IOT_FACERECOGNITION_ENGINE_FOLLOWING": "off"})
    assert config.engine.tracking is False
    (warning,) = config.warnings
    assert warning == (
        "IOT_FACERECOGNITION_ENGINE_FOLLOWING is now called IOT_FACERECOGNITION_ENGINE_TRACKING;"
        " set IOT_FACERECOGNITION_ENGINE_TRACKING instead"
    )


def test_what_is_wrong_with_a_renamed_key_is_reported_by_the_name_that_stands_there(tmp_path):
    (problem,) = problems(written(tmp_path, "[Engine]\nFollowing=perhaps\n"))
    assert "[Engine] Following=perhaps" in problem
    (problem,) = problems(None, {"IOT_FACERECOGNITION_ENGINE_FOLLOWING": "perhaps"})
    assert problem.startswith("IOT_FACERECOGNITION_ENGINE_FOLLOWING=perhaps")


def test_present_names_need_no_warning():
    assert load(ROOT / "config.ini", {}).warnings == ()
