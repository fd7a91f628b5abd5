from lab.virtual_pi.boot_times import Moment, moments, table
from lab.virtual_pi.serial_log import Line

SERVICE = "iot-facerecognition-edge.service - Face and object recognition at the edge"
LINES = [
    Line(3.0, "EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode"),
    Line(5.0, "systemd[1]: systemd 252.39-1 running in system mode (+PAM +AUDIT)"),
    Line(20.0, f"systemd[1]: Starting {SERVICE}..."),
    Line(31.0, f"systemd[1]: Started {SERVICE}."),
    Line(40.0, "iot-facerecognition-edge[200]: INFO connected to 10.0.2.100:50000"),
    Line(50.0, "iot-facerecognition-edge[200]: INFO face: Ada (0.31)"),
    Line(60.0, "iot-facerecognition-edge[200]: INFO face: Ada (0.30)"),
    Line(90.0, f"systemd[1]: Starting {SERVICE}..."),
]


def test_moments_are_the_first_lines_that_say_so_in_the_order_of_time():
    found = moments(LINES)
    assert [(moment.what, moment.at, moment.since) for moment in found] == [
        ("the root file system is mounted", 3.0, 3.0),
        ("systemd runs", 5.0, 2.0),
        ("the edge is started", 20.0, 15.0),
        ("the edge is ready", 31.0, 11.0),
        ("the server has accepted it", 40.0, 9.0),
        ("the first face has a name", 50.0, 10.0),
    ]


def test_the_table_has_a_line_for_each():
    shown = table([Moment("the kernel runs", 2.0, 2.0), Moment("systemd runs", 7.25, 5.25)])
    assert shown.splitlines()[1:] == [
        "    2.0    +2.0  the kernel runs",
        "    7.2    +5.2  systemd runs",
    ]
