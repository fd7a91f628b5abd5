"""The description of a bench: what is read from it, and what is said about a mistake."""

from pathlib import Path

import pytest

from lab.hil.bench import Bench, BenchError, Goals, Power

REPOSITORY = Path(__file__).parents[3]
WHOLE = REPOSITORY / "lab" / "hil" / "bench.example.toml"


def read(tmp_path: Path, text: str) -> Bench:
    path = tmp_path / "bench.toml"
    path.write_text(text)
    return Bench.read(path)


def test_an_empty_file_is_a_bench_with_defaults(tmp_path):
    assert read(tmp_path, "") == Bench()


def test_commands_goals_and_settings_are_read(tmp_path):
    bench = read(
        tmp_path,
        'address = "192.168.1.2"\n[power]\non = "relay on"\noff = "relay off"\n'
        '[device]\nhost = "pi@zero.lan"\nkey = "~/.ssh/bench"\n'
        '[goals]\nframe_rate = 20\nreconnects = 50\n[edge_settings]\n"camera.rotation" = "180"\n',
    )
    assert bench.power == Power("relay on", "relay off")
    assert bench.device.key == Path.home() / ".ssh/bench"
    assert bench.goals == Goals(frame_rate=20.0, reconnects=50)
    assert bench.edge_settings == {"camera.rotation": "180"}


def test_the_example_is_a_bench_that_uses_every_section():
    bench = Bench.read(WHOLE)
    assert bench.power is not None
    assert bench.card is not None
    assert bench.serial.device is not None
    assert bench.camera.show
    assert bench.network.off
    assert bench.server.command


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[pwoer]\n", r"\[pwoer\] is unknown; did you mean power\?"),
        ('[power]\non = "x"\n', r"\[power\] off is missing"),
        ('[power]\non = "x"\noff = 3\n', r"\[power\] off is a text, not 3"),
        ("[goals]\nreconnects = 1.5\n", r"\[goals\] reconnects is a whole number, not 1\.5"),
        ("[goals]\nframe_rate = true\n", r"\[goals\] frame_rate is a number, not True"),
        ("[goals]\nframerate = 15\n", r"framerate is unknown; did you mean frame_rate\?"),
        ('[camera]\nshow = "show {photo}"\n', r"camera\.show: nothing fills \{photo\}"),
        ('[camera]\nshow = "show {picture"\n', r"camera\.show: expected '}'"),
        ("power = 3\n", r"power is a section: write \[power\]"),
        ("name = 3\n", "name is a text, not 3"),
        ("[power\n", "is not TOML"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_cure(tmp_path, text, said):
    with pytest.raises(BenchError, match=said) as raised:
        read(tmp_path, text)
    assert "bench.toml" in str(raised.value) or "camera.show" in str(raised.value)


def test_a_file_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(BenchError, match="cannot be read: No such file"):
        Bench.read(tmp_path / "nowhere.toml")
