"""Whose the state directory is: one server's, and one user's."""

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from iot_facerecognition_server import state_lock
from iot_facerecognition_server.state_lock import StateDirectoryError, exclusive, holder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def lock_as(user: int, group: int, folder: Path) -> str:
    """Return what a process of another user is told that wants the state directory `folder`."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # not another program: the interpreter's files may be closed to that user
        try:
            os.setgroups([])
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            os.chdir("/")
            with exclusive(folder) as locked:
                os.write(writing, f"locked: {locked}".encode())
        except StateDirectoryError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        words = told.read().decode()
    os.waitpid(child, 0)
    return words


@pytest.fixture
def volume() -> Iterator[Path]:
    """A folder that user 10001 and group 0 may use, as /data in the image."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        Path(folder).chmod(0o755)
        made = Path(folder) / "data"
        made.mkdir()
        os.chown(made, 10001, 0)
        made.chmod(0o770)
        yield made


def test_the_holder_is_named_with_process_host_and_time(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert holder(state) is None
    with exclusive(state) as locked:
        assert locked
        told = str(holder(state))
        assert re.fullmatch(
            rf"process {os.getpid()} on \S+.*, since \d{{4}}-\d\d-\d\d [\d:]{{8}} UTC", told
        )
        with pytest.raises(StateDirectoryError, match=re.escape(told)), exclusive(state):
            pytest.fail("two have it")
    assert holder(state) is None


def test_a_lock_that_is_given_up_soon_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a command looks who has it, or another server is just ending."""
    monkeypatch.setattr(state_lock, "_PATIENCE", 60.0)
    waiting = threading.Event()
    monkeypatch.setattr(state_lock.time, "sleep", lambda _: waiting.set())
    taken = []

    def take() -> None:
        with exclusive(tmp_path) as locked:
            taken.append(locked)

    second = threading.Thread(target=take)
    with exclusive(tmp_path):
        second.start()
        assert waiting.wait(30)
        assert not taken
    second.join()
    assert taken == [True]


@as_root
def test_any_user_of_group_0_can_use_a_volume_of_that_group(volume: Path) -> None:
    for _ in range(2):
        assert lock_as(1234567, 0, volume / "state") == "locked: True"
    status = (volume / "state").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234567, 0, 0o700)


@as_root
def test_another_users_state_directory_is_refused_with_the_path_and_the_cure(volume: Path) -> None:
    state = volume / "state"
    assert lock_as(10001, 10001, state) == "locked: True"
    refused = lock_as(1234567, 0, state)
    assert (
        f"{state} cannot be used by user 1234567, group 0: {state} belongs to user 10001, group"
        f" 10001, with mode 0700; run the server as user 10001, or hand the folder over, as root:"
        f" chown -R 1234567:0 {state}" in refused
    )
    assert lock_as(10001, 10001, state) == "locked: True"


@as_root
def test_a_volume_in_which_nothing_can_be_made_is_refused_with_its_path(volume: Path) -> None:
    refused = lock_as(1234567, 1234567, volume / "some" / "state")
    assert f"{volume} belongs to user 10001, group 0, with mode 0770" in refused


@as_root
def test_a_lock_of_another_user_is_not_passed_by(volume: Path) -> None:
    """Else two servers of two users would share one directory."""
    state = volume / "state"
    assert lock_as(10001, 0, state) == "locked: True"
    state.chmod(0o770)
    refused = lock_as(1234567, 0, state)
    assert f"{state}/server.lock belongs to user 10001, group 0, with mode 0600" in refused
    (state / "server.lock").chmod(0o660)  # as a pod's fsGroup does it
    assert lock_as(1234567, 0, state) == "locked: True"
