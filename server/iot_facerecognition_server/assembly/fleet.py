"""The fleet's record, as the configuration wants it."""

import time
from collections.abc import Callable

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.fleet.probation import ProbationTerms
from iot_facerecognition_server.fleet.record import FleetTerms
from iot_facerecognition_server.fleet.store import FleetStore


def fleet_keeper(config: Config, clock: Callable[[], float]) -> FleetKeeper:
    """Return what keeps the record in the state directory; `clock` is monotonic, in seconds."""
    settings = config.fleet
    probation = ProbationTerms(settings.probation_seconds, settings.rate_ratio)
    terms = FleetTerms(probation, settings.lost_seconds)
    return FleetKeeper(FleetStore(config.fleet_file), terms, clock, time.time)
