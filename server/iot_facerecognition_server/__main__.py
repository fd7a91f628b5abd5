"""`python -m iot_facerecognition_server` is the command `iot-facerecognition-server`."""

import sys

from iot_facerecognition_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
