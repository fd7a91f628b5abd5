"""Lines about a client: under its name, and no more than its identity's budget allows."""

import logging
from itertools import count

import pytest

from iot_facerecognition_server.observability.client_log import ClientLog
from iot_facerecognition_server.sessions.budget import LogBudget

log = logging.getLogger("iot_facerecognition_server.tests.client_log")


def test_a_flood_of_one_identity_is_left_out_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = count(step=0.001)
    budget = LogBudget(per_minute=60)
    first, second = (ClientLog(log, "greedy", budget, lambda: next(now)) for _ in range(2))
    first.named("one")
    second.named("two")
    with caplog.at_level(logging.INFO):
        for number in range(5000):
            (first if number % 2 else second).info("message: %s", f"text {number}")
    texts = [record.getMessage() for record in caplog.records]
    assert sum(text.startswith("message: ") for text in texts) <= 610
    (told,) = (text for text in texts if "left out" in text)
    assert "[Budget] LogLines" in told
    whom = {(r.client, r.identity) for r in caplog.records}  # type: ignore[attr-defined]
    assert whom == {("one", "greedy"), ("two", "greedy")}


def test_lines_that_nobody_wants_cost_nothing(caplog: pytest.LogCaptureFixture) -> None:
    client = ClientLog(log, "first", LogBudget(per_minute=6), lambda: 0.0)
    client.named("kitchen")
    with caplog.at_level(logging.INFO):
        for _ in range(1000):
            client.debug("ignored")
        client.info("connected")
    assert [record.getMessage() for record in caplog.records] == ["connected"]
