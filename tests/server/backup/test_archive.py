"""A backup's archive: whole, or refused with what is wrong."""

import io
import tarfile
from datetime import UTC, datetime

import pytest

from iot_facerecognition_server.backup.archive import (
    ArchiveError,
    Entry,
    read_archive,
    write_archive,
)

MADE = datetime(2026, 11, 27, tzinfo=UTC)
ENTRIES = [
    Entry("state/server.pem", b"key"),
    Entry("faces/Zoë/1.jpg", bytes(100_000)),
    Entry("faces/" + "x" * 200 + ".jpg", b""),
]


def written(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    write_archive(out, entries, MADE)
    return out.getvalue()


def read(archive: bytes) -> list[Entry]:
    return list(read_archive(io.BytesIO(archive)))


def packed(members: list[tuple[str, bytes, bytes]]) -> bytes:
    """Return a tar archive of members with name, type and contents."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_what_is_written_is_read_again() -> None:
    assert read(written(ENTRIES)) == ENTRIES


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 1536, 60_000, -20_480, -10_240])
def test_an_archive_that_is_cut_short_is_refused(kept: int) -> None:
    archive = written([*ENTRIES, Entry("last", bytes(20_480))])
    with pytest.raises(ArchiveError):
        read(archive[:kept] if kept else b"")


@pytest.mark.parametrize("place", [0, 513, 50_000])
def test_a_damaged_byte_is_noticed(place: int) -> None:
    archive = bytearray(written(ENTRIES))
    archive[place] ^= 1
    with pytest.raises(ArchiveError):
        read(bytes(archive))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../state/server.pem", tarfile.REGTYPE),
        ("/etc/cron.d/evil", tarfile.REGTYPE),
        ("faces/../../evil", tarfile.REGTYPE),
        ("faces//a.jpg", tarfile.REGTYPE),
        ("faces/link", tarfile.SYMTYPE),
        ("faces/link", tarfile.LNKTYPE),
        ("faces/device", tarfile.CHRTYPE),
        ("faces", tarfile.DIRTYPE),
    ],
)
def test_members_that_reach_outside_or_are_no_files_are_refused(name: str, kind: bytes) -> None:
    with pytest.raises(ArchiveError, match="nothing that a backup holds"):
        read(packed([(name, kind, b"x")]))


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (b"{", "damaged"),
        (b"[]", "damaged"),
        (b'{"format":2,"sha256":{}}', "format 2"),
        (b'{"format":1,"sha256":{}}', "missing or too much"),
        (b'{"format":1,"sha256":{"a":"00"}}', "'a' is damaged"),
    ],
)
def test_an_end_that_does_not_vouch_for_the_rest_is_refused(manifest: bytes, words: str) -> None:
    members = [("a", tarfile.REGTYPE, b"x"), ("manifest.json", tarfile.REGTYPE, manifest)]
    with pytest.raises(ArchiveError, match=words):
        read(packed(members))


def test_nothing_may_follow_the_end_or_come_twice() -> None:
    twice = [("a", tarfile.REGTYPE, b"x")] * 2
    with pytest.raises(ArchiveError, match="twice"):
        read(packed(twice))
    after = [("manifest.json", tarfile.REGTYPE, b"{}"), ("a", tarfile.REGTYPE, b"x")]
    with pytest.raises(ArchiveError, match="after its end"):
        read(packed(after))
