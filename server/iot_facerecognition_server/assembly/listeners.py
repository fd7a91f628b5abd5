"""The feed, with metrics and log, which listen to it."""

from collections.abc import Callable

from iot_facerecognition_server.observability.client_metrics import ClientMetrics
from iot_facerecognition_server.observability.event_log import EventLog
from iot_facerecognition_server.observability.metrics import BUDGET, FEED, REFUSALS, ServerMetrics
from iot_facerecognition_server.sessions.budget import Budgets
from iot_facerecognition_server.sessions.feed import Feed


def new_feed(metrics: ServerMetrics) -> Feed:
    """Return a feed whose failures and losses are counted."""
    return Feed(
        metrics.background_failures.labels(FEED).inc,
        lambda name: metrics.feed_events_lost.labels(name).inc,
    )


def count_and_log(
    feed: Feed, metrics: ServerMetrics, budgets: Budgets, clock: Callable[[], float]
) -> EventLog:
    """Let metrics and log listen to `feed`; return the log, which has to be run and finished."""
    ClientMetrics(metrics, clock).listen_to(feed)
    left_out = metrics.log_lines_left_out
    log = EventLog(budgets, clock, left_out.labels(BUDGET).inc, left_out.labels(REFUSALS).inc)
    log.listen_to(feed)
    return log
