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


def test_moments_follow_the_power_in_the_order_of_time():
    found = moments(LINES, 2.0, {"the first page is on the screen": 35.5})
    assert [(moment.what, moment.at, moment.since) for moment in found] == [
        ("the kernel runs", 2.0, 2.0),
        ("the root file system is mounted", 5.0, 3.0),
        ("systemd runs", 7.0, 2.0),
        ("the edge is started", 22.0, 15.0),
        ("the edge is ready", 33.0, 11.0),
        ("the first page is on the screen", 35.5, 2.5),
        ("the server has accepted it", 42.0, 6.5),
        ("the first face has a name", 52.0, 10.0),
    ]


def test_the_table_has_a_line_for_each():
    shown = table([Moment("the kernel runs", 2.0, 2.0), Moment("systemd runs", 7.25, 5.25)])
    assert shown.splitlines()[1:] == [
        "    2.0    +2.0  the kernel runs",
        "    7.2    +5.2  systemd runs",
    ]
