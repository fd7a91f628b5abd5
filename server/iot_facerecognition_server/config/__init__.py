"""The server's settings: declared once, read from file and environment, and explained.

- `sections`, `budget`, `engine`, `log`, `metrics`: every setting, as typed frozen dataclasses.
- `kinds`, `schema`: how a setting is declared and its text read.
- `loading`: defaults, file, environment; all errors at once.
- `reference`: `config.ini` and the page of the documentation, made from the declarations.
"""

from iot_facerecognition_server.config.budget import BudgetSettings
from iot_facerecognition_server.config.engine import EngineSettings
from iot_facerecognition_server.config.errors import ConfigError
from iot_facerecognition_server.config.limits import LimitSettings
from iot_facerecognition_server.config.loading import load
from iot_facerecognition_server.config.log import LogSettings
from iot_facerecognition_server.config.metrics import MetricsSettings
from iot_facerecognition_server.config.sections import (
    AuthSettings,
    CertificateSettings,
    Config,
    ConnectionSettings,
    DlibSettings,
    ServerSettings,
)

__all__ = [
    "AuthSettings",
    "BudgetSettings",
    "CertificateSettings",
    "Config",
    "ConfigError",
    "ConnectionSettings",
    "DlibSettings",
    "EngineSettings",
    "LimitSettings",
    "LogSettings",
    "MetricsSettings",
    "ServerSettings",
    "load",
]
