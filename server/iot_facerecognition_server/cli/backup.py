"""`backup` and `restore`: what cannot be made again."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from iot_facerecognition_protocol.system.whole_file import in_place_of
from iot_facerecognition_server.backup.archive import (
    ArchiveError,
    Entry,
    read_archive,
    write_archive,
)
from iot_facerecognition_server.backup.restoring import RestoreError, Restoring
from iot_facerecognition_server.backup.saving import (
    API_TOKENS,
    FLEET,
    KEY,
    REFERENCES,
    TOKENS,
    BackupError,
    Saved,
)
from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.gallery.reference_file import ReferenceFileError
from iot_facerecognition_server.state_directory import held
from iot_facerecognition_server.state_lock import StateDirectoryError

_STANDARD: Final = Path("-")


def save(arguments: argparse.Namespace) -> int:
    """Write a backup to a file or to the output."""
    config = read_config(arguments)
    saved, counted = Saved(config), _Counted()
    if arguments.file == _STANDARD and sys.stdout.isatty():
        raise CommandFailedError(
            ExitCode.FAILURE, "a backup is no text: name a file, or redirect the output into one"
        )
    try:
        with _output(arguments.file) as out:
            write_archive(out, counted.each(saved.entries()), datetime.now(UTC))
    except (BackupError, ReferenceFileError) as error:
        raise CommandFailedError(ExitCode.FAILURE, f"nothing is backed up: {error}") from error
    for warning in saved.warnings:
        sys.stderr.write(f"not in the backup: {warning}\n")
    sys.stderr.write(f"backed up {counted}\n")
    return ExitCode.SUCCESS


def restore(arguments: argparse.Namespace) -> int:
    """Check a backup, or put it where the server finds it."""
    config = read_config(arguments)
    try:
        with _input(arguments.file) as backup:
            if arguments.check:
                counted = _Counted()
                for _ in counted.each(read_archive(backup)):
                    pass
                print(f"the backup is whole: {counted}")
                return ExitCode.SUCCESS
            with held(config):
                kept = Restoring(config).restore(backup, replace=arguments.replace)
    except ArchiveError as error:
        raise CommandFailedError(
            ExitCode.FAILURE, f"{_name(arguments.file)} cannot be restored: {error}"
        ) from error
    except (RestoreError, BackupError) as error:
        raise CommandFailedError(ExitCode.FAILURE, f"nothing is restored: {error}") from error
    except StateDirectoryError as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, f"nothing is restored: {error}") from error
    if kept is not None:
        print(f"what was there before is in {kept}")
    print("restored; the server can be started")
    return ExitCode.SUCCESS


class _Counted:
    """Counts the files that pass, for a sentence about them."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def each(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        kinds = {
            KEY: "key",
            TOKENS: "token file",
            API_TOKENS: "token file",
            FLEET: "record of the fleet",
            REFERENCES: "list of people",
        }
        for entry in entries:
            self._counts[kinds.get(entry.name, "photo")] += 1
            yield entry

    def __str__(self) -> str:
        counts = self._counts.items()
        return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts)


@contextmanager
def _output(file: Path) -> Iterator[BinaryIO]:
    if file == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with in_place_of(file) as partial, partial.open("wb") as out:
        yield out


@contextmanager
def _input(file: Path) -> Iterator[BinaryIO]:
    if file == _STANDARD:
        yield sys.stdin.buffer
        return
    with file.open("rb") as backup:
        yield backup


def _name(file: Path) -> str:
    return "what came by standard input" if file == _STANDARD else str(file)
