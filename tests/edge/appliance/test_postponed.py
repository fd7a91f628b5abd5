"""Modules that wait until something wants them, seen from fresh interpreters."""

import subprocess
import sys

PROGRAM = """
import sys
from iot_facerecognition_edge.postponed import MODULES, postpone
postpone()
from iot_facerecognition_client import Client
from iot_facerecognition_edge import assembly
assert assembly._version() != "unpackaged", assembly._version()
loaded = {name: type(sys.modules[name]).__name__ for name in MODULES}
assert set(loaded.values()) == {"_Postponed"}, loaded
assert "email.message" not in sys.modules and "http.client" not in sys.modules
import importlib.metadata, urllib.request
assert urllib.request.Request("http://localhost/").host == "localhost"
assert importlib.metadata.version("iot-facerecognition") == assembly._version()
assert "http.client" in sys.modules
"""


def test_the_appliance_starts_without_what_it_does_not_use():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)


def test_what_is_there_already_stays_as_it_is():
    code = (
        "import urllib.request as before, sys\n"
        "from iot_facerecognition_edge.postponed import postpone\n"
        "postpone()\n"
        "assert sys.modules['urllib.request'] is before and before.urlopen\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
