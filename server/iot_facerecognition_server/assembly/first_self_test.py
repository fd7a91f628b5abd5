"""The known answer, which the engine has to give before the port for clients opens."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.observability.monitoring import MODELS, SELF_TEST, Monitoring
from iot_facerecognition_server.observability.self_test import SelfTest, SelfTestError
from iot_facerecognition_server.pipeline.tools import Tools

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 60.0
"""How long after a failed self-test the server tries it again."""


async def pass_self_test(
    engine: LocalEngine[Tools], self_test: SelfTest, monitoring: Monitoring, ended: asyncio.Event
) -> None:
    """Return once the engine knows the known answer, or when the server is to end before."""
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
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await ended.wait()
        for worker in range(engine.workers):
            engine.renew(worker)
