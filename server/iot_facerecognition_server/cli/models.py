"""`models`: the networks' files."""

import argparse
import sys
from collections.abc import Iterator

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.models import catalogue
from iot_facerecognition_server.models.catalogue import ModelFile
from iot_facerecognition_server.models.errors import ModelError
from iot_facerecognition_server.models.store import ModelStatus, ModelStore


def configured_models(config: Config) -> Iterator[tuple[ModelFile, ModelStatus]]:
    """Yield the models that the configuration means, with what is known of their files."""
    store = ModelStore(config.model_cache)
    for model, configured in _wanted(config):
        yield model, store.status(model, configured)


def _wanted(config: Config) -> list[tuple[ModelFile, str]]:
    settings = config.dlib
    classifier = settings.image_net_classifier_file
    return [
        (catalogue.LANDMARKS, settings.face_landmark_model_file),
        (catalogue.FACE_DESCRIPTOR, settings.face_recognition_model_file),
        (catalogue.YUNET, ""),
        (catalogue.CNN_DETECTOR, ""),
        (catalogue.RESNET34 if classifier else catalogue.EFFICIENTNET, classifier),
    ]


def show(arguments: argparse.Namespace) -> int:
    """List the models, where they are and whether they are whole."""
    rows = [("STATE", "MB", "PURPOSE", "FILE")]
    for model, status in configured_models(read_config(arguments)):
        size = "-" if status.size is None else f"{status.size / 1e6:.1f}"
        purpose = model.purpose.partition(",")[0]
        rows.append((str(status.state), size, purpose, str(status.path or model.name)))
    print(table(rows))
    return ExitCode.SUCCESS


def fetch(arguments: argparse.Namespace) -> int:
    """Download what the settings name by address."""
    config = read_config(arguments)
    store = ModelStore(config.model_cache)
    failed = False
    for model, configured in _wanted(config):
        try:
            print(store.fetch(model, configured))
        except ModelError as error:
            failed = True
            sys.stderr.write(f"{error}\n")
    if failed:
        raise CommandFailedError(ExitCode.MODELS, "not every model could be had")
    return ExitCode.SUCCESS


def verify(arguments: argparse.Namespace) -> int:
    """Compare every file with its hash."""
    failed = False
    for model, status in configured_models(read_config(arguments)):
        print(f"{status.state:<12}{status.sha256 or '-':<66}{status.path or model.name}")
        if not status.usable:
            failed = True
            sys.stderr.write(f"{status.problem}\n")
    if failed:
        raise CommandFailedError(ExitCode.MODELS, "not every model can be used")
    return ExitCode.SUCCESS
