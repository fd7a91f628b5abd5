"""`run`: the server itself."""

import argparse
import asyncio
import gc
import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Final

from iot_facerecognition_protocol.fingerprints import fingerprint_groups, fingerprint_words
from iot_facerecognition_server.assembly.trust import first_token, token_store
from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.config import Config, ConfigError
from iot_facerecognition_server.fault_hooks import FaultHooks
from iot_facerecognition_server.gallery.reference_file import (
    ReferenceFile,
    ReferenceFileError,
    ReferenceFileMissingError,
)
from iot_facerecognition_server.json_console import json_line
from iot_facerecognition_server.logs import ServerLog
from iot_facerecognition_server.state_directory import held
from iot_facerecognition_server.state_lock import StateDirectoryError
from iot_facerecognition_server.torch_import import import_torch, load_library_meanwhile
from iot_facerecognition_server.trust.certificates import CertificateError
from iot_facerecognition_server.trust.server_identity import ServerIdentity
from iot_facerecognition_server.trust.tokens import TokenFileError

_log = logging.getLogger(__name__)

_MISCONFIGURED: Final = (
    CertificateError,
    ConfigError,
    ReferenceFileError,
    StateDirectoryError,
    TokenFileError,
)


class EarlyEnd:
    """A signal handler for the time before the server is ready.

    The interpreter drops what is raised in a destructor or a callback of C, and importing torch
    runs many of these: so it is remembered too, for `check` to raise it again.
    """

    def __init__(self) -> None:
        self._asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Take the signal. Raises KeyboardInterrupt."""
        self._asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt when a signal came."""
        if self._asked:
            raise KeyboardInterrupt


def run(arguments: argparse.Namespace) -> int:
    """Run the server; whatever ends it is in the log."""
    config = read_config(arguments)
    # Before the server is ready a signal to end must work too, also for process 1 of a container,
    # which has no default action; and one to reload must not end it.
    early_end = EarlyEnd()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, early_end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with ServerLog(config.log, arguments.log_stream) as log, FaultHooks():
        try:
            _serve(config, early_end, log)
        except CommandFailedError as error:
            _log.error("%s", error)
            return error.code
        except KeyboardInterrupt:
            _log.info("ended before it was ready")
        except ModuleNotFoundError:
            raise  # the server was installed without what it needs: `main` tells
        except Exception:  # noqa: BLE001 - the log file must hold it, whatever it is
            _log.exception("the server ended by a fault of its own")
            return ExitCode.FAILURE
    return ExitCode.SUCCESS


def _serve(config: Config, early_end: EarlyEnd, log: ServerLog) -> None:
    if config.source is None:
        _log.info("there is no config.ini here: using built-in defaults")
    for warning in config.warnings:
        _log.warning("%s", warning)
    clients, connections = config.limits.clients, config.budget.connections
    if clients > 1 and not 0 < connections < clients:
        _log.warning(
            "[Budget] Connections=%d: one identity can take all places of [Limits] Clients=%d and"
            " keep everybody else out; set it lower",
            connections,
            clients,
        )
    if any(network.prefixlen == 0 for network in config.connection.proxy_protocol_from):
        _log.warning(
            "[Connection] ProxyProtocolFrom lists every address: whoever reaches port %d chooses"
            " the address that counts; list the proxies alone",
            config.connection.port,
        )
    try:
        with held(config):
            _prepare_trust(config)
            _look_at_references(config)
            _run(config, early_end, log)
    except _MISCONFIGURED as error:
        raise CommandFailedError(ExitCode.CONFIGURATION, str(error)) from error


def _run(config: Config, early_end: EarlyEnd, log: ServerLog) -> None:
    gc.disable()  # a fifth of the time of importing torch; `assembly.server` enables it again
    load_library_meanwhile()
    # Only now, since torch takes its time: who starts a server wrongly need not wait for it. What
    # needs no torch comes first: its library is loaded on the other core meanwhile.
    from iot_facerecognition_server.serving import server  # noqa: F401, PLC0415
    from iot_facerecognition_server.vision import face_scanner  # noqa: F401, PLC0415

    import_torch()
    from iot_facerecognition_server.assembly import server as assembly  # noqa: PLC0415
    from iot_facerecognition_server.cli.failures import as_command_failure  # noqa: PLC0415

    early_end.check()
    with as_command_failure():
        asyncio.run(assembly.serve(config, log))


def _prepare_trust(config: Config) -> None:
    """Make what is not there yet, and tell what the edges need to know."""
    place = ServerIdentity(config)
    identity = place.prepare()
    for warning in place.warnings(identity):
        _log.warning("%s", warning)
    _log.info("the certificate's fingerprint, which edges pin: %s", identity.fingerprint)
    _log.info(
        "an edge shows it as: %s, in groups: %s",
        " ".join(fingerprint_words(identity.fingerprint_digits)),
        " ".join(fingerprint_groups(identity.fingerprint_digits)),
    )
    _warn_of_missing_names(place.names_without_certificate(identity))
    if config.auth.mode == "open":
        _log.warning(
            "[Auth] Mode=open: anyone who reaches port %d may connect", config.connection.port
        )
    elif config.auth.mode == "token":
        first = first_token(config, identity).prepare()
        if first is not None:
            words = " ".join(fingerprint_words(identity.fingerprint_digits))
            _print_token(first, words, as_json=config.log.log_format == "json")
        elif not token_store(config).list():
            _log.warning("no token is valid, so nobody can connect; make one with: token add NAME")


def _warn_of_missing_names(names: Sequence[str]) -> None:
    """Say what a new host name does not do to a certificate that is there already."""
    if names:
        _log.info(
            "the certificate was made before this machine was called %s: clients that check it by a"
            " CA file cannot connect by that name, those that pin the fingerprint can; to add it:"
            " iot-facerecognition-server cert new --keep-key%s",
            ", ".join(names),
            "".join(f" --name {name}" for name in names),
        )


def _look_at_references(config: Config) -> None:
    """Refuse a damaged reference file: a server that knows nobody would start in silence.

    Raises ReferenceFileError.
    """
    with suppress(ReferenceFileMissingError):  # reported with the gallery
        ReferenceFile(config.dlib.reference_file).read()


def _print_token(token: str, words: str, *, as_json: bool) -> None:
    """Print the first token where the log does not reach: it is a secret.

    The certificate's `words` stand next to it: an edge asks whether it sees the same ones.
    """
    text = (
        "Clients need it, and each start shows it until a client has used one. More are made with:"
        " iot-facerecognition-server token add NAME"
    )
    shown = f"token: {token}\nwords: {words}\n       {text}"
    if as_json:
        shown = json_line(
            logging.INFO,
            f"the first token; {text}",
            logger=__name__,
            event="token",
            token=token,
            words=words,
        )
    try:
        print(shown, flush=True)
    except OSError as error:
        _log.warning(
            "the first token could not be printed (%s); make another: token add NAME",
            error.strerror,
        )
