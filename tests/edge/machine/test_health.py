"""What the machine tells of itself, read from a tree like that of a Raspberry Pi."""

from dataclasses import replace
from pathlib import Path

import pytest

from iot_facerecognition_edge.machine.health import HealthReader, Reading

PI = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/net/wlan0/phy80211/index": "0",
    "sys/class/net/wlan0/operstate": "up\n",
    "proc/meminfo": "MemTotal:         439268 kB\nMemAvailable:     301112 kB\n",
    "proc/uptime": "1234.56 1000.00\n",
    "proc/net/wireless": (
        "Inter-| sta-|   Quality        |   Discarded packets\n"
        " face | tus | link level noise |  nwid  crypt   frag\n"
        " wlan0: 0000   54.  -56.  -256        0      0      0\n"
    ),
}


def make_root(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_raspberry_pi(tmp_path: Path) -> None:
    assert HealthReader(make_root(tmp_path, PI)).read() == Reading(
        temperature=pytest.approx(48.312),
        throttled=0x50005,
        wifi=True,
        signal=-56.0,
        memory_free=301112 * 1024,
        uptime=1234.56,
    )


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert HealthReader(tmp_path).read() == Reading()


def test_a_lost_link(tmp_path: Path) -> None:
    root = make_root(tmp_path, PI | {"sys/class/net/wlan0/operstate": "down\n"})
    reading = HealthReader(root).read()
    assert (reading.wifi, reading.signal) == (False, None)


@pytest.mark.parametrize(("level", "signal"), [("200.", -56.0), ("40.", None), ("junk", None)])
def test_unusual_signal_levels(tmp_path: Path, level: str, signal: float | None) -> None:
    text = PI["proc/net/wireless"].replace("-56.", level)
    reading = HealthReader(make_root(tmp_path, PI | {"proc/net/wireless": text})).read()
    assert reading.signal == signal


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("sys/class/thermal/thermal_zone0/type", "temperature", None),
        ("sys/class/thermal/thermal_zone0/temp", "temperature", None),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "throttled", None),
        ("sys/class/net/wlan0/operstate", "wifi", False),
        ("proc/meminfo", "memory_free", None),
        ("proc/uptime", "uptime", None),
        ("proc/net/wireless", "signal", None),
    ],
)
def test_nonsense_in_a_file_costs_what_that_file_tells(
    tmp_path: Path, name: str, field: str, value: object
) -> None:
    sound = HealthReader(make_root(tmp_path, PI)).read()
    reading = HealthReader(make_root(tmp_path, {name: "\x00nonsense:"})).read()
    assert getattr(sound, field) not in {None, False}
    others = {} if field != "wifi" else {"signal": None}
    assert reading == replace(sound, **{field: value}, **others)


def test_this_machine() -> None:
    reading = HealthReader().read()
    assert reading.uptime is not None
    assert reading.uptime > 0
    assert reading.memory_free is not None
    assert reading.memory_free > 1 << 20
