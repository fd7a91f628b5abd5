"""The settings of the fleet's updates."""

from dataclasses import dataclass

from iot_facerecognition_server.config.kinds import Number
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """When an edge's software update counts as good, and when as lost (docs/fleet-api.md)."""

    probation_seconds: float = setting(
        "ProbationSeconds",
        Number(1.0, 86_400.0, "seconds"),
        "60",
        "How long an edge has to run its new version and to stream at its rate on one connection"
        " before the server acknowledges it; without, the edge puts the old version back. The edge"
        " waits five minutes for it unless configured otherwise, so stay well below that.",
    )
    rate_ratio: float = setting(
        "RateRatio",
        Number(0.05, 1.0),
        "0.8",
        "Which part of its rate that is, at least. Its rate is the one that it is set to, or"
        " that of the minute before the update where that was lower.",
    )
    lost_seconds: float = setting(
        "LostSeconds",
        Number(1.0, 604_800.0, "seconds"),
        "900",
        "After how long without a word an edge whose update is in progress counts as lost. It"
        " should be longer than an installation, a restart and a rollback take together.",
    )
