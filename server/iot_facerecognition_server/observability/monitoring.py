"""The parts of this package put together, as the configuration wants them."""

import importlib.metadata
import logging
import shutil
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector

from iot_facerecognition_server.config import Config, ConfigError
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.catalogue import Family
from iot_facerecognition_server.observability.client_labels import LabelLimits
from iot_facerecognition_server.observability.conditions import ConditionCollector, Reading
from iot_facerecognition_server.observability.endpoints import (
    Credentials,
    Exposition,
    MonitoringServer,
)
from iot_facerecognition_server.observability.fleet import FleetCollector
from iot_facerecognition_server.observability.fleet_api import FleetApi
from iot_facerecognition_server.observability.gpu import find_gpus
from iot_facerecognition_server.observability.heartbeat import Heartbeat
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.observability.readiness import (
    Liveness,
    ProbeResult,
    Readiness,
    Watch,
)
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore
from iot_facerecognition_server.trust.certificates import Identity
from iot_facerecognition_server.trust.tls import ServerTls

_log = logging.getLogger(__name__)

MODELS: Final = "models"
SELF_TEST: Final = "self-test"
PORT: Final = "port"
LOOP_LIMIT: Final = 10.0
"""Seconds for which the event loop may be stalled: a hundred times what anyone would accept."""
WORKER_LIMIT: Final = 120.0
"""Seconds that a worker may spend on one piece of work; the largest picture takes under ten."""


class Monitoring:
    """Metrics, liveness and readiness of one server, and the port that tells them.

    It stands before anything else is built, so that a server that still loads says so.
    """

    def __init__(self, config: Config, tls: ServerTls, clock: Callable[[], float]) -> None:
        """Take the settings; `start` opens the port. Raises ConfigError."""
        self._config = config
        self._identity = tls
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        labels = LabelLimits(names=config.budget.names)
        self.metrics = ServerMetrics(self.registry, clock, labels=labels)
        self.readiness = Readiness(MODELS, SELF_TEST, PORT)
        self.heartbeat = Heartbeat(clock, self.metrics.loop_lag_seconds.observe)
        self._watches = [Watch("event loop", lambda: self.heartbeat.age, LOOP_LIMIT)]
        self._version = importlib.metadata.version("iot-facerecognition")
        self._api = FleetApi(self._version, ApiTokenStore(config.api_token_file))
        # An identity of its own context: clients may need certificates, a scraper does not.
        self._tls = ServerTls(_SameIdentity(tls)) if config.metrics.tls else None
        self._server = self._make_server(self._tls.context if self._tls else None)
        self._readings = self._own_readings()

    def start(self) -> None:
        """Open the port, where one is wanted. Raises AddressInUseError, CannotListenError."""
        self.show_info(catalogue.BUILD_INFO, version=self._version)
        gpus = find_gpus()
        if gpus is not None:
            self.registry.register(gpus)
        if self._server is not None:
            self._server.start()
            scheme = "https" if self._tls is not None else "http"
            host = self._config.metrics.bind or "*"
            _log.info("metrics on %s://%s:%d/metrics", scheme, host, self._server.port)

    def watch_workers(self, stalled_seconds: Callable[[], float]) -> None:
        """Let liveness depend on how many seconds the busiest worker is at one piece of work."""
        self._watches.append(Watch("workers", stalled_seconds, WORKER_LIMIT))

    def liveness(self) -> ProbeResult:
        """Tell whether event loop and workers make progress."""
        return Liveness(self._watches).verdict()

    def show_info(self, family: Family, **labels: str) -> None:
        """Expose an information metric; each family once, with every label."""
        gauge = Gauge(family.full_name, family.meaning, family.labels, registry=self.registry)
        gauge.labels(**labels).set(1)

    def show_models(self, models: Mapping[str, str]) -> None:
        """Expose the model files in use: what each is for, and its SHA-256."""
        family = catalogue.MODEL_INFO
        gauge = Gauge(family.full_name, family.meaning, family.labels, registry=self.registry)
        for model, sha256 in models.items():
            gauge.labels(model, sha256).set(1)

    def show(self, fleet: FleetKeeper) -> None:
        """Expose the fleet's record, as metrics and by the API."""
        self.registry.register(FleetCollector(fleet.edges, lambda: fleet.not_recorded))
        self._api.show(fleet)

    def read(self, readings: Mapping[Family, Reading]) -> None:
        """Expose gauges that are read at each scrape."""
        self.registry.register(ConditionCollector({**self._readings, **readings}))

    def reload(self) -> None:
        """Show scrapers the certificate as it is now."""
        if self._tls is not None:
            self._tls.reload()

    def close(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()

    def _make_server(self, context: ssl.SSLContext | None) -> MonitoringServer | None:
        settings = self._config.metrics
        if not settings.enable:
            return None
        credentials = None
        if settings.password_file is not None:
            credentials = Credentials(settings.user, _password(settings.password_file))
        return MonitoringServer(
            host=settings.bind,
            port=settings.port,
            context=context,
            credentials=credentials,
            exposition=Exposition(self.registry, self.metrics.exposition_seconds),
            api=self._api,
            live=self.liveness,
            ready=self.readiness.verdict,
        )

    def _own_readings(self) -> dict[Family, Reading]:
        folder = self._config.server.state_directory
        return {
            catalogue.READY: lambda: float(self.readiness.verdict().good),
            catalogue.CERTIFICATE_EXPIRY: self._expiry,
            catalogue.DISK_FREE: lambda: shutil.disk_usage(folder).free,
            catalogue.DISK_SIZE: lambda: shutil.disk_usage(folder).total,
        }

    def _expiry(self) -> float:
        certificates = self._identity.identity.certificates  # others after a reload
        return min(one.not_valid_after_utc.timestamp() for one in certificates)


class _SameIdentity:
    """The identity that another context shows."""

    def __init__(self, shown: ServerTls) -> None:
        self._shown = shown

    def read(self) -> Identity:
        return self._shown.identity

    def warnings(self, identity: Identity) -> tuple[str, ...]:  # noqa: ARG002 - the other one warns
        return ()


def _password(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()  # editors on Windows add a mark
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"[Metrics] PasswordFile: {path} cannot be read: {error}") from error
    if not lines or not lines[0]:
        raise ConfigError(f"[Metrics] PasswordFile: the first line of {path} is empty")
    return lines[0]
