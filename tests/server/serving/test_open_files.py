import subprocess
import sys

RUN = """
import logging, resource
from iot_facerecognition_server.serving.open_files import allow_open_files
logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
allow_open_files({clients}, {handshakes})
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def allow(soft: int, hard: int, clients: int, handshakes: int = 10) -> tuple[str, str]:
    """Return the limits after the call, in a process that begins with `soft` and `hard`."""
    code = RUN.format(soft=soft, hard=hard, clients=clients, handshakes=handshakes)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_the_soft_limit_becomes_the_hard_one():
    assert allow(256, 1500, 1000) == ("1500 1500", "")


def test_a_hard_limit_too_low_for_the_clients_is_reported_with_its_cure():
    limits, said = allow(256, 900, 1000)
    assert limits == "900 900"
    assert "900 files" in said
    assert "1000 clients" in said
    assert "LimitNOFILE" in said


def test_any_number_of_clients_asks_for_no_more_than_there_is():
    assert allow(256, 900, 0) == ("900 900", "")


def test_handshakes_need_files_beside_those_of_the_clients():
    limits, said = allow(256, 1500, 1000, 512)
    assert limits == "1500 1500"
    assert "1000 clients and 512 handshakes" in said
    assert "[Limits] Clients, Handshakes" in said
