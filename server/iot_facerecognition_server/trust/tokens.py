"""The tokens by which clients are let in: random, shown once, kept as hashes."""

import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.system.regular_file import open_regular
from iot_facerecognition_protocol.system.whole_file import locked, write_file

FIRST_NAME: Final = "first"
"""Name of the token that is made at the first start."""
NAME_LENGTH: Final = 64
PREFIX: Final = "iotfr_"
"""Lets people and secret scanners recognise a token, and keeps it from beginning with a dash."""
_RANDOM_BYTES: Final = 32
_MOST_OF_A_NAME: Final = 2
"""Tokens of one name: the old one and the new one of a rotation."""


class TokenFileError(Exception):
    """The token file cannot be used; the message has the cure."""


class TokenRequestError(Exception):
    """What was asked cannot be done: a name is taken or of no use, or there is no such token."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: not the token.

    `sha256` is its plain SHA-256 in hex. A slow, salted hash protects words that people choose and
    that can be guessed; 256 random bits cannot be, and every connection has to be checked.
    """

    id: str
    name: str
    created: datetime
    sha256: str


Stamp = tuple[int, int, int] | None


class TokenStore:
    """The token file. What another process changes in it holds from the next call on.

    Readers see the file as a whole before or after a change; changes lock each other out. It may
    be read from several threads.
    """

    prefix = PREFIX
    access_cure = "correct its permissions, or [Auth] TokenFile"
    """What to do about a file that cannot be used."""
    damage_cure = (
        "restore it from a backup, or remove it to have a new first token made at the next start"
    )

    def __init__(self, path: Path) -> None:
        """Use the file at `path`; it is made with the first token."""
        self.path = path
        self._reading = threading.Lock()
        self._stamp: Stamp = None
        self._tokens: tuple[Token, ...] = ()

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, the oldest first. Raises TokenFileError."""
        self._refresh()
        return self._tokens

    def hashes(self) -> frozenset[str]:
        """Return the hashes of all tokens.

        Raises TokenFileError, also where the file is missing: that is no way to revoke them all.
        """
        tokens = self.list()
        if self._stamp is None:
            raise TokenFileError(
                f"the token file {self.path} is missing; restore it, or make a token with:"
                " iot-facerecognition-server token add NAME"
            )
        return frozenset(token.sha256 for token in tokens)

    def find(self, token: str) -> Token | None:
        """Return the entry of `token`, None when it is not valid. Raises TokenFileError.

        The time it takes does not depend on which token it is or how much of it is right.
        """
        self._refresh()
        presented = _hash(token)
        found = None
        for entry in self._tokens:
            if hmac.compare_digest(entry.sha256, presented):
                found = entry
        return found

    def add(self, name: str, *, another: bool = False) -> str:
        """Make a token for `name` and return it: nobody can see it again.

        A name has one token; with `another` a second one, so that a device can be given a new one
        before the old one is revoked. Raises TokenRequestError for a name that cannot be, and
        TokenFileError.
        """
        cleaned = clean_text(name, NAME_LENGTH)
        if not cleaned or cleaned != name:
            raise TokenRequestError(
                f"a token's name has 1 to {NAME_LENGTH} characters, none of them invisible"
            )
        with self._locked():
            tokens = self.list()
            _check_free(name, tokens, _MOST_OF_A_NAME if another else 1)
            return self._make(name, tokens)

    def first(self, token: str | None = None) -> str | None:
        """Make the first token, or take `token` for it, and return it; None with a token file.

        Raises TokenFileError.
        """
        if self.path.exists():
            return None
        with self._locked():
            return None if self.path.exists() else self._make(FIRST_NAME, (), token)

    def replace_first(self, token: str) -> bool:
        """Let `token` be the first one in the place of the present one; False where it is revoked.

        Raises TokenFileError.
        """
        with self._locked():
            tokens = self.list()
            others = tuple(entry for entry in tokens if entry.name != FIRST_NAME)
            if others == tokens:
                return False
            self._make(FIRST_NAME, others, token)
            return True

    def revoke(self, id_or_name: str) -> tuple[Token, ...]:
        """Revoke the token with this id, or all tokens with this name, and return their entries.

        Raises TokenRequestError where there is no such token, and TokenFileError.
        """
        with self._locked():
            tokens = self.list()
            revoked = tuple(entry for entry in tokens if id_or_name in {entry.id, entry.name})
            if revoked:
                self._write(tuple(entry for entry in tokens if entry not in revoked))
                return revoked
        known = ", ".join(f"{entry.id} ({entry.name})" for entry in tokens) or "none at all"
        raise TokenRequestError(
            f"there is no token {id_or_name!r} in {self.path}; there are: {known}"
        )

    def _make(self, name: str, others: tuple[Token, ...], token: str | None = None) -> str:
        token = token or self.prefix + secrets.token_urlsafe(_RANDOM_BYTES)
        taken = {entry.id for entry in others}
        identifier = next(new for new in iter(lambda: secrets.token_hex(4), "") if new not in taken)
        now = datetime.now(UTC).replace(microsecond=0)
        self._write((*others, Token(identifier, name, now, _hash(token))))
        return token

    def _write(self, tokens: tuple[Token, ...]) -> None:
        entries = [
            {
                "id": entry.id,
                "name": entry.name,
                "created": entry.created.isoformat(),
                "sha256": entry.sha256,
            }
            for entry in tokens
        ]
        text = json.dumps({"tokens": entries}, indent=2, ensure_ascii=False) + "\n"
        with self._as_token_file_error():
            write_file(self.path, text.encode())

    def _refresh(self) -> None:
        """Read the file if it is another than at the last look; from any thread."""
        with self._reading, self._as_token_file_error():
            try:
                with open_regular(self.path) as file:
                    status = os.fstat(file.fileno())
                    stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
                    if stamp == self._stamp:
                        return
                    data = file.read()
            except FileNotFoundError:
                self._stamp, self._tokens = None, ()
                return
            self._tokens = self._parse(data)
            self._stamp = stamp

    def _parse(self, data: bytes) -> tuple[Token, ...]:
        try:
            return tuple(map(_token, json.loads(data)["tokens"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise TokenFileError(
                f"the token file {self.path} is damaged ({type(error).__name__}: {error});"
                f" {self.damage_cure}"
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let no other process change the file meanwhile, so that two changes do not lose one."""
        with self._as_token_file_error(), locked(self.path):
            yield

    @contextmanager
    def _as_token_file_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TokenFileError(
                f"the token file {self.path} cannot be used: {error.strerror}; {self.access_cure}"
            ) from error


def _check_free(name: str, tokens: tuple[Token, ...], most: int) -> None:
    """Raise TokenRequestError where `name` has `most` tokens already, or is a token's id."""
    if any(name == entry.id for entry in tokens):
        raise TokenRequestError(f"{name} is the id of a token already; choose another name")
    present = [entry for entry in tokens if entry.name == name]
    if len(present) < most:
        return
    if most == 1:
        raise TokenRequestError(
            f"there is a token called {name} already; revoke it first or choose another name"
        )
    ids = ", ".join(entry.id for entry in present)
    raise TokenRequestError(
        f"there are {most} tokens called {name} already ({ids}); revoke the older one first"
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


def _token(entry: dict[str, Any]) -> Token:
    digest = str(entry["sha256"])
    if len(bytes.fromhex(digest)) != hashlib.sha256().digest_size:
        raise ValueError("a hash has the wrong length")
    created = datetime.fromisoformat(entry["created"])
    return Token(str(entry["id"]), str(entry["name"]), created, digest.lower())
