"""The first token: given as a secret, or made and printed at each start until one has been used.

docs/decisions/first-token.md has the reasons.
"""

import base64
import hashlib
import hmac
import logging
import os
import re
from pathlib import Path
from typing import Final

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file
from iot_facerecognition_server.config import ConfigError
from iot_facerecognition_server.trust.tokens import PREFIX, TokenStore

_log = logging.getLogger(__name__)

_SALT_BYTES: Final = 32
_LARGEST_FILE: Final = 65_536
_GIVEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{32,256}=*")
"""A bearer token (RFC 6750, section 2.1), too long to be guessed if it is random."""


class FirstToken:
    """Gets the first client in, whoever dies before anybody has read the log.

    While no token has been used, the state directory holds a salt. Salt and the server's private
    key give the token, so that each start can print the same one, and no file holds it. The first
    client that shows a valid token ends that: the salt goes, and a hash is all that is left.
    """

    def __init__(self, store: TokenStore, salt: Path, key: bytes, given: Path | None) -> None:
        """Use the file `salt`, the server's private `key`, and the file with a `given` token."""
        self._store = store
        self._salt = salt
        self._key = key
        self._given = given

    def prepare(self) -> str | None:
        """Return the token that is to be printed; None where there is none to tell.

        Raises TokenFileError, and ConfigError where the given token cannot be used.
        """
        if self._given is not None:
            self._take(read_given(self._given), self._given)
            return None
        if not self._store.path.exists():
            return self._store.first(self._derived(self._read_salt() or self._new_salt()))
        salt = self._read_salt()
        if salt is None:
            return None
        token = self._derived(salt)
        if self._store.find(token) is not None:
            return token
        self.used()  # it was revoked, or there is another key: whoever has read it may go on
        return None

    def used(self) -> None:
        """Forget what the token can be recognised by: a client has shown one that is valid."""
        try:
            self._salt.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the first token is printed again at the next start: %s", error)

    def _take(self, token: str, given: Path) -> None:
        """Let the `given` token be valid, if it is the first start or no token was used so far."""
        if not self._store.path.exists():
            self._store.first(token)
            _log.info("the first token is the one in %s", given)
        elif self._salt.exists():
            if self._store.replace_first(token):
                _log.info("the first token, which nobody has used, is now the one in %s", given)
            self.used()
        elif self._store.find(token) is None:
            _log.warning(
                "[Auth] FirstTokenFile: the token in %s is not valid: it was revoked, or is another"
                " than at the first start; make one with: token add NAME",
                given,
            )

    def _derived(self, salt: bytes) -> str:
        secret = hmac.digest(self._key, b"first token" + salt, hashlib.sha256)
        return PREFIX + base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")

    def _read_salt(self) -> bytes | None:
        try:
            return read_regular(self._salt, _LARGEST_FILE)
        except OSError:
            return None

    def _new_salt(self) -> bytes:
        salt = os.urandom(_SALT_BYTES)
        try:
            write_file(self._salt, salt)
        except OSError as error:
            _log.warning("the first token is printed only now: %s", error)
        return salt


def read_given(path: Path) -> str:
    """Return the token in the first line of the file `path`. Raises ConfigError."""
    try:
        lines = read_regular(path, _LARGEST_FILE).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"[Auth] FirstTokenFile: {path} cannot be read: {error}") from error
    token = lines[0].strip() if lines else ""
    if not _GIVEN.fullmatch(token):
        raise ConfigError(
            f"[Auth] FirstTokenFile: the first line of {path} is no token: that is 32 to 256 random"
            " letters, digits and ._~+/-, as of: openssl rand -hex 32"
        )
    return token
