"""The settings of metrics, liveness and readiness."""
# ruff: noqa: RUF009 - setting() gives a dataclasses.field with what is declared in it

from dataclasses import dataclass
from pathlib import Path

from iot_facerecognition_server.config.kinds import (
    Boolean,
    Integer,
    Label,
    ListenAddress,
    OptionalFilePath,
)
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """What the server tells Prometheus, and whoever asks if it is alive and ready."""

    enable: bool = setting(
        "Enable",
        Boolean(),
        "false",
        "Answer `/metrics`, `/livez`, `/readyz` and the HTTP API on a port of their own."
        " docs/metrics.md lists the metrics; docs/fleet-api.md describes the API, which always asks"
        " for a token.",
    )
    bind: str = setting(
        "Bind",
        ListenAddress(),
        "127.0.0.1",
        "Address to listen on. Empty: all addresses. Metrics hold the names and the health of the"
        " clients, never a face or who was seen.",
    )
    port: int = setting(
        "Port",
        Integer(0, 65535),
        "50090",
        "TCP port to listen on. 0 takes any free one; the log says which.",
    )
    tls: bool = setting(
        "TLS",
        Boolean(),
        "false",
        "Answer over TLS 1.3, with the server's certificate.",
    )
    user: str = setting(
        "User",
        Label(64),
        "prometheus",
        "Who may ask for `/metrics`, with the password in PasswordFile.",
    )
    password_file: Path | None = setting(
        "PasswordFile",
        OptionalFilePath(),
        "",
        "File whose first line is the password for HTTP basic authentication. Empty: anyone who"
        " reaches the port may read the metrics. `/livez` and `/readyz` never ask for it.",
    )
