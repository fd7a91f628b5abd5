"""What serves clients, as the configuration wants it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from iot_facerecognition_server.assembly.limits import connection_limits
from iot_facerecognition_server.assembly.listeners import count_and_log, new_feed
from iot_facerecognition_server.assembly.pairing import pairing_desk
from iot_facerecognition_server.assembly.sessions import session_factory
from iot_facerecognition_server.assembly.trust import authenticator
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.interface import Engine
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.fleet.listener import FleetListener
from iot_facerecognition_server.observability.event_log import EventLog
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.serving.admission import Admission
from iot_facerecognition_server.serving.dispatcher import Dispatcher
from iot_facerecognition_server.serving.origins import Origins
from iot_facerecognition_server.serving.proxies import Proxies
from iot_facerecognition_server.serving.server import RecognitionServer
from iot_facerecognition_server.sessions.budget import BudgetLimits, Budgets
from iot_facerecognition_server.sessions.scheduler import FairScheduler
from iot_facerecognition_server.trust.tls import ServerTls


@dataclass(frozen=True, slots=True)
class Serving:
    """The server for clients, and what others need of its parts."""

    server: RecognitionServer
    dispatcher: Dispatcher
    scheduler: FairScheduler
    admission: Admission
    event_log: EventLog


def serve_clients(
    *,
    config: Config,
    tls: ServerTls,
    engine: Engine,
    metrics: ServerMetrics,
    fleet: FleetKeeper,
    clock: Callable[[], float],
) -> Serving:
    """Return what serves clients by `engine`; `clock` is monotonic, in seconds."""
    limits, budget = config.limits, config.budget
    budgets = Budgets(
        BudgetLimits(
            messages=budget.messages,
            frames=budget.frame_rate,
            bytes=budget.bytes,
            receiving=budget.receiving,
            log_lines=budget.log_lines,
        )
    )
    feed = new_feed(metrics)
    event_log = count_and_log(feed, metrics, budgets, clock)
    scheduler = FairScheduler(
        lambda: engine.capacity,
        config.engine.max_frame_age,
        waiting_bytes=budget.waiting_bytes or math.inf,
    )
    dispatcher = Dispatcher(engine, scheduler, clock, feed)
    admission = Admission(limits.clients, limits.connections_per_address, budget.connections)
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
    return Serving(server, dispatcher, scheduler, admission, event_log)
