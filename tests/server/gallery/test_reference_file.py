import json
import os
from pathlib import Path

import pytest

from iot_facerecognition_server.gallery.change import fingerprint
from iot_facerecognition_server.gallery.reference_file import (
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
