import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iot_facerecognition_server.gallery import reference_file
from iot_facerecognition_server.gallery.change import fingerprint
from iot_facerecognition_server.gallery.json_list import entries
from iot_facerecognition_server.gallery.reference_file import (
    LARGEST_FILE,
    MOST_PROBLEMS,
    Reference,
    ReferenceFile,
    ReferenceFileError,
    ReferenceFileMissingError,
)


def test_photos_are_a_name_or_a_list_as_in_the_original(write):
    references = write(
        [{"tag": "Barack", "photos": "obama.jpg"}, {"tag": "Joe", "photos": ["a.jpg", "b.png"]}]
    )
    assert references.load() == (
        Reference("Barack", ("obama.jpg",)),
        Reference("Joe", ("a.jpg", "b.png")),
    )


def test_photos_are_relative_to_the_files_folder(write, folder: Path):
    references = write([])
    assert references.locate("sub/a.jpg") == folder / "sub" / "a.jpg"
    assert references.locate("/elsewhere/a.jpg") == Path("/elsewhere/a.jpg")


def test_a_byte_order_mark_is_no_obstacle(write):
    assert write('\ufeff[{"tag": "Ada", "photos": "a.jpg"}]').load()[0].tag == "Ada"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "no JSON"),
        ("[", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ({"tag": "Ada", "photos": "a.jpg"}, "is a dict"),
        ([7], r"entry 1 is 7"),
        ([{"tag": "Ada", "photos": []}, {"photos": "a.jpg"}], r"entry 2: tag is missing"),
        ([{"tag": "  ", "photos": "a.jpg"}], r"entry 1: tag"),
        ([{"tag": 7, "photos": "a.jpg"}], r"entry 1: tag is 7"),
        ([{"tag": "Ada"}], r"entry 1 \(Ada\): photos is missing"),
        ([{"tag": "Ada", "photos": [1]}], r"entry 1 \(Ada\): photos is \[1\]"),
        ([{"tag": "Ada", "photos": ["a", ""]}], r"entry 1 \(Ada\): photos"),
        ([{"tag": "Ada", "photos": "a\0b"}], r"entry 1 \(Ada\): photos"),
        ([{"tag": "Ada", "photos": {"a": "x" * 1000}}], r"a list of file names"),
    ],
)
def test_a_wrong_file_is_refused_with_entry_and_what_is_allowed(write, document, told):
    references = write(document)
    with pytest.raises(ReferenceFileError, match=told) as caught:
        references.load()
    assert str(references.path) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_that_is_not_there_is_told_apart(tmp_path: Path):
    with pytest.raises(ReferenceFileMissingError, match="faces add"):
        ReferenceFile(tmp_path / "none.json").load()


