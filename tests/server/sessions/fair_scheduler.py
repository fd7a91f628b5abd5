"""A scheduler over an engine that always takes as much."""

from typing import Any

from iot_facerecognition_server.frames import Capacity
from iot_facerecognition_server.sessions.scheduler import FairScheduler


def fair_scheduler(
    capacity: int, per_session: int, max_age: float, *, dear: int | None = None, **options: Any
) -> FairScheduler:
    """Let `dear` of the frames be dear ones at once; None: all of them."""
    steady = Capacity(capacity, dear or capacity, per_session)
    return FairScheduler(lambda: steady, max_age, **options)
