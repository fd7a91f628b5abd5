"""`faces`: who is known."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.photo_questions import ask_about
from iot_facerecognition_server.cli.running_server import running_server
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.gallery.photo_report import PhotoReport
from iot_facerecognition_server.gallery.reference_file import (
    ReferenceFile,
    ReferenceFileError,
    ReferenceFileMissingError,
    References,
)
from iot_facerecognition_server.gallery.shared_photos import other_owners


def show(arguments: argparse.Namespace) -> int:
    """List who is known, by how many photos."""
    references = ReferenceFile(read_config(arguments).dlib.reference_file)
    photos: dict[str, list[Path]] = {}
    known = _known(references)
    for reference in known.people:
        photos.setdefault(reference.tag, []).extend(map(references.locate, reference.photos))
    if not photos:
        print(f"no people enrolled in {references.path}; add someone with: faces add TAG PHOTO...")
        return ExitCode.SUCCESS
    rows = [("PHOTOS", "TAG", "")]
    for tag, files in photos.items():
        missing = [str(file) for file in files if not file.is_file()]
        rows.append((str(len(files)), tag, f"missing: {', '.join(missing)}" if missing else ""))
    print(table(rows))
    for problem in known.problems:
        sys.stderr.write(f"{problem}\n")
    return ExitCode.SUCCESS


def add(arguments: argparse.Namespace) -> int:
    """Enrol a person with those of the photos that show a face."""
    config = read_config(arguments)
    references = ReferenceFile(config.dlib.reference_file)
    known = _known(references)  # a damaged file is reported before the photos are looked at
    _refuse_names([arguments.tag, *map(str, arguments.photos)])
    photos = [photo.absolute() for photo in arguments.photos]
    reports = []
    for report in _reports(config, arguments.tag, photos):
        (sys.stdout if report.used else sys.stderr).write(f"{report.message}\n")
        reports.append(report)
    used = [report.photo for report in reports if report.used]
    _warn_of_shared_photos(used, arguments.tag, references, known)
    if used:
        try:
            references.add(arguments.tag, used)
        except ReferenceFileError as error:
            raise CommandFailedError(ExitCode.FAILURE, str(error)) from error
        print(f"{references.path} now names {_counted(used)} more of {arguments.tag}")
    if len(used) < len(reports):
        raise CommandFailedError(
            ExitCode.FAILURE, f"{len(reports) - len(used)} of {_counted(reports)} not added"
        )
    return ExitCode.SUCCESS


def _reports(config: Config, tag: str, photos: Sequence[Path]) -> Iterator[PhotoReport]:
    """Yield what becomes of each photo: the running server knows, and has its networks loaded."""
    server = running_server(config)
    if server is not None:
        with server:
            yield from (ask_about(server, tag, photo) for photo in photos)
        return
    # Only now, since torch takes its time.
    from iot_facerecognition_server.assembly.photo_check import photo_check  # noqa: PLC0415
    from iot_facerecognition_server.cli.failures import as_command_failure  # noqa: PLC0415

    with as_command_failure(), photo_check(config) as look_at:
        yield from (look_at(tag, photo) for photo in photos)


def _warn_of_shared_photos(
    photos: Sequence[Path], tag: str, references: ReferenceFile, known: References
) -> None:
    for photo in photos:
        for owner in other_owners(photo, tag, references, known.people):
            sys.stderr.write(
                f"{photo} already serves {owner}, and two people with one face cannot be told "
                f"apart; if it is not of {owner}: faces remove {shlex.quote(owner)}, and add their "
                "own photos\n"
            )


def _refuse_names(names: Sequence[str]) -> None:
    """Refuse what no UTF-8 file can name, before the photos are looked at."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise CommandFailedError(
                ExitCode.FAILURE, f"{name!a} is not UTF-8; rename it"
            ) from None


def _counted(photos: Sequence[object]) -> str:
    return "1 photo" if len(photos) == 1 else f"{len(photos)} photos"


def _known(references: ReferenceFile) -> References:
    try:
        return references.read()
    except ReferenceFileMissingError:
        return References(())
    except ReferenceFileError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error


def remove(arguments: argparse.Namespace) -> int:
    """Remove a person from the gallery."""
    references = ReferenceFile(read_config(arguments).dlib.reference_file)
    try:
        photos = references.remove(arguments.tag)
    except ReferenceFileError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error
    print(
        f"{arguments.tag} is removed from the gallery; the photos stay where they are"
        f" ({_counted(photos)})"
    )
    return ExitCode.SUCCESS
