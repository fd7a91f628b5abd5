"""The package as a whole."""

import subprocess
import sys


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, iot_facerecognition_client as c; "
        "heavy = {'asyncio', 'ssl', 'websockets', 'numpy', 'cv2', 'PIL', 'turbojpeg'}; "
        "print(sorted(heavy & set(sys.modules))); c.Client; c.FaceRecognition; "
        "print(sorted({'numpy', 'cv2', 'PIL', 'turbojpeg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
