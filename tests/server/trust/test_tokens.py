"""Tokens are shown once, kept as hashes, and hold or not from one call to the next."""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_server.trust.authentication import (
    Accepted,
    Denied,
    OpenAuthenticator,
    Presented,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.client_identity import AuthMethod
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenRequestError, TokenStore


@pytest.fixture
def store(tmp_path):
    return TokenStore(tmp_path / "state" / "tokens.json")


def test_a_token_is_found_by_itself_only(store):
    kitchen, hall = store.add("kitchen"), store.add("hall")
    assert store.find(kitchen).name == "kitchen"
    assert store.find(hall).name == "hall"
    for wrong in ("", kitchen[:-1], kitchen + "x", kitchen.lower(), store.list()[0].sha256):
        assert store.find(wrong) is None


def test_a_token_has_256_random_bits_and_can_stand_on_a_command_line(store):
    tokens = {store.add(f"edge-{number}") for number in range(50)}
    assert len(tokens) == 50
    for token in tokens:
        assert token.isascii()
        assert token[0].isalpha()
        assert len(token.removeprefix("iotfr_")) == 43


def test_the_file_is_private_and_does_not_hold_the_token(store):
    umask = os.umask(0)
    try:
        token = store.add("kitchen")
    finally:
        os.umask(umask)
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    assert token not in store.path.read_text()
    assert [path.name for path in store.path.parent.iterdir()] == ["tokens.json"]


def test_tokens_are_listed_with_name_and_time(store):
    store.add("kitchen")
    (entry,) = store.list()
    assert entry.name == "kitchen"
    assert abs(datetime.now(UTC) - entry.created) < timedelta(minutes=1)
    assert TokenStore(store.path).list() == (entry,)


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_revoked_token_is_not_valid_in_a_running_server(store, by):
    running = TokenAuthenticator(TokenStore(store.path))
    token, other = store.add("kitchen"), store.add("hall")
    shown = Presented("192.0.2.7", f"Bearer {token}")
    assert isinstance(running.authenticate(shown), Accepted)
    (revoked,) = store.revoke(getattr(store.list()[0], by))
    assert revoked.name == "kitchen"
    assert isinstance(running.authenticate(shown), Denied)
    assert judged(store, f"Bearer {other}").identity.name == "hall"


def test_revoking_what_is_not_there_names_what_is(store):
    store.add("kitchen")
    with pytest.raises(TokenRequestError, match=r"no token 'hall' .* \(kitchen\)"):
        store.revoke("hall")


def test_names_are_not_used_twice(store):
    store.add("kitchen")
    with pytest.raises(TokenRequestError, match="kitchen already"):
        store.add("kitchen")
    with pytest.raises(TokenRequestError, match="already"):
        store.add(store.list()[0].id)


def test_a_name_may_have_a_second_token_until_the_first_is_revoked(store):
    old = store.add("kitchen")
    new = store.add("kitchen", another=True)
    first, second = (judged(store, f"Bearer {token}").identity for token in (old, new))
    assert first.account == second.account
    assert first.credential != second.credential
    with pytest.raises(TokenRequestError, match=r"2 tokens called kitchen already \(\w+, \w+\)"):
        store.add("kitchen", another=True)
    assert [entry.name for entry in store.revoke(store.find(old).id)] == ["kitchen"]
    assert store.find(old) is None
    assert store.find(new) is not None


def test_revoking_a_name_revokes_all_its_tokens(store):
    tokens = [store.add("kitchen"), store.add("kitchen", another=True)]
    hall = store.add("hall")
    assert len(store.revoke("kitchen")) == 2
    assert not any(store.find(token) for token in tokens)
    assert store.find(hall).name == "hall"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 65, "\u202e", "caf\x1b[0m"])
def test_names_that_could_deceive_are_refused(store, name):
    with pytest.raises(TokenRequestError, match="1 to 64 characters"):
        store.add(name)
    assert not store.path.exists()


def test_the_first_token_is_made_once(store):
    token = store.first()
    assert store.find(token).name == "first"
    assert store.first() is None
    store.revoke("first")
    assert store.first() is None
    assert store.list() == ()


def test_changes_at_the_same_time_are_all_kept(store):
    def add(number):
        return TokenStore(store.path).add(f"edge-{number}")

    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(add, range(24)))
    assert {entry.name for entry in store.list()} == {f"edge-{number}" for number in range(24)}
    assert all(store.find(token) for token in tokens)


