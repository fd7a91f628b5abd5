"""Modules that wait until something wants them, seen from fresh interpreters."""

import os
import subprocess
import sys

PROGRAM = """
import sys
from iot_facerecognition_edge.postponed import MODULES, postpone
postpone()
from iot_facerecognition_client import Client
from iot_facerecognition_edge import assembly
assert assembly.version() == "9.8.7", assembly.version()
loaded = {name: type(sys.modules[name]).__name__ for name in MODULES}
assert set(loaded.values()) == {"_Postponed"}, loaded
assert "email.message" not in sys.modules and "http.client" not in sys.modules
import importlib.metadata, urllib.request
assert urllib.request.Request("http://localhost/").host == "localhost"
assert importlib.metadata.version("iot-facerecognition") == assembly.version()
assert "http.client" in sys.modules
"""


def test_the_appliance_starts_without_what_it_does_not_use(tmp_path):
    package = tmp_path / "iot_facerecognition-9.8.7.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: iot-facerecognition\nVersion: 9.8.7\n"
    )
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, env=environment, cwd=tmp_path)


def test_what_is_there_already_stays_as_it_is():
    code = (
        "import urllib.request as before, sys\n"
        "from iot_facerecognition_edge.postponed import postpone\n"
        "postpone()\n"
        "assert sys.modules['urllib.request'] is before and before.urlopen\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