def test_a_folder_or_bytes_that_are_no_text_are_refused(tmp_path: Path):
    with pytest.raises(ReferenceFileError, match="cannot be read"):
        ReferenceFile(tmp_path).load()
    (tmp_path / "faces.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReferenceFileError, match="no JSON"):
        ReferenceFile(tmp_path / "faces.json").load()


def test_adding_makes_the_file_and_names_photos_relative_to_it(folder: Path, tmp_path: Path):
    references = ReferenceFile(folder / "faces.json")
    outside = tmp_path / "outside.jpg"
    outside.touch()
    references.add("Barack", [folder / "obama.jpg"])
    references.add("Joé", [folder / "biden.jpg", outside])
    assert references.load() == (
        Reference("Barack", ("obama.jpg",)),
        Reference("Joé", ("biden.jpg", str(outside))),
    )
    assert "Joé" in references.path.read_text("utf-8")


def test_adding_to_a_known_person_keeps_what_is_there(write, folder: Path):
    references = write([{"tag": "Barack", "photos": "obama.jpg", "note": "44th"}])
    references.add("Barack", [folder / "obama2.jpg", folder / "obama.jpg"])
    (entry,) = json.loads(references.path.read_text())
    assert entry == {"tag": "Barack", "photos": ["obama.jpg", "obama2.jpg"], "note": "44th"}


def test_adding_what_does_not_exist_changes_nothing(write, folder: Path):
    references = write([{"tag": "Barack", "photos": "obama.jpg"}])
    before = references.path.read_bytes()
    for tag, photos in (("Joe", [folder / "none.jpg"]), ("Joe", []), (" ", [folder / "biden.jpg"])):
        with pytest.raises(ReferenceFileError):
            references.add(tag, photos)
    assert references.path.read_bytes() == before
    assert not list(folder.glob(".faces*"))


def test_removing_takes_every_entry_of_a_person(write):
    references = write(
        [
            {"tag": "Barack", "photos": "obama.jpg"},
            {"tag": "Joe", "photos": "biden.jpg"},
            {"tag": "Barack", "photos": ["obama2.jpg", "obama3.jpg"]},
        ]
    )
    assert references.remove("Barack") == ("obama.jpg", "obama2.jpg", "obama3.jpg")
    assert references.load() == (Reference("Joe", ("biden.jpg",)),)
    with pytest.raises(ReferenceFileError, match="knows Joe"):
        references.remove("Barack")


def test_a_change_keeps_the_files_permissions(write, folder: Path):
    references = write([])
    references.path.chmod(0o640)
    references.add("Barack", [folder / "obama.jpg"])
    assert references.path.stat().st_mode & 0o777 == 0o640


def test_the_fingerprint_changes_with_the_file_and_with_each_photo(write, folder: Path):
    references = write(
        [{"tag": "Barack", "photos": "obama.jpg"}, {"tag": "Joe", "photos": "late.jpg"}]
    )
    seen = {fingerprint(references)}
    assert fingerprint(references) in seen
    os.utime(folder / "obama.jpg", ns=(1, 1))
    seen.add(fingerprint(references))
    (folder / "late.jpg").touch()
    seen.add(fingerprint(references))
    references.add("Eileen", [folder / "astronaut.png"])
    seen.add(fingerprint(references))
    references.path.write_text("[")
    seen.add(fingerprint(references))
    references.path.unlink()
    seen.add(fingerprint(references))
    assert len(seen) == 6


def test_a_wrong_entry_costs_the_others_nothing_and_is_reported_once(write):
    references = write(
        [
            {"tag": "Joe", "photos": "biden.jpg"},
            7,
            {"tag": "", "photos": "a.jpg"},
            {"tag": "Jose", "photos": ["jos\udce9.png", "jose.png"]},
            {"tag": "X\ud800", "photos": "x.jpg"},
            {"tag": "Only", "photos": "only\udce9.png"},
            {"tag": "Eileen", "photos": "astronaut.png"},
        ]
    )
    found = references.read()
    assert found.people == (
        Reference("Joe", ("biden.jpg",)),
        Reference("Jose", ("jose.png",)),
        Reference("Eileen", ("astronaut.png",)),
    )
    told = [f"entry {number}" for number in (2, 3, 4, 5, 6)]
    assert [problem.split(", ")[1][:7] for problem in found.problems] == told
    assert sum("not UTF-8" in problem for problem in found.problems) == 3
    assert references.read() is found, "an unchanged file is not parsed again"


def test_the_file_from_the_field_serves_who_can_be_read(tmp_path: Path):
    """Joe is enrolled; the photo of Jose has a name that is not UTF-8."""
    path = tmp_path / "faces.json"
    path.write_bytes(
        rb'[{"tag": "Joe", "photos": "biden.jpg"}, {"tag": "Jose", "photos": "jos\udce9.png"}]'
    )
    found = ReferenceFile(path).read()
    assert found.people == (Reference("Joe", ("biden.jpg",)),)
    assert len(found.problems) == 1
    assert fingerprint(ReferenceFile(path))


def test_a_byte_that_is_no_utf8_spoils_one_name_only(tmp_path: Path):
    path = tmp_path / "faces.json"
    path.write_bytes(
        b'[{"tag": "Joe", "photos": "b.jpg"}, {"tag": "Jos\xe9", "photos": "jos\xe9.png"}]'
    )
    found = ReferenceFile(path).read()
    assert found.people == (Reference("Joe", ("b.jpg",)),)
    assert "entry 2" in found.problems[0]


def test_a_change_keeps_wrong_entries_and_can_remove_them(tmp_path: Path, folder: Path):
    path = folder / "faces.json"
    wrong = rb'{"tag": "Jose", "photos": "jos\udce9.png"}'
    path.write_bytes(b"[" + wrong + b"]")
    references = ReferenceFile(path)
    references.add("Joe", [folder / "biden.jpg"])
    assert json.loads(path.read_text("utf-8"))[0] == json.loads(wrong)
    references.remove("Jose")
    assert references.load() == (Reference("Joe", ("biden.jpg",)),)


def test_names_that_are_not_utf8_are_refused(tmp_path: Path):
    photo = tmp_path / "jos\udce9.png"
    photo.touch()
    references = ReferenceFile(tmp_path / "faces.json")
    with pytest.raises(ReferenceFileError, match="not UTF-8; rename it"):
        references.add("Jose", [photo])
    photo.rename(tmp_path / "jose.png")
    with pytest.raises(ReferenceFileError, match=r"tag .* is not UTF-8"):
        references.add("Jos\udce9", [tmp_path / "jose.png"])
    assert not references.path.exists()


def test_of_very_many_wrong_entries_the_number_is_reported(write):
    found = write([{"tag": "Joe", "photos": "b.jpg"}, *[7] * (MOST_PROBLEMS + 5)]).read()
    assert len(found.problems) == MOST_PROBLEMS + 1
    assert found.problems[-1].endswith("5 more are wrong")


@pytest.mark.parametrize("text", ["[7, 7]", "garbage"])
def test_a_file_that_cannot_be_used_is_parsed_once_until_it_changes(write, monkeypatch, text):
    """A large one takes a minute, and it is looked at every few seconds."""
    parsed = []

    def count(text: str) -> Iterator[Any]:
        parsed.append(text)
        return entries(text)

    monkeypatch.setattr(reference_file, "entries", count)
    references = write(text)
    for _ in range(3):
        with pytest.raises(ReferenceFileError):
            references.read()
    assert parsed == [text]
    references.path.write_text('[{"tag": "Joe", "photos": "b.jpg"}]')
    assert references.load() == (Reference("Joe", ("b.jpg",)),)


def test_a_photo_given_by_a_link_keeps_the_links_name(folder: Path, tmp_path: Path):
    (folder / "current.jpg").symlink_to("obama.jpg")
    (tmp_path / "linked folder").symlink_to("gallery")
    (tmp_path / "outside.jpg").symlink_to(folder / "biden.jpg")
    references = ReferenceFile(folder / "faces.json")
    references.add("Barack", [folder / "current.jpg"])
    references.add("Barack", [tmp_path / "linked folder" / "obama2.jpg"])
    references.add("Joe", [tmp_path / "outside.jpg"])
    assert references.load() == (
        Reference("Barack", ("current.jpg", "obama2.jpg")),
        Reference("Joe", (str(tmp_path / "outside.jpg"),)),
    )


@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_an_error_and_nothing_waits(tmp_path: Path, make):
    make(tmp_path / "faces.json")
    references = ReferenceFile(tmp_path / "faces.json")
    for look in (references.read, references.load, lambda: references.add("A", [Path(__file__)])):
        with pytest.raises(ReferenceFileError, match=r"cannot be (read|written): it is no regular"):
            look()
    assert fingerprint(references)


def test_a_file_over_the_bound_is_not_read(tmp_path: Path):
    path = tmp_path / "faces.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # a hole: as large as this without taking room
    with pytest.raises(ReferenceFileError, match="more than 16 MB"):
        ReferenceFile(path).read()


ADD = """
import sys, pathlib
from iot_facerecognition_server.gallery.reference_file import ReferenceFile
folder, worker, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    ReferenceFile(folder / "faces.json").add(f"{worker}-{number}", [folder / "photo.jpg"])
"""


def test_changes_of_several_processes_at_once_lose_nothing(tmp_path: Path):
    (tmp_path / "photo.jpg").touch()
    workers = [
        subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), str(worker), "50"])
        for worker in range(4)
    ]
    assert [worker.wait(120) for worker in workers] == [0] * 4
    tags = {reference.tag for reference in ReferenceFile(tmp_path / "faces.json").load()}
    assert tags == {f"{worker}-{number}" for worker in range(4) for number in range(50)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_what_root_changes_stays_the_service_users(tmp_path: Path):
    (tmp_path / "photo.jpg").touch()
    os.chown(tmp_path, 12345, 12346)
    for tag in ("made", "replaced"):
        ReferenceFile(tmp_path / "faces.json").add(tag, [tmp_path / "photo.jpg"])
        status = (tmp_path / "faces.json").stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12345, 12346, 0o644)
