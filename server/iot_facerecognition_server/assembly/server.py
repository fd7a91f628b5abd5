"""Builds the server out of its parts and runs it: the one place where everything meets."""

import asyncio
import gc
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import torch
from prometheus_client import disable_created_metrics

from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.batching import WORKERS_A_CORE, batched
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.assembly.listeners import count_and_log, new_feed
from iot_facerecognition_server.assembly.objects import ObjectRecogniser
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.connection_limits import connection_limits, limit_readings
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.engine.repairs import Repairs
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.fleet.listener import FleetListener
from iot_facerecognition_server.fleet.setup import fleet_keeper
from iot_facerecognition_server.freed_memory import keep_freed_memory
from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.logs import ServerLog
from iot_facerecognition_server.networks.devices import choose_device
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.event_log import EventLog
from iot_facerecognition_server.observability.examination import Examination
from iot_facerecognition_server.observability.limits import LimitCollector
from iot_facerecognition_server.observability.metrics import FEED, LOST, REPEATED, ServerMetrics
from iot_facerecognition_server.observability.monitoring import (
    MODELS,
    PORT,
    SELF_TEST,
    Monitoring,
)
from iot_facerecognition_server.observability.self_test import (
    SelfTest,
    SelfTestError,
    known_answer,
)
from iot_facerecognition_server.observability.service_manager import ServiceManager
from iot_facerecognition_server.observability.stages import TimedMatcher
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from iot_facerecognition_server.process_age import process_seconds
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.control import ControlSocket
from iot_facerecognition_server.serving.control_client import SOCKET_NAME
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.fleet_requests import FleetRequests
from iot_facerecognition_server.serving.open_files import allow_open_files
from iot_facerecognition_server.serving.origins import Origins
from iot_facerecognition_server.serving.pairing import pairing_desk
from iot_facerecognition_server.serving.photo_checks import PhotoChecks
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.server import RecognitionServer
from iot_facerecognition_server.serving.session_factory import session_factory
from iot_facerecognition_server.serving.tls_buffers import bound_tls_buffers
from iot_facerecognition_server.sessions.budget import BudgetLimits, Budgets
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from iot_facerecognition_server.supervision import Supervisor
from iot_facerecognition_server.tracking.settings import TrackingSettings
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.setup import authenticator, server_tls
from iot_facerecognition_server.trust.tls import ServerTls
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0
"""How long frames under way may take to finish when the server ends."""
RETRY_SECONDS = 60.0
"""How long after a failed self-test the server tries it again."""
GALLERY_SECONDS = 5.0
"""How often the reference file is looked at."""
CPU_BATCH = 4
"""Chips in a batch on a CPU: larger ones gain little (docs/decisions/workers.md)."""
SWITCH_SECONDS = 0.001
"""How long a worker may keep the interpreter from the event loop: a fifth of Python's default."""

CROP_BATCH = 2
"""Crops in a batch on a CPU: little is gained by more, and faces wait for it."""


async def serve(config: Config, log: ServerLog) -> None:
    """Run the server until SIGTERM or SIGINT; lines that `log` leaves out are counted.

    Raises ModelError, NetworkFileError, CertificateError, TokenFileError and AddressInUseError.
    """
    clock = time.monotonic
    sys.setswitchinterval(SWITCH_SECONDS)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, which nobody reads
    allow_open_files(config.limits.clients, config.limits.handshakes)
    bound_tls_buffers()
    keep_freed_memory()
    torch.set_num_threads(1)  # as many workers as cores run the networks, each on one thread
    tls = server_tls(config)
    monitoring = Monitoring(config, tls, clock)
    left_out = monitoring.metrics.log_lines_left_out
    log.count_by(left_out.labels(REPEATED).inc, left_out.labels(LOST).inc)
    monitoring.start()
    try:
        with ExitStack() as at_the_end:
            await _serve(config, tls, monitoring, clock, at_the_end)
    finally:
        monitoring.close()
    _log.info("ended")


