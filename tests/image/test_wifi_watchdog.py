"""The Wi-Fi watchdog, with the tools that it calls replaced by ones that a test speaks for."""

import subprocess
from pathlib import Path

import pytest

STAGE = Path(__file__).parents[2] / "image" / "stage-iot-facerecognition"
SCRIPT = STAGE / "03-wifi" / "files" / "iot-facerecognition-wifi-watchdog"
TOOLS = {
    "nmcli": """
case "$*" in
    "radio wifi") cat radio ;;
    *"TYPE connection show") cat connections ;;
    *"GENERAL.STATE device show wlan0") cat state ;;
    *) echo "nmcli $*" >>done ;;
esac""",
    "ip": 'echo "default via 192.168.1.1 proto dhcp metric 600"',
    "ping": "exec cat answer >/dev/null 2>&1",
    "modprobe": 'echo "modprobe $*" >>done',
    "systemctl": 'echo "systemctl $*" >>done',
}


class Radio:
    """A Zero W's Wi-Fi as the watchdog sees it; `minute` lets it look once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        tools = folder / "bin"
        tools.mkdir()
        for name, body in TOOLS.items():
            (tools / name).write_text(f"#!/bin/sh\ncd {folder}\n{body}\n")
            (tools / name).chmod(0o755)
        self._environment = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "RUNTIME_DIRECTORY": str(folder / "runtime"),
        }
        self.tell(radio="enabled", connections="802-11-wireless\n802-3-ethernet\n")
        self.works()

    def tell(self, **files: str) -> None:
        for name, text in files.items():
            (self._folder / name).write_text(text)

    def works(self) -> None:
        self.tell(state="100 (connected)", answer="")

    def hangs(self) -> None:
        """Connected, as NetworkManager believes, and nothing comes through."""
        (self._folder / "answer").unlink()

    def is_gone(self) -> None:
        self.tell(state="30 (disconnected)")
        self.hangs()

    def minute(self) -> list[str]:
        """Return what the watchdog did."""
        done = self._folder / "done"
        done.unlink(missing_ok=True)
        run = subprocess.run(
            ["sh", SCRIPT], env=self._environment, check=True, stdout=subprocess.PIPE
        )
        self.said = run.stdout.decode()
        return done.read_text().splitlines() if done.exists() else []

    def minutes(self, count: int) -> dict[int, list[str]]:
        """Return what it did in which of `count` minutes, the first being 1."""
        looks = {minute: self.minute() for minute in range(1, count + 1)}
        return {minute: did for minute, did in looks.items() if did}


@pytest.fixture
def radio(tmp_path: Path) -> Radio:
    return Radio(tmp_path)


def test_a_connection_that_works_is_left_alone(radio: Radio) -> None:
    assert radio.minutes(3) == {}


def test_a_connection_that_is_gone_is_made_again_then_the_driver_then_the_machine(radio: Radio):
    radio.minute()
    radio.is_gone()
    did = radio.minutes(15)
    assert sorted(did) == [3, 6, 9, 12, 15]
    assert did[3][-1] == "nmcli --wait 30 device connect wlan0"
    assert did[6] == [
        "modprobe --remove brcmfmac_wcc",
        "modprobe --remove brcmfmac",
        "modprobe brcmfmac",
    ]
    assert did[15] == ["systemctl reboot"]


def test_a_connection_that_carries_nothing_counts_as_gone(radio: Radio):
    radio.minute()
    radio.hangs()
    assert sorted(radio.minutes(6)) == [3, 6]


def test_a_gateway_that_never_answered_is_no_sign(radio: Radio):
    radio.hangs()
    assert radio.minutes(6) == {}


def test_it_does_not_restart_over_and_over_for_an_access_point_that_is_off(radio: Radio):
    radio.is_gone()
    did = radio.minutes(45)
    assert not any("systemctl" in line for lines in did.values() for line in lines)
    # It goes on trying all the same.
    assert {3, 18, 33} <= set(did)


def test_a_connection_that_is_back_begins_the_count_again(radio: Radio):
    radio.minute()
    radio.is_gone()
    radio.minutes(4)
    radio.works()
    assert radio.minute() == []
    assert "is back" in radio.said
    radio.is_gone()
    assert sorted(radio.minutes(4)) == [3]


@pytest.mark.parametrize("off", [{"radio": "disabled"}, {"connections": "802-3-ethernet\n"}])
def test_without_wifi_to_look_after_it_does_nothing(radio: Radio, off: dict[str, str]):
    radio.tell(**off)
    radio.is_gone()
    assert radio.minutes(20) == {}
