"""Asks a running server on this machine whether it is ready; what a container's HEALTHCHECK runs.

`python -m iot_facerecognition_server.observability.probe [--live] [--config FILE]` prints the
answer and exits with 0 when it is yes, 1 when it is no or nobody answers, 2 when there is nobody to
ask by the configuration.
"""

import argparse
import http.client
import os
import ssl
import sys
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from iot_facerecognition_server.config import Config, ConfigError, load

PATIENCE_SECONDS: Final = 4.0


def ask(config: Config, path: str) -> tuple[bool, str]:
    """Return whether the server says yes, and its words. Raises OSError when nobody answers."""
    host = config.metrics.bind or "127.0.0.1"
    connection: http.client.HTTPConnection
    if config.metrics.tls:
        # No secret is sent and the peer is this machine's: there is nothing to verify.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            host, config.metrics.port, timeout=PATIENCE_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, config.metrics.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        words = response.read().decode(errors="replace").strip()
        return response.status == HTTPStatus.OK, words
    finally:
        connection.close()


def main(arguments: Sequence[str]) -> int:
    """Ask, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description="Ask the server on this machine how it is.")
    parser.add_argument("--config", type=Path, help="the server's configuration file")
    parser.add_argument("--live", action="store_true", help="ask whether it lives, not for ready")
    given = parser.parse_args(arguments)
    default = Path("config.ini")
    path = given.config or (default if default.exists() else None)
    try:
        config = load(path, os.environ)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not config.metrics.enable:
        sys.stderr.write("[Metrics] Enable=false: the server answers no questions\n")
        return 2
    try:
        good, words = ask(config, "/livez" if given.live else "/readyz")
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"nobody answers on port {config.metrics.port}: {error}\n")
        return 1
    sys.stdout.write(f"{words}\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