def test_another_process_may_change_the_file(store):
    store.add("kitchen")
    program = (
        "import sys, pathlib\n"
        "from iot_facerecognition_server.trust.tokens import TokenStore\n"
        "print(TokenStore(pathlib.Path(sys.argv[1])).add('hall'))\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", program, store.path], check=True, capture_output=True, text=True
    )
    assert store.find(made.stdout.strip()).name == "hall"


def judged(store, header):
    return TokenAuthenticator(store).authenticate(Presented("192.0.2.7", header))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"tokens": 5}',
        '{"tokens": [{}]}',
        '{"tokens": [{"id": "a", "name": "b", "created": "today", "sha256": "00"}]}',
        '{"tokens": [{"id": "a", "name": "b", "created": "2026-01-01", "sha256": "00"}]}',
        "\xff",
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_reported_and_lets_nobody_in(store, text, caplog):
    token = store.add("kitchen")
    store.path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TokenFileError, match="is damaged"):
        store.list()
    verdict = judged(store, f"Bearer {token}")
    assert isinstance(verdict, Denied)
    assert str(store.path) not in verdict.reason
    assert "is damaged" in caplog.text


def test_a_file_that_was_mended_holds_again(store):
    token = store.add("kitchen")
    good = store.path.read_bytes()
    store.path.write_bytes(b"{")
    with pytest.raises(TokenFileError):
        store.find(token)
    store.path.write_bytes(good)
    assert store.find(token).name == "kitchen"
    store.path.unlink()
    assert store.find(token) is None


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenFileError, match=r"cannot be used: .*\[Auth\] TokenFile"):
        TokenStore(tmp_path / "file" / "tokens.json").add("kitchen")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "needs a token"),
        ("", "must be 'Bearer TOKEN'"),
        ("Bearer", "must be 'Bearer TOKEN'"),
        ("Bearer ", "must be 'Bearer TOKEN'"),
        ("Basic {token}", "must be 'Bearer TOKEN'"),
        ("{token}", "must be 'Bearer TOKEN'"),
        ("Bearer {token}x", "not valid"),
        ("Bearer {token} {token}", "not valid"),
        ("Bearer \udcff\u0000", "not valid"),
    ],
)
def test_requests_without_a_valid_token_are_refused_in_words(store, header, words):
    token = store.add("kitchen")
    verdict = judged(store, header and header.format(token=token))
    assert isinstance(verdict, Denied)
    assert words in verdict.reason
    assert token not in verdict.reason


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {} "])
def test_the_scheme_may_be_written_in_any_case(store, header):
    token = store.add("kitchen")
    verdict = judged(store, header.format(token))
    assert isinstance(verdict, Accepted)
    assert (verdict.identity.method, verdict.identity.name) == (AuthMethod.TOKEN, "kitchen")
    assert token not in repr(verdict)
    assert store.list()[0].sha256 not in repr(verdict)


def test_an_open_server_asks_for_nothing_and_goes_by_the_address():
    judge = OpenAuthenticator()
    verdict = judge.authenticate(Presented("192.0.2.7"))
    assert isinstance(verdict, Accepted)
    assert verdict.identity.name == "192.0.2.7"
    assert judge.revoked({verdict.identity}) == {}


def test_clients_of_one_token_have_one_identity_until_it_is_revoked(store):
    kitchen, hall = store.add("kitchen"), store.add("hall")
    first, second, other = (
        judged(store, f"Bearer {token}").identity for token in (kitchen, kitchen, hall)
    )
    assert first == second != other
    judge = TokenAuthenticator(store)
    assert judge.revoked({first, other}) == {}
    store.revoke("kitchen")
    assert judge.revoked({first, other}) == {first: "this token was revoked"}
    again = judged(store, f"Bearer {store.add('kitchen')}").identity
    assert again.name == first.name
    assert set(judge.revoked({first, again})) == {first}, "the name came back, the token did not"


@pytest.mark.parametrize("damage", [lambda path: path.write_text("{"), lambda path: path.unlink()])
def test_a_token_file_that_cannot_be_read_revokes_nothing(store, damage):
    identity = judged(store, f"Bearer {store.add('kitchen')}").identity
    damage(store.path)
    with pytest.raises(TokenFileError, match=r"is damaged|is missing"):
        TokenAuthenticator(store).revoked({identity})


@given(st.text() | st.text().map("Bearer ".__add__))
def test_whatever_a_client_sends_is_judged(header):
    verdict = judged(TokenStore(Path("/nonexistent/tokens.json")), header)
    assert isinstance(verdict, Denied)


def test_hashes_are_plain_sha256(store):
    token = store.add("kitchen")
    (entry,) = json.loads(store.path.read_text())["tokens"]
    assert entry["sha256"] == hashlib.sha256(token.encode()).hexdigest()
