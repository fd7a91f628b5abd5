"""Builds the server out of its parts and runs it, from top to bottom."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from prometheus_client import disable_created_metrics

from iot_facerecognition_server.assembly.engine import local_engine
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.assembly.first_self_test import pass_self_test
from iot_facerecognition_server.assembly.fleet import fleet_keeper
from iot_facerecognition_server.assembly.networks import Networks, load_networks
from iot_facerecognition_server.assembly.port import Port
from iot_facerecognition_server.assembly.readings import show
from iot_facerecognition_server.assembly.reloading import Reloading
from iot_facerecognition_server.assembly.serving import serve_clients
from iot_facerecognition_server.assembly.subsystems import (
    SERVICE_MANAGER,
    Step,
    Subsystem,
    Subsystems,
)
from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.freed_memory import give_back_freed_memory, keep_freed_memory
from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.logs import ServerLog
from iot_facerecognition_server.observability.examination import Examination
from iot_facerecognition_server.observability.metrics import LOST, REPEATED
from iot_facerecognition_server.observability.monitoring import SELF_TEST, Monitoring
from iot_facerecognition_server.observability.self_test import SelfTest, known_answer
from iot_facerecognition_server.observability.service_manager import ServiceManager
from iot_facerecognition_server.pipeline.tools import Tools
from iot_facerecognition_server.serving.control import ControlSocket
from iot_facerecognition_server.serving.control_client import SOCKET_NAME
from iot_facerecognition_server.serving.fleet_requests import FleetRequests
from iot_facerecognition_server.serving.open_files import allow_open_files
from iot_facerecognition_server.serving.photo_checks import PhotoChecks
from iot_facerecognition_server.third_parties.asyncio_tls import bound_tls_buffers
from iot_facerecognition_server.trust.tls import ServerTls

_log = logging.getLogger(__name__)

GALLERY_SECONDS: Final = 5.0
"""How often the reference file is looked at."""
SWITCH_SECONDS: Final = 0.001
"""How long a worker may keep the interpreter from the event loop: a fifth of Python's default."""


async def serve(config: Config, log: ServerLog) -> None:
    """Run the server until SIGTERM or SIGINT; lines that `log` leaves out are counted.

    Raises ModelError, NetworkFileError, CertificateError, TokenFileError and AddressInUseError.
    """
    clock = time.monotonic
    _tune_process(config)
    tls = server_tls(config)
    monitoring = Monitoring(config, tls, clock)
    metrics = monitoring.metrics
    left_out = metrics.log_lines_left_out
    log.count_by(left_out.labels(REPEATED).inc, left_out.labels(LOST).inc)
    async with Subsystems(metrics.background_failures) as subsystems:
        await subsystems.start(
            Subsystem(
                "heartbeat",
                start=_step(monitoring.start),
                run=monitoring.heartbeat.run,
                close=_step(monitoring.close),
            )
        )
        networks = await asyncio.to_thread(load_networks, config, metrics)
        await subsystems.start(Subsystem("networks", close=_step(networks.close)))
        self_test = SelfTest(config, known_answer())
        engine = local_engine(config, networks, self_test.gallery, metrics, clock)
        await subsystems.start(Subsystem("engine", close=engine.close))
        ended = _ended_by_signal()
        for subsystem in _subsystems(
            config=config,
            tls=tls,
            monitoring=monitoring,
            networks=networks,
            engine=engine,
            self_test=self_test,
            clock=clock,
            ended=ended,
        ):
            if not ended.is_set():
                await subsystems.start(subsystem)
        await ended.wait()
    _log.info("ended")


def _subsystems(
    *,
    config: Config,
    tls: ServerTls,
    monitoring: Monitoring,
    networks: Networks,
    engine: LocalEngine[Tools],
    self_test: SelfTest,
    clock: Callable[[], float],
    ended: asyncio.Event,
) -> tuple[Subsystem, ...]:
    """Return what makes a server of an engine, in the order in which it starts."""
    faces, metrics = networks.faces, monitoring.metrics
    fleet = fleet_keeper(config, clock)
    serving = serve_clients(
        config=config, tls=tls, engine=engine, metrics=metrics, fleet=fleet, clock=clock
    )
    server, log = serving.server, serving.event_log
    gallery = GalleryKeeper(
        self_test.gallery,
        engine.set_gallery,
        faces.fingerprint,
        faces.build_gallery,
        GALLERY_SECONDS,
    )
    port = Port(config, server, monitoring)
    reloading = Reloading(tls, monitoring, gallery, server)
    examination = Examination(
        engine, self_test, monitoring.readiness, SELF_TEST, metrics.self_tests
    )
    control = ControlSocket(
        config.server.state_directory / SOCKET_NAME,
        server,
        PhotoChecks(faces.look_at),
        FleetRequests(fleet),
    )
    manager = ServiceManager.of_environment(
        os.environ,
        monitoring.liveness,
        lambda: f"{len(server.clients)} clients, {serving.scheduler.waiting} frames waiting",
    )
    show(
        config=config,
        monitoring=monitoring,
        networks=networks,
        gallery=gallery,
        fleet=fleet,
        serving=serving,
    )
    first_test = partial(pass_self_test, engine, self_test, monitoring, ended)
    return (
        Subsystem("fleet", start=partial(asyncio.to_thread, fleet.load), run=fleet.run),
        Subsystem("fleet-record", run=fleet.run_saving, close=fleet.close),
        Subsystem("first-self-test", start=first_test),
        Subsystem("gallery", start=partial(_first_gallery, gallery, faces), run=gallery.run),
        Subsystem("freed-memory", start=_step(give_back_freed_memory)),
        Subsystem("log", run=log.run, close=_step(log.finish)),
        Subsystem("port", start=port.open, close=port.close),
        Subsystem(SELF_TEST, run=examination.run),
        Subsystem("reload", start=reloading.start, run=reloading.run),
        Subsystem("control", run=control.run),
        Subsystem(
            SERVICE_MANAGER,
            run=manager.run if manager.listens else None,
            close=manager.stopping,
        ),
    )


async def _first_gallery(keeper: GalleryKeeper, faces: FaceRecogniser) -> None:
    """Name faces by the reference file as it is now; nobody else needs the processor yet."""
    keeper.use(await asyncio.to_thread(faces.build_gallery, os.cpu_count() or 1))


def _tune_process(config: Config) -> None:
    """Set what holds for the whole process."""
    sys.setswitchinterval(SWITCH_SECONDS)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody reads
    allow_open_files(config.limits.clients, config.limits.handshakes)
    bound_tls_buffers()
    keep_freed_memory()
    torch.set_num_threads(1)  # as many workers as cores run the networks, each on one thread


def _ended_by_signal() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set from now on."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


def _step(call: Callable[[], object]) -> Step:
    """Return `call` as a step of a subsystem."""

    async def step() -> None:
        call()

    return step