async def _serve(
    config: Config,
    tls: ServerTls,
    monitoring: Monitoring,
    clock: Callable[[], float],
    at_the_end: ExitStack,
) -> None:
    metrics = monitoring.metrics
    device = choose_device(config.engine.device)
    detection, faces, objects = await asyncio.to_thread(
        load_networks, config, device, metrics, at_the_end
    )
    self_test = SelfTest(config, known_answer())
    cores = os.cpu_count() or 1
    workers = config.engine.workers or (WORKERS_A_CORE if detection.on_gpu else 1) * cores
    engine = LocalEngine(
        workers=workers,
        make_tools=lambda: Tools(
            faces.make_scanner(metrics.stage_seconds),
            objects.make_cropper(),
            faces.make_searcher(metrics.stage_seconds),
        ),
        networks={
            Network.DESCRIPTOR: batched(
                faces.network.describe, "descriptor", metrics, device, CPU_BATCH
            ),
            Network.CLASSIFIER: batched(
                objects.classifier.classify,
                "classifier",
                metrics,
                device,
                CROP_BATCH,
                background=True,
            ),
        },
        jobs=FrameJobs(
            self_test.gallery,
            objects.classifier.labels,
            tracking_settings(config, detection),
            timed=lambda matcher: TimedMatcher(matcher.match, metrics.stage_seconds),
        ),
        clock=clock,
        # Where a GPU finds the faces, threads wait for it: then it is the wait that a frame costs.
        stopwatch=clock if detection.on_gpu else time.thread_time,
        repairs=Repairs(metrics.worker_replaced, metrics.tools_renewed.inc),
    )
    metrics.expect_workers(engine.thread_names)
    scheduler = FairScheduler(
        lambda: engine.capacity,
        config.engine.max_frame_age,
        waiting_bytes=config.budget.waiting_bytes or math.inf,
    )
    budgets = Budgets(
        BudgetLimits(
            messages=config.budget.messages,
            frames=config.budget.frame_rate,
            bytes=config.budget.bytes,
            receiving=config.budget.receiving,
            log_lines=config.budget.log_lines,
        )
    )
    feed = new_feed(metrics)
    event_log = count_and_log(feed, metrics, budgets, clock)
    dispatcher = Dispatcher(engine, scheduler, clock, feed)
    fleet = fleet_keeper(config, clock)
    await asyncio.to_thread(fleet.load)
    monitoring.show(fleet)
    limits = config.limits
    admission = Admission(limits.clients, limits.connections_per_address, config.budget.connections)
    server = RecognitionServer(
        name=config.connection.server_name,
        host=config.connection.bind,
        port=config.connection.port,
        context=tls.context,
        authenticator=authenticator(config, tls),
        pairing=pairing_desk(config, tls, clock),
        origins=Origins(config.auth.origins),
        proxies=Proxies(config.connection.proxy_protocol_from),
        admission=admission,
        budgets=budgets,
        limits=connection_limits(config),
        new_session=session_factory(config, engine),
        dispatcher=dispatcher,
        feed=feed,
        clock=clock,
    )
    FleetListener(fleet, server.acknowledge_update).listen_to(feed)
    keeper = GalleryKeeper(
        self_test.gallery,
        engine.set_gallery,
        faces.fingerprint,
        faces.build_gallery,
        GALLERY_SECONDS,
    )
    _tell(config, monitoring, faces, objects, device)
    monitoring.read(
        {
            catalogue.GALLERY_PEOPLE: lambda: len(keeper.gallery.people),
            catalogue.GALLERY_REFERENCES: lambda: len(keeper.gallery),
            catalogue.FRAMES_WAITING: lambda: scheduler.waiting,
            catalogue.FRAMES_UNDER_WAY: lambda: scheduler.under_way,
            catalogue.OBJECTS_UNDER_WAY: lambda: dispatcher.objects_under_way,
        }
    )
    monitoring.registry.register(LimitCollector(limit_readings(config, admission, server)))
    examination = Examination(
        engine, self_test, monitoring.readiness, SELF_TEST, metrics.self_tests
    )
    service_manager = ServiceManager.of_environment(
        os.environ,
        monitoring.liveness,
        lambda: f"{len(server.clients)} clients, {scheduler.waiting} frames waiting",
    )
    ended = _ended_by_signal()
    try:
        if not await _passed(engine, self_test, monitoring, ended):
            return
        keeper.use(await asyncio.to_thread(faces.build_gallery, cores))
        await server.start()
        gc.freeze()  # what was loaded stays: no collection has to look at it again
        gc.enable()
        monitoring.readiness.meet(PORT)
        start_seconds = process_seconds()
        _log.info("listening on %s:%d", config.connection.bind or "*", server.port)
        control = ControlSocket(
            config.server.state_directory / SOCKET_NAME,
            server,
            PhotoChecks(faces.look_at),
            FleetRequests(fleet),
        )
        await _run(
            keeper=keeper,
            control=control,
            examination=examination,
            tls=tls,
            monitoring=monitoring,
            server=server,
            service_manager=service_manager,
            fleet=fleet,
            event_log=event_log,
            ended=ended,
        )
        await service_manager.stopping()
        monitoring.readiness.fail(PORT, "the server is ending")
        _log.info("ending: finishing what is under way")
        await server.close(SHUTDOWN_SECONDS, start_seconds)
        event_log.finish()
        await fleet.close()
    finally:
        await engine.close()


