"""Keys of sessions."""

import subprocess
import sys

from iot_facerecognition_server.sessions.session_keys import new_session_key

CODE = """
from iot_facerecognition_server.sessions.session_keys import new_session_key
print(*(new_session_key() for _ in range(100)))
"""


def test_no_two_sessions_have_one_key_whichever_process_they_are_of() -> None:
    keys = [new_session_key() for _ in range(100)]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", CODE], check=True, capture_output=True, text=True
        )
        keys += map(int, done.stdout.split())
    assert len(set(keys)) == 300
    assert min(keys) > 2**64, "a count of the process would be small"
