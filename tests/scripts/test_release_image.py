"""What a release refuses before it builds anything."""

import subprocess
from pathlib import Path

import pytest

from scripts import release_image
from scripts.container_engine import Engine, ReleaseError
from scripts.release_image import main, source


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "faces"
    folder.mkdir()
    git(folder, "init")
    (folder / "file").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "One")
    monkeypatch.setattr(release_image, "ROOT", folder)
    return folder


def test_source_is_the_commit_and_where_it_lives(repository):
    commit = (repository / ".git" / "refs" / "heads").iterdir().__next__().read_text().strip()
    assert (source().repository, source().commit) == ("faces", commit)
    git(repository, "remote", "add", "origin", "https://git.example.org/faces.git")
    assert source().repository == "https://git.example.org/faces.git"


@pytest.mark.parametrize("name", ["file", "stray"])
def test_files_that_differ_from_the_commit_are_refused(repository, name):
    (repository / name).write_text("two")
    with pytest.raises(ReleaseError, match=f"commit them first:\n.* {name}"):
        source()


def test_missing_key_is_said_with_the_cure(tmp_path, capsys):
    code = main(["registry.example.org/faces", "--key", str(tmp_path / "cosign.key")])
    assert code == 1
    assert "cosign.key is missing; `cosign generate-key-pair` makes both" in capsys.readouterr().err


def test_engine_that_is_not_there_is_named():
    with pytest.raises(ReleaseError, match="no-such-engine is not installed"):
        Engine("no-such-engine").version()