def load_networks(
    config: Config, device: str, metrics: ServerMetrics, at_the_end: ExitStack
) -> tuple[FaceDetection, FaceRecogniser, ObjectRecogniser]:
    """Return what finds faces, what describes them and, loaded beside these, what knows objects.

    `at_the_end` ends their threads. Raises ModelError and NetworkFileError.
    """
    with ThreadPoolExecutor(1) as beside:
        objects = beside.submit(ObjectRecogniser, config, device)
        detection = FaceDetection(config, device, metrics)
        at_the_end.callback(detection.close)
        alignment = FaceAlignment(config, metrics, device if detection.on_gpu else None)
        at_the_end.callback(alignment.close)
        faces = FaceRecogniser(config, device, detection, alignment)
        return detection, faces, objects.result()


def tracking_settings(config: Config, detection: FaceDetection) -> TrackingSettings | None:
    """Return how faces are tracked; None when every frame stands alone."""
    if not config.engine.following or detection.name != "hog":
        return None
    return TrackingSettings(config.engine.full_scan_interval, config.engine.min_face_size)


async def _passed(
    engine: LocalEngine[Tools], self_test: SelfTest, monitoring: Monitoring, ended: asyncio.Event
) -> bool:
    """Wait until the engine knows the known answer; False when the server is to end before."""
    monitoring.readiness.meet(MODELS)
    monitoring.watch_workers(engine.stalled_seconds)
    while not ended.is_set():
        try:
            await self_test.run(engine)
        except SelfTestError as error:
            monitoring.readiness.fail(SELF_TEST, str(error))
            _log.error(
                "the self-test failed, so the port for clients stays closed;"
                " it is tried again in %g s: %s",
                RETRY_SECONDS,
                error,
            )
        else:
            monitoring.readiness.meet(SELF_TEST)
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await ended.wait()
        for worker in range(engine.workers):
            engine.renew(worker)
    return False


def _ended_by_signal() -> asyncio.Event:
    """Return what SIGTERM and SIGINT set from now on."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    return ended


def _tell(
    config: Config,
    monitoring: Monitoring,
    faces: FaceRecogniser,
    objects: ObjectRecogniser,
    device: str,
) -> None:
    """Expose what holds until the server ends."""
    monitoring.tell(
        catalogue.ENGINE_INFO,
        device=device,
        asked=config.engine.device,
        precision=str(faces.precision),
    )
    monitoring.tell_models({"faces": faces.weights_hash, "objects": objects.weights_hash})


async def _run(
    *,
    keeper: GalleryKeeper,
    control: ControlSocket,
    examination: Examination,
    tls: ServerTls,
    monitoring: Monitoring,
    server: RecognitionServer,
    service_manager: ServiceManager,
    fleet: FleetKeeper,
    event_log: EventLog,
    ended: asyncio.Event,
) -> None:
    """Run the background tasks until a signal has `ended` the server, or one of them fails."""
    asked = asyncio.Event()

    async def reload() -> None:
        while True:
            await asked.wait()
            asked.clear()
            _log.info("SIGHUP: reloading certificate, revocations and gallery")
            keeper.reload()
            try:
                for warning in tls.reload():
                    _log.warning("%s", warning)
                monitoring.reload()
            except CertificateError as error:
                _log.error("certificate and revocation list stay as they were: %s", error)
            try:
                await server.disconnect_revoked()
            except TokenFileError as error:
                _log.error("connected clients stay, though their tokens may be revoked: %s", error)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    failures = monitoring.metrics.background_failures
    async with Supervisor(lambda name: failures.labels(name).inc()) as supervisor:
        tasks = {
            "heartbeat": monitoring.heartbeat.run,
            "gallery": keeper.run,
            "self-test": examination.run,
            "reload": reload,
            "fleet": fleet.run,
            "fleet-record": fleet.run_saving,
            "log": event_log.run,
        }
        if service_manager.listens:
            tasks["service-manager"] = service_manager.run
        for name, run in tasks.items():
            supervisor.start(name, run)
        for name in (*tasks, "service-manager", FEED):
            failures.labels(name)  # a series from the start, or the first failure is no increase
        supervisor.start("control", control.run)
        await ended.wait()
