"""What news make of an edge's update. Plain functions from one `Edge` to the next.

`at` is always in seconds since 1970.
"""

from dataclasses import replace
from typing import Final

from iot_facerecognition_protocol import UpdateReport, clean_text
from iot_facerecognition_server.fleet.edge import Acknowledgement, Edge, Update, UpdateStage
from iot_facerecognition_server.fleet.hearsay import EDGE_NEWS, TEXT_LENGTH, VERSION
from iot_facerecognition_server.fleet.transitions import OVER, TABLE, News

_REPORTED: Final = {
    UpdateStage.INSTALLING: News.REPORTED_INSTALLING,
    UpdateStage.ROLLED_BACK: News.REPORTED_ROLLED_BACK,
    UpdateStage.SKIPPED: News.REPORTED_SKIPPED,
    UpdateStage.LOST: News.REPORTED_LOST,
}
REPORTABLE: Final = tuple(map(str, _REPORTED))
"""The stages that a controller may report."""


class FleetRequestError(Exception):
    """What an operator or a controller asks of the record cannot be done; the message says why."""


def take_report(edge: Edge, report: UpdateReport | None, at: float) -> Edge:
    """Return `edge` after what it said of its own newest update.

    It repeats itself with every report of its health. What it says of an attempt that ended before
    the present update changes nothing; an attempt that was not heard of begins again.
    """
    update = edge.update
    if report is None:
        return _moved(edge, News.EDGE_KNOWS_OF_NONE, at)
    if report.attempt == edge.ended_attempt:
        return edge
    begins = update is None or update.attempt != report.attempt
    stage = UpdateStage.PENDING if update is not None and begins else edge.stage
    news = EDGE_NEWS[report.state]  # type: ignore[index]  # a word that equals a state is found
    if news not in TABLE[stage]:
        return edge
    now = TABLE[stage][news]
    assert now is not None, "only an operator's wish ends in no update"
    taken = Update(
        stage=now,
        since=at if update is None or begins or now is not update.stage else update.since,
        version=report.version,
        from_version=report.from_version,
        reason=report.reason,
        attempt=report.attempt,
    )
    ended = update.attempt if update is not None and begins else None
    return replace(edge, update=taken, ended_attempt=ended or edge.ended_attempt)


def acknowledge(edge: Edge, at: float) -> Edge:
    """Return `edge` after it has streamed at its rate for long enough."""
    update = edge.update
    if update is None or update.version is None or update.attempt is None:
        return edge  # nothing that it could be offered
    earned = Acknowledgement(update.version, update.attempt)
    return _moved(replace(edge, earned=earned), News.ACKNOWLEDGED, at)


def lose(edge: Edge, at: float, reason: str) -> Edge:
    """Return `edge` after it has been silent for too long."""
    return _moved(edge, News.SILENT, at, reason)


def want(edge: Edge, version: str, at: float) -> Edge:
    """Return `edge` when operators want `version` on it; an update in progress goes on.

    Raises FleetRequestError.
    """
    _check_version(version)
    return settle(replace(edge, desired=version), at, wanted=True)


def settle(edge: Edge, at: float, *, wanted: bool = False) -> Edge:
    """Let the record follow from desired and reported version whether an update is pending.

    One that was rolled back or skipped stays so until operators have `wanted` something.
    """
    ended_badly = edge.stage in {UpdateStage.ROLLED_BACK, UpdateStage.SKIPPED}
    if ended_badly and not wanted:
        return edge
    if edge.desired in {None, edge.reported}:
        if News.MET not in TABLE[edge.stage]:
            return edge
        ended = edge.update.attempt if edge.update is not None else None
        return replace(edge, update=None, ended_attempt=ended or edge.ended_attempt)
    if News.WANTED not in TABLE[edge.stage]:
        return edge
    update = edge.update
    if edge.stage is UpdateStage.PENDING and update is not None and update.version == edge.desired:
        return edge
    return _begun(edge, UpdateStage.PENDING, at, edge.desired)


def take_controller_report(
    edge: Edge, stage: str, at: float, *, version: str | None, reason: str | None
) -> Edge:
    """Return `edge` after a controller's report. Raises FleetRequestError."""
    if version is not None:
        _check_version(version)
    reason = clean_text(reason or "", TEXT_LENGTH) or None
    if stage not in REPORTABLE:
        raise FleetRequestError(
            f"{stage!r} cannot be reported: it is {', '.join(REPORTABLE[:-1])} or {REPORTABLE[-1]}"
            " (good is what this server sees by itself)"
        )
    reported = UpdateStage(stage)
    following = TABLE[edge.stage].get(_REPORTED[reported])
    if following is None:
        raise FleetRequestError(
            f"{edge.identity}: an update that is {edge.stage} cannot become {stage};"
            " want a version first"
        )
    if edge.stage in OVER:
        return _begun(edge, following, at, version or edge.desired, reason)
    assert edge.update is not None, "without an update its stage is None, which is over"
    if following is not reported:
        return edge  # the edge is further already
    since = edge.update.since if following is edge.stage else at
    version = version or edge.update.version
    update = replace(edge.update, stage=following, since=since, version=version, reason=reason)
    return replace(edge, update=update)


def _check_version(version: str) -> None:
    if not VERSION.fullmatch(version):
        raise FleetRequestError(
            f"{version!r} is no version: it has 1 to 64 letters, digits and .+~:_- and begins with"
            " a letter or digit, as 1.3.0"
        )


def _moved(edge: Edge, news: News, at: float, reason: str | None = None) -> Edge:
    """Return `edge` after `news` of the update that is known; unchanged where they change nothing.

    Where nothing is to be done after them, `settle` finds out.
    """
    update, following = edge.update, TABLE[edge.stage].get(news)
    if update is None or following is None:
        return edge
    return replace(edge, update=replace(update, stage=following, since=at, reason=reason))


def _begun(
    edge: Edge, stage: UpdateStage, at: float, version: str | None, reason: str | None = None
) -> Edge:
    """Return `edge` with a new update, which it has not named yet."""
    ended = None if edge.update is None else edge.update.attempt
    update = Update(stage, at, version, edge.reported, reason)
    return replace(edge, update=update, ended_attempt=ended or edge.ended_attempt)
