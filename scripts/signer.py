"""Signatures and signed statements next to an image in its registry, by cosign."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.container_engine import ReleaseError, run


@dataclass(frozen=True, slots=True)
class Signer:
    """cosign with a key."""

    key: Path
    transparency_log: bool
    """Whether every signature is also written to Sigstore's public log."""
    plain_http: bool
    """The registry speaks no TLS."""

    def __post_init__(self) -> None:
        """Look for both keys. Raises ReleaseError."""
        for file in (self.key, self.public):
            if not file.is_file():
                raise ReleaseError(f"{file} is missing; `cosign generate-key-pair` makes both keys")

    def sign(self, image: str) -> None:
        """Store a signature next to `image`, which names its digest."""
        run("cosign", "sign", *self._how(), image)

    def attest(self, image: str, kind: str, file: Path) -> None:
        """Store a signed statement about `image` next to it; its predicate is `file`."""
        run("cosign", "attest", *self._how(), "--type", kind, "--predicate", file, image)

    def verify(self, image: str, kinds: Sequence[str]) -> None:
        """Verify all that was laid. Raises ReleaseError."""
        ignore = [] if self.transparency_log else ["--insecure-ignore-tlog=true"]
        known = ["--key", str(self.public), *ignore, *self._registry()]
        run("cosign", "verify", *known, image)
        for kind in kinds:
            run("cosign", "verify-attestation", *known, "--type", kind, image)

    @property
    def public(self) -> Path:
        """The public key, which `cosign generate-key-pair` puts next to the private one."""
        return self.key.with_suffix(".pub")

    def _how(self) -> list[str]:
        log = str(self.transparency_log).lower()
        return ["--yes", "--key", str(self.key), f"--tlog-upload={log}", *self._registry()]

    def _registry(self) -> list[str]:
        return ["--allow-http-registry"] if self.plain_http else []
