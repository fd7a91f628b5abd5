"""Whether photos can serve as references, asked of the running server."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.gallery.photo_report import PhotoReport, PhotoStatus
from iot_facerecognition_server.serving.control_client import ControlConnection, ControlError

PHOTO_SECONDS: Final = 300.0
"""How long an answer may take: other commands' photos come first, and a CPU may have the CNN."""


def ask_about(server: ControlConnection, tag: str, photo: Path) -> PhotoReport:
    """Return what becomes of `photo`, an absolute path that the server sees too.

    Raises CommandFailedError.
    """
    try:
        answer = server.ask({"do": "look", "tag": tag, "photo": str(photo)}, PHOTO_SECONDS)
    except ControlError as error:
        raise CommandFailedError(
            ExitCode.FAILURE, f"no photo was added: {error}; or stop it, and add them then"
        ) from error
    report = PhotoReport(tag, photo, PhotoStatus(answer["status"]), str(answer["message"]))
    if report.status is PhotoStatus.MISSING and photo.exists():
        hint = "for the server, which runs in another container; put it where both see it"
        return replace(report, message=f"{report.message} {hint}")
    return report
