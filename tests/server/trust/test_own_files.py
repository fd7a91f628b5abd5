"""The server's own key and certificate: always a pair, whoever is killed when."""

import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from iot_facerecognition_protocol.system.whole_file import write_file
from iot_facerecognition_server.assembly.trust import server_tls
from iot_facerecognition_server.config import load
from iot_facerecognition_server.state_directory import held
from iot_facerecognition_server.trust import own_files
from iot_facerecognition_server.trust.certificates import CertificateError, read_identity
from iot_facerecognition_server.trust.own_files import OwnFiles
from iot_facerecognition_server.trust.server_identity import ServerIdentity

CALLS = ("open", "fsync", "replace", "symlink", "mkdir", "chmod", "chown", "fchmod", "unlink")
KILLED = 9


def place(folder: Path) -> ServerIdentity:
    path = folder / "config.ini"
    path.touch()
    return ServerIdentity(load(path, {}))


def pair(folder: Path) -> str:
    """Return the fingerprint of the pair in the state directory, which must be one."""
    files = OwnFiles(folder / "state")
    return read_identity(files.key, files.certificate, der=False).fingerprint


def killed_after(calls: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process that dies at its call number `calls` + 1 of those that change files.

    Returns whether it died.
    """
    child = os.fork()
    if not child:
        left = calls

        def deadly(real: Callable[..., object]) -> Callable[..., object]:
            def call(*values: object, **named: object) -> object:
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(KILLED)
                return real(*values, **named)

            return call

        for name in CALLS:
            setattr(os, name, deadly(getattr(os, name)))
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent must not see a second test run
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, KILLED}
    return status == KILLED


def plain(folder: Path) -> None:
    """Put the pair where earlier versions had it: two plain files."""
    files = OwnFiles(folder / "state")
    contents = [(path, path.read_bytes()) for path in (files.key, files.certificate)]
    for path, content in contents:
        path.unlink()
        path.write_bytes(content)
        path.chmod(0o600)


@pytest.mark.parametrize("earlier_version", [False, True])
def test_killed_at_any_call_a_new_pair_is_whole_or_not_there(tmp_path: Path, earlier_version):
    identity = place(tmp_path)
    identity.prepare()
    seen = set()
    for calls in range(500):
        if earlier_version:
            plain(tmp_path)
        old = pair(tmp_path)
        died = killed_after(calls, identity.issue)
        after = pair(tmp_path)
        seen.add((died, after == old))
        assert identity.prepare().fingerprint == after
        OwnFiles(tmp_path / "state").sweep()
        assert len(list((tmp_path / "state").glob("identity-*"))) <= 1
        if not died:
            break
    assert seen == {(True, True), (True, False), (False, False)}


def test_killed_at_any_call_added_names_are_whole_or_not_there(tmp_path: Path):
    identity = place(tmp_path)
    fingerprint = identity.prepare().fingerprint
    for calls in range(500):
        before = identity.prepare().added_names
        died = killed_after(calls, lambda name=f"n{calls}.lan": identity.add_names([name]))
        after = identity.prepare()
        assert after.fingerprint == fingerprint == pair(tmp_path)
        assert after.added_names in (before, before | {f"n{calls}.lan"})
        if not died:
            break
    assert calls > 5


def test_killed_at_any_call_of_the_first_start_the_next_one_ends_with_a_pair(tmp_path: Path):
    for calls in range(500):
        folder = tmp_path / str(calls)
        folder.mkdir()
        identity = place(folder)
        died = killed_after(calls, identity.prepare)
        made = identity.prepare().fingerprint
        assert pair(folder) == made
        assert place(folder).prepare().fingerprint == made
        if not died:
            break
    assert calls > 10


def test_a_start_mends_what_an_earlier_version_left_when_it_was_killed(tmp_path: Path):
    identity = place(tmp_path)
    old = identity.prepare().chain
    new = identity.issue()
    plain(tmp_path)
    identity.certificate_path.write_bytes(old)
    assert identity.prepare().fingerprint == new.fingerprint
    assert pair(tmp_path) == new.fingerprint
    assert identity.warnings(new) == ()


def test_rights_of_the_key_stay(tmp_path: Path):
    identity = place(tmp_path)
    identity.prepare()
    identity.key_path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(identity.key_path, 12345, 12346)
    before = identity.key_path.stat()
    identity.issue()
    after = identity.key_path.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_what_root_makes_for_a_service_user_is_the_service_users(tmp_path: Path):
    (tmp_path / "state").mkdir(mode=0o700)
    os.chown(tmp_path / "state", 12345, 12346)
    place(tmp_path).issue()
    for path in (tmp_path / "state").rglob("*"):
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (12345, 12346), path


def test_a_link_of_the_operators_is_written_through(tmp_path: Path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "server.pem").symlink_to("../elsewhere.pem")
    identity = place(tmp_path)
    new = identity.issue()
    assert identity.key_path.readlink() == Path("../elsewhere.pem")
    assert pair(tmp_path) == new.fingerprint
    assert identity.issue().fingerprint == pair(tmp_path)
    assert (tmp_path / "elsewhere.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_pair_whose_files_are_mounted_alone_is_written_in_place(tmp_path: Path):
    identity = place(tmp_path)
    identity.prepare()
    plain(tmp_path)
    outside = tmp_path / "outside.pem"
    outside.write_bytes(identity.key_path.read_bytes())
    steps = (
        f"mount --bind {outside} {identity.key_path}\n"
        f"cd {tmp_path}\n"
        f"exec {shlex.quote(sys.executable)} -m iot_facerecognition_server cert new"
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-e", "-c", steps], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr}")
    assert (done.returncode, done.stderr) == (0, "")
    new = read_identity(outside, outside, der=False)
    assert identity.certificate_path.read_bytes() == new.chain
    assert f"fingerprint  {new.fingerprint}" in done.stdout


@pytest.mark.parametrize("name", ["server.pem", "identity"])
def test_a_lost_key_is_no_reason_for_another_one_in_silence(tmp_path: Path, name):
    identity = place(tmp_path)
    identity.prepare()
    if name == "identity":
        (tmp_path / "state" / name).unlink()
    else:
        identity.key_path.unlink()
    for look in (identity.read, identity.prepare):
        with pytest.raises(CertificateError, match=r"is gone.*restore.*cert new"):
            look()
    identity.issue()
    assert identity.prepare().fingerprint == pair(tmp_path)


def test_a_running_server_keeps_the_key_that_is_gone_from_the_disk(tmp_path: Path):
    path = tmp_path / "config.ini"
    path.touch()
    tls = server_tls(load(path, {}))
    before = tls.fingerprint
    (tmp_path / "state" / "server.pem").unlink()
    (tmp_path / "state" / "server.crt").unlink()
    with pytest.raises(CertificateError, match="is gone"):
        tls.reload()
    assert tls.fingerprint == before
    assert not OwnFiles(tmp_path / "state").made


def test_links_that_a_crash_left_are_swept_and_keep_nothing_else_from_it(tmp_path: Path):
    identity = place(tmp_path)
    made = identity.prepare()
    state = tmp_path / "state"
    links = [state / f".{name}.0123456789abcdef.part" for name in ("server.pem", "identity")]
    links[0].symlink_to("identity/server.pem")
    links[1].symlink_to((state / "identity").readlink())
    keys = state / "identity-0123456789abcdef"
    keys.mkdir()
    (keys / "server.pem").write_text("a key that nobody uses")
    partial = state / ".tokens.json.0123456789abcdef.part"
    partial.touch()
    with held(load(tmp_path / "config.ini", {})):
        for left in (*links, keys, partial):
            assert not os.path.lexists(left), left
    assert pair(tmp_path) == made.fingerprint


def test_rights_are_not_given_to_what_a_link_leads_to(tmp_path: Path, monkeypatch):
    """Root makes a pair in the folder of a user, who puts a link in the place of the new key."""
    identity = place(tmp_path)
    identity.prepare()
    identity.key_path.chmod(0o644)
    victim = tmp_path / "victim"
    victim.touch(mode=0o600)

    def write_and_swap(path: Path, data: bytes) -> None:
        write_file(path, data)
        if path.name == "server.pem":
            path.unlink()
            path.symlink_to(victim)

    monkeypatch.setattr(own_files, "write_file", write_and_swap)
    with pytest.raises(CertificateError, match=r"server\.pem"):
        identity.issue()
    assert victim.stat().st_mode & 0o777 == 0o600
