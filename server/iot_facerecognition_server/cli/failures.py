"""Which exit code an error of the server's parts has. Imports torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.config import ConfigError
from iot_facerecognition_server.errors import AddressInUseError, CannotListenError, DeviceError
from iot_facerecognition_server.gallery.reference_file import ReferenceFileError
from iot_facerecognition_server.models.errors import ModelError
from iot_facerecognition_server.networks.face_descriptor import NetworkFileError
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.tokens import TokenFileError
from iot_facerecognition_server.vision.alignment import LandmarkFileError
from iot_facerecognition_server.vision.turbojpeg import JpegLibraryError

_CODES: Final[dict[type[Exception], ExitCode]] = {
    AddressInUseError: ExitCode.ADDRESS_IN_USE,
    CannotListenError: ExitCode.CONFIGURATION,
    CertificateError: ExitCode.CONFIGURATION,
    ConfigError: ExitCode.CONFIGURATION,
    DeviceError: ExitCode.CONFIGURATION,
    JpegLibraryError: ExitCode.FAILURE,
    LandmarkFileError: ExitCode.MODELS,
    ModelError: ExitCode.MODELS,
    NetworkFileError: ExitCode.MODELS,
    ReferenceFileError: ExitCode.CONFIGURATION,
    TokenFileError: ExitCode.CONFIGURATION,
}


@contextmanager
def as_command_failure() -> Iterator[None]:
    """Turn the errors that a person can do something about into `CommandFailedError`."""
    try:
        yield
    except tuple(_CODES) as error:
        raise CommandFailedError(_CODES[type(error)], str(error)) from error
