"""What the client prints for people."""

from datetime import UTC, datetime

from iot_facerecognition_client import ServerAddress
from iot_facerecognition_client.failures import opening_failure
from iot_facerecognition_client.report import readable_line
from iot_facerecognition_client.status import State, Status
from iot_facerecognition_client.trust import WrongCertificateError


def test_the_clients_output_tells_a_whole_reason_with_its_cure():
    expected, presented = ("sha256:" + digit * 64 for digit in "ab")
    server = ServerAddress("192.168.100.200")
    failure = opening_failure(WrongCertificateError(expected, presented), server, with_token=True)
    status = Status(State.REFUSED, failure.text, failure.reason, 45.0)
    line = readable_line(status, datetime(2026, 5, 1, tzinfo=UTC))
    assert line.endswith(f"{failure.text} (trying again in 45 s)")
