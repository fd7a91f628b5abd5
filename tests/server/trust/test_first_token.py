"""The first token: printed until it is used, or given and never printed."""

import json
from pathlib import Path

import pytest

from iot_facerecognition_server.config import ConfigError
from iot_facerecognition_server.trust.authentication import (
    Accepted,
    Denied,
    Presented,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.first_token import FirstToken, read_given
from iot_facerecognition_server.trust.tokens import TokenStore

KEY = b"-----BEGIN PRIVATE KEY-----"
GIVEN = "0123456789abcdef" * 4


class State:
    """A state directory; `start` is what a server does with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = TokenStore(folder / "tokens.json")
        self.salt = folder / "first-token.salt"

    def first(self, *, key: bytes = KEY, given: Path | None = None) -> FirstToken:
        return FirstToken(self.store, self.salt, key, given)

    def start(self, *, key: bytes = KEY, given: Path | None = None) -> str | None:
        return self.first(key=key, given=given).prepare()

    def shows(self, token: str) -> bool:
        """Let a client connect; return whether it gets in."""
        judge = TokenAuthenticator(self.store, self.first().used)
        verdict = judge.authenticate(Presented("192.0.2.7", f"Bearer {token}"))
        assert isinstance(verdict, Accepted | Denied)
        return isinstance(verdict, Accepted)

    def contents(self) -> str:
        return "".join(path.read_text("latin-1") for path in self.folder.iterdir())


@pytest.fixture
def state(tmp_path: Path) -> State:
    (tmp_path / "state").mkdir()
    return State(tmp_path / "state")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(f"{GIVEN}\nand a second line\n")
    return tmp_path / "secret"


def test_each_start_tells_the_same_token_until_a_client_has_used_it(state: State) -> None:
    token = state.start()
    assert token is not None
    assert len(token) >= 43
    assert state.start() == token
    assert not state.shows("iotfr_wrong")
    assert state.start() == token
    assert state.shows(token)
    assert state.start() is None
    assert state.shows(token), "it goes on being valid"


def test_no_file_holds_the_token_and_after_its_use_none_tells_it(state: State) -> None:
    token = state.start()
    assert token is not None
    assert token not in state.contents()
    assert state.salt.stat().st_mode & 0o777 == 0o600
    state.shows(token)
    assert {path.name for path in state.folder.iterdir()} == {"tokens.json"}


def test_the_salt_alone_does_not_tell_the_token(state: State) -> None:
    token = state.start()
    other = State(state.folder.parent / "other")
    other.folder.mkdir()
    other.salt.write_bytes(state.salt.read_bytes())
    assert other.start(key=b"another key") != token
    again = State(state.folder.parent / "again")
    again.folder.mkdir()
    assert again.start() != token, "one key, two tokens"


def test_any_token_that_gets_a_client_in_ends_it(state: State) -> None:
    state.start()
    assert state.shows(state.store.add("kitchen"))
    assert state.start() is None


def test_a_first_token_that_was_revoked_does_not_come_back(state: State) -> None:
    token = state.start()
    state.store.revoke("first")
    assert state.start() is None
    assert state.start() is None
    assert not state.shows(str(token))


def test_a_new_key_leaves_the_token_valid_to_whoever_has_read_it(state: State) -> None:
    token = str(state.start())
    assert state.start(key=b"another key") is None
    assert state.shows(token)


def test_a_start_that_died_before_the_token_was_kept_makes_one(state: State) -> None:
    state.salt.write_bytes(b"half of a start")
    token = str(state.start())
    assert state.shows(token)


def test_a_given_token_is_valid_and_told_to_nobody(
    state: State, secret: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert state.start(given=secret) is None
    assert state.shows(GIVEN)
    assert GIVEN not in caplog.text + state.contents()
    assert [entry["name"] for entry in json.loads(state.store.path.read_text())["tokens"]] == [
        "first"
    ]
    caplog.clear()
    assert state.start(given=secret) is None
    assert not caplog.text


def test_a_token_that_is_given_later_replaces_one_that_nobody_has_used(
    state: State, secret: Path
) -> None:
    unread = str(state.start())
    assert state.start(given=secret) is None
    assert state.shows(GIVEN)
    assert not state.shows(unread)


def test_a_given_token_that_was_revoked_stays_so_and_is_warned_of(
    state: State, secret: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state.start(given=secret)
    state.store.revoke("first")
    assert state.start(given=secret) is None
    assert not state.shows(GIVEN)
    assert "FirstTokenFile" in caplog.text
    assert "token add" in caplog.text
    assert GIVEN not in caplog.text


@pytest.mark.parametrize(
    "content", [b"", b"\n" + GIVEN.encode(), b"short", b"x" * 300, b"\xff" * 40]
)
def test_what_is_no_token_is_refused_with_the_cure(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigError, match=r"^\[Auth\] FirstTokenFile: "):
        read_given(tmp_path / "secret")


def test_a_secret_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_given(tmp_path / "secret")


def test_a_mark_of_windows_and_spaces_are_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbf" + GIVEN.encode() + b" \r\n")
    assert read_given(tmp_path / "secret") == GIVEN
