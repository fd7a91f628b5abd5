import threading

import pytest

from lab.virtual_pi.serial_log import Line, SerialLog, SilenceError

SAID = """\
[    0.000000] Booting Linux on physical CPU 0x0\r
a line without a time\r
[   41.500000] iot-facerecognition-edge[201]: INFO connected to 10.0.2.100:50000\r
[   41.200000] eth0: link up\r
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "serial.txt"
    path.write_text(SAID)
    return path


def test_lines_come_in_the_order_of_their_times(path):
    log = SerialLog(path, lambda: True)
    assert [line.time for line in log.lines()] == [0.0, 41.2, 41.5]
    assert log.first("link up") == Line(41.2, "eth0: link up")
    assert log.first("no such line") is None


def test_a_line_is_waited_for(path):
    log = SerialLog(path, lambda: True)
    found: list[Line] = []
    waiting = threading.Thread(target=lambda: found.append(log.until("face: Ada", 30)))
    waiting.start()
    with path.open("a") as file:
        file.write("[   52.000001] iot-facerecognition-edge[201]: INFO face: Ada\r\n")
    waiting.join()
    assert found[0].time == 52.000001


def test_a_machine_that_ended_is_not_waited_for(path):
    with pytest.raises(SilenceError, match=r"(?s)before it ended.*link up"):
        SerialLog(path, lambda: False).until("face: Ada", 600)


def test_before_the_first_word_there_is_nothing(tmp_path):
    assert SerialLog(tmp_path / "serial.txt", lambda: True).lines() == []
