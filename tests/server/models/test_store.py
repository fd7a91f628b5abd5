import hashlib
from pathlib import Path

import pytest

from iot_facerecognition_server.models.catalogue import CATALOGUE, FACE_DESCRIPTOR, ModelFile
from iot_facerecognition_server.models.errors import ModelError
from iot_facerecognition_server.models.store import ModelState, ModelStore


@pytest.fixture
def said():
    return []


@pytest.fixture
def store(tmp_path: Path, said: list[str]) -> ModelStore:
    return ModelStore(tmp_path / "cache", said.append)


@pytest.fixture
def published(tmp_path: Path) -> str:
    source = tmp_path / "published" / "model v2.dat"
    source.parent.mkdir()
    source.write_bytes(b"weights" * 1000)
    return f"{source.as_uri()}#sha256={hashlib.sha256(source.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
@pytest.mark.parametrize("by_name", [False, True])
def test_every_known_model_is_in_its_package_and_whole(
    store: ModelStore, model: ModelFile, by_name: bool
):
    path = store.resolve(model, model.name if by_name else "")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == model.sha256
    status = store.status(model)
    assert (status.state, status.path, status.size) == (
        ModelState.VERIFIED,
        path,
        path.stat().st_size,
    )


def test_a_missing_package_is_named_with_its_cure(store: ModelStore):
    model = ModelFile("a.dat", "", "0" * 64, "no_such_package_here", "models", "no-such-wheel")
    with pytest.raises(ModelError, match=r"a\.dat.*not installed.*pip install.*no-such-wheel"):
        store.resolve(model)
    assert store.status(model).state is ModelState.MISSING


def test_file_of_ones_own_is_taken_without_a_hash(store: ModelStore, tmp_path: Path):
    own = tmp_path / "own.dat"
    own.write_bytes(b"mine")
    assert store.resolve(FACE_DESCRIPTOR, str(own)) == own
    assert store.status(FACE_DESCRIPTOR, str(own)).state is ModelState.UNPINNED


def test_a_missing_file_is_named_with_its_cure(store: ModelStore, tmp_path: Path):
    with pytest.raises(ModelError, match=r"resnet_model_v1.*own\.dat.*leave the key empty"):
        store.resolve(FACE_DESCRIPTOR, str(tmp_path / "own.dat"))


def test_a_known_name_with_other_content_is_damaged(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FACE_DESCRIPTOR.name).write_bytes(b"half a download")
    with pytest.raises(ModelError, match="damaged"):
        store.resolve(FACE_DESCRIPTOR, FACE_DESCRIPTOR.name)
    status = store.status(FACE_DESCRIPTOR, FACE_DESCRIPTOR.name)
    assert status.state is ModelState.DAMAGED
    assert FACE_DESCRIPTOR.sha256 in status.problem


def test_a_pinned_url_is_downloaded_once(store: ModelStore, published: str, said: list[str]):
    assert store.status(FACE_DESCRIPTOR, published).state is ModelState.NOT_FETCHED
    path = store.resolve(FACE_DESCRIPTOR, published)
    assert path.read_bytes() == b"weights" * 1000
    assert "model" in said[0]
    said.clear()
    assert store.resolve(FACE_DESCRIPTOR, published) == path
    assert not said
    assert store.status(FACE_DESCRIPTOR, published).state is ModelState.VERIFIED


def test_fetch_replaces_a_damaged_download(store: ModelStore, published: str):
    path = store.resolve(FACE_DESCRIPTOR, published)
    path.write_bytes(b"bit rot")
    with pytest.raises(ModelError, match="models fetch"):
        store.resolve(FACE_DESCRIPTOR, published)
    assert store.fetch(FACE_DESCRIPTOR, published).read_bytes() == b"weights" * 1000


def test_a_download_with_another_hash_leaves_nothing_behind(
    store: ModelStore, published: str, tmp_path: Path
):
    wrong = published.split("#", maxsplit=1)[0] + "#sha256=" + "a" * 64
    with pytest.raises(ModelError, match="SHA-256"):
        store.resolve(FACE_DESCRIPTOR, wrong)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_an_unreachable_url_is_an_error_naming_it(store: ModelStore, tmp_path: Path):
    url = (tmp_path / "nowhere.dat").as_uri()
    with pytest.raises(ModelError, match="nowhere"):
        store.resolve(FACE_DESCRIPTOR, f"{url}#sha256={'0' * 64}")


@pytest.mark.parametrize(
    "configured",
    [
        "https://example.org/model.dat",
        "http://example.org/model.dat#sha256=" + "0" * 64,
        "https://example.org/model.dat#sha256=12",
        "ftp://example.org/model.dat#sha256=" + "0" * 64,
    ],
)
def test_a_url_without_pin_or_encryption_is_refused(store: ModelStore, configured: str):
    with pytest.raises(ModelError, match="#sha256="):
        store.resolve(FACE_DESCRIPTOR, configured)
    assert store.status(FACE_DESCRIPTOR, configured).state is ModelState.MISSING
