"""Settings that are allowed one by one and make no sense together."""

from collections.abc import Iterator
from typing import Final

from iot_facerecognition_server.config.sections import Config

_DSA: Final = 2
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - what a configuration says
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def conflicts(config: Config) -> Iterator[str]:
    """Tell what does not go together in `config`, one line each."""
    certificate = config.certificate
    if certificate.key is not None and certificate.certificate is None:
        yield "[Certificate] Key is set and Certificate is not; set both or neither"
    if certificate.key is None and certificate.certificate is not None:
        yield "[Certificate] Certificate is set and Key is not; set both or neither"
    if certificate.key_algorithm == _DSA:
        yield (
            "[Certificate] QSsl::KeyAlgorithm=2: TLS 1.3 knows no DSA keys;"
            " use a key with 1 (RSA) or 3 (EC)"
        )
    if config.auth.mode == "mtls" and config.auth.client_ca is None:
        yield (
            "[Auth] Mode=mtls needs ClientCA: the file with the certificates (PEM) of those who"
            " sign the clients' certificates"
        )
    if config.auth.mode != "mtls" and config.auth.client_crl is not None:
        yield (
            f"[Auth] ClientCRL is set, and with Mode={config.auth.mode} clients have no"
            " certificates to revoke; set Mode=mtls, or leave ClientCRL empty"
        )
    if config.metrics.enable and _same_port(config):
        yield (
            f"[Metrics] Port={config.metrics.port} is [Connection] Port too, on the same address;"
            " give one of them another port"
        )
    limits = config.limits
    largest = max(limits.frame_bytes, limits.text_bytes)
    if limits.unfinished_bytes < largest:
        yield (
            f"[Limits] UnfinishedBytes={limits.unfinished_bytes} is less than the {largest} bytes"
            " of one message (FrameBytes, TextBytes), which could never arrive; raise it"
        )
    if config.engine.device == "cpu" and config.engine.precision == "fp16":
        yield (
            "[Engine] Precision=fp16 with Device=cpu: a CPU is many times slower with it;"
            " use auto, fp32 or bf16"
        )


def _same_port(config: Config) -> bool:
    """Whether clients and metrics would listen on one address and port."""
    if config.connection.port != config.metrics.port or not config.metrics.port:
        return False
    binds = {config.connection.bind.lower(), config.metrics.bind.lower()}
    return (
        len(binds) == 1
        or bool(binds & _EVERYWHERE)
        or ("localhost" in binds and binds <= _LOOPBACK)
    )
