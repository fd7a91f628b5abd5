"""Files that come into being whole or not at all, and stay whose they are."""

import errno
import fcntl
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from iot_facerecognition_protocol.system.whole_file import (
    end_of_links,
    in_place_of,
    locked,
    make_folder,
    sweep,
    sweep_folder,
    write_file,
)

SERVICE = 12345
"""A user and group who are neither root nor us."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


def rights(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid, status.st_mode & 0o777


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def mask():
    """Set the umask, and set it back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_what_was_written_takes_the_files_place(tmp_path: Path):
    path = tmp_path / "new folder" / "file.txt"
    with in_place_of(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), in_place_of(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_is_reported(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), in_place_of(tmp_path / "file" / "below"):
        pass


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777])
def test_whatever_the_umask_new_ones_have_the_rights_that_were_asked_for(tmp_path, mask, umask):
    tmp_path.chmod(0o700)
    mask(umask)
    write_file(tmp_path / "made" / "below" / "key", b"")
    write_file(tmp_path / "certificate", b"", 0o644)
    mask(0o022)
    assert rights(tmp_path / "made")[2] == 0o700
    assert rights(tmp_path / "made" / "below")[2] == 0o700
    assert rights(tmp_path / "made" / "below" / "key")[2] == 0o600
    assert rights(tmp_path / "certificate")[2] == 0o644


def test_the_permissions_stay(tmp_path: Path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o664)
    write_file(path, b"new", 0o600)
    assert rights(path)[2] == 0o664
    assert path.read_bytes() == b"new"


@as_root
def test_owner_and_group_stay_when_root_writes(tmp_path: Path):
    path = tmp_path / "tokens.json"
    path.touch()
    path.chmod(0o640)
    os.chown(path, SERVICE, SERVICE + 1)
    write_file(path, b"new")
    assert rights(path) == (SERVICE, SERVICE + 1, 0o640)
    assert path.read_bytes() == b"new"


@as_root
def test_what_root_makes_in_a_service_users_folder_is_the_service_users(tmp_path: Path):
    os.chown(tmp_path, SERVICE, SERVICE + 1)
    path = tmp_path / "state" / "tokens.json"
    write_file(path, b"")
    assert rights(path) == (SERVICE, SERVICE + 1, 0o600)
    assert rights(path.parent) == (SERVICE, SERVICE + 1, 0o700)


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "tokens.json"
    link, further = tmp_path / "link", tmp_path / "further"
    further.symlink_to("link")
    link.symlink_to("real/tokens.json")
    for content in (b"made", b"replaced"):
        write_file(further, content)
        assert link.is_symlink()
        assert further.is_symlink()
        assert target.read_bytes() == content
    assert names(tmp_path) == ["further", "link", "real"]
    assert names(tmp_path / "real") == ["tokens.json"]


def test_links_in_a_circle_are_reported(tmp_path: Path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write_file(tmp_path / "a", b"")


@as_root
def test_root_writes_through_no_link_that_another_user_laid_to_a_file_of_a_third(tmp_path: Path):
    (tmp_path / "shadow").write_text("root's")
    (tmp_path / "own").touch()
    for name in ("shadow", "own"):
        (tmp_path / f"link to {name}").symlink_to(name)
        os.chown(tmp_path / f"link to {name}", SERVICE, SERVICE, follow_symlinks=False)
    os.chown(tmp_path / "own", SERVICE, SERVICE)
    with pytest.raises(PermissionError, match="leads to a file of somebody else"):
        write_file(tmp_path / "link to shadow", b"overwritten")
    assert (tmp_path / "shadow").read_text() == "root's"
    assert end_of_links(tmp_path / "link to own") == tmp_path / "own"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, make):
    make(tmp_path / "odd")
    with pytest.raises(OSError, match="odd"):
        write_file(tmp_path / "odd", b"")
    assert names(tmp_path) == ["odd"]


def refuse_to_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self))

    monkeypatch.setattr(Path, "replace", busy)


@pytest.mark.parametrize("content", [b"", b"short", b"much longer than what was there before"])
def test_a_mount_point_is_written_in_place(tmp_path: Path, monkeypatch, content):
    path = tmp_path / "file"
    path.write_bytes(b"what was there before")
    inode = path.stat().st_ino
    refuse_to_rename(monkeypatch)
    write_file(path, content)
    assert path.read_bytes() == content
    assert path.stat().st_ino == inode
    assert names(tmp_path) == ["file"]


@as_root
@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_mounted_alone_is_written_in_place(tmp_path: Path, read_only):
    """As containers do it with `--volume tokens.json:/…`, also where all else is read-only."""
    outside, inside = tmp_path / "outside.json", tmp_path / "state" / "tokens.json"
    inside.parent.mkdir()
    inside.touch()
    outside.write_text("old")
    (tmp_path / "write.py").write_text(
        "import sys, pathlib\n"
        "from iot_facerecognition_protocol.system.whole_file import write_file\n"
        "write_file(pathlib.Path(sys.argv[1]), b'new contents')\n"
    )
    steps = [f"mount --bind {outside} {inside}"]
    if read_only:
        steps.insert(0, f"mount --bind {inside.parent} {inside.parent}")
        steps.insert(1, f"mount -o remount,bind,ro {inside.parent}")
    steps.append(f"{shlex.quote(sys.executable)} {tmp_path / 'write.py'} {inside}")
    steps.append(f"ls -A {inside.parent}")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-e", "-c", "\n".join(steps)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mounts here: {done.stderr}")
    assert (done.returncode, done.stderr) == (0, "")
    assert outside.read_text() == "new contents"
    assert done.stdout.split() == ["tokens.json"]


def test_a_full_disk_leaves_a_file_that_is_written_in_place_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    refuse_to_rename(monkeypatch)

    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"longer than before")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_writing_in_place_that_is_cut_short_keeps_the_contents_and_says_where(
    tmp_path: Path, monkeypatch
):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    refuse_to_rename(monkeypatch)

    def broken(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", broken)
        with pytest.raises(OSError, match="what it should hold is in"):
            write_file(path, b"new")
    (kept,) = sweep(path)
    assert kept.read_bytes() == b"new"
    assert sweep_folder(tmp_path) == (kept,)
    write_file(path, b"newer")
    assert names(tmp_path) == ["file"]


def test_a_disk_that_is_full_in_the_middle_of_it_keeps_the_contents_and_says_where(
    tmp_path: Path, monkeypatch
):
    """Room that was reserved may not be there: a file system that copies on write."""
    path = tmp_path / "file"
    path.write_bytes(b"old contents")
    refuse_to_rename(monkeypatch)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left on device; what it should hold is in"):
        write_file(path, b"new")
    (kept,) = sweep(path)
    assert kept.read_bytes() == b"new"


def test_a_file_that_can_neither_be_replaced_nor_written_leaves_nothing_next_to_it(
    tmp_path: Path, monkeypatch
):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    refuse_to_rename(monkeypatch)
    opened = os.open

    def denied(name, flags, *rest, **named):
        if name == path and flags & os.O_WRONLY:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))
        return opened(name, flags, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        with pytest.raises(PermissionError):
            write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@as_root
@pytest.mark.parametrize("there", [False, True])
def test_what_root_is_writing_belongs_to_whom_the_file_belongs(tmp_path: Path, there):
    """He has to be able to sweep it, should root be killed."""
    os.chown(tmp_path, SERVICE, SERVICE + 1)
    path = tmp_path / "tokens.json"
    if there:
        path.touch()
        os.chown(path, SERVICE, SERVICE + 1)
    with in_place_of(path) as partial:
        assert rights(partial) == (SERVICE, SERVICE + 1, 0o600)


@as_root
def test_a_file_of_another_user_is_written_in_place(tmp_path: Path):
    """Replacing it would make it ours: it stays his."""
    tmp_path.chmod(0o777)
    for above in list(tmp_path.parents)[:-2]:
        above.chmod(above.stat().st_mode | 0o011)
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o666)
    child = os.fork()
    if not child:  # and not a new interpreter, which he might not be able to read
        try:
            os.setgroups([])
            os.setgid(SERVICE)
            os.setuid(SERVICE)
            write_file(path, b"new")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert path.read_text() == "new"
    assert rights(path) == (0, 0, 0o666)


def test_what_a_crash_left_is_swept_and_what_is_being_written_stays(tmp_path: Path):
    left = tmp_path / ".key.0123456789abcdef.part"
    older = tmp_path / ".key.a_b1c2d3.part"
    foreign = tmp_path / ".holiday.mp4.part"
    other = tmp_path / ".other.0123456789abcdef.part"
    for path in (left, older, foreign, other):
        path.touch()
    with in_place_of(tmp_path / "key") as partial:
        assert sweep(tmp_path / "key") == ()
        assert names(tmp_path) == sorted([partial.name, foreign.name, other.name])
        partial.write_text("whole")
    assert (tmp_path / "key").read_text() == "whole"
    assert names(tmp_path) == sorted([foreign.name, other.name, "key"])


def test_a_folder_of_ones_own_is_swept_to_its_depth(tmp_path: Path):
    write_file(tmp_path / "below" / "key", b"")
    (tmp_path / "below" / ".other.0123456789abcdef.part").touch()
    with in_place_of(tmp_path / "below" / "key") as partial:
        assert sweep_folder(tmp_path) == ()
        assert names(tmp_path / "below") == [partial.name, "key"]


def test_a_writer_that_a_sweeper_came_before_begins_again(tmp_path: Path, monkeypatch):
    """Between making the file and locking it, the file looks like one that a crash left."""
    lock, swept = fcntl.flock, []

    def sweep_first(descriptor: int, operation: int) -> None:
        if not swept:
            swept.append(descriptor)
            sweep_folder(tmp_path)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    write_file(tmp_path / "file", b"whole")
    assert swept
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"whole"


KILLED = """
import os, pathlib, sys
from iot_facerecognition_protocol.system.whole_file import write_file
left = int(sys.argv[2])
def deadly(name):
    real = getattr(os, name)
    def call(*values, **named):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return real(*values, **named)
    setattr(os, name, call)
for name in ("open", "fsync", "fchmod", "replace", "unlink", "close", "mkdir"):
    deadly(name)
write_file(pathlib.Path(sys.argv[1]), b"new" * 1000)
"""


def test_killed_at_any_call_either_the_old_contents_are_there_or_the_new_ones(tmp_path: Path):
    path = tmp_path / "state" / "file"
    write_file(path, b"old")
    seen = set()
    for calls in range(100):
        write_file(path, b"old")
        done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(calls)], check=False)
        content = path.read_bytes()
        assert content in {b"old", b"new" * 1000}
        seen.add((done.returncode, content[:3]))
        assert sweep(path) == ()
        assert names(path.parent) == ["file"]
        if done.returncode == 0:
            break
    assert seen == {(9, b"old"), (9, b"new"), (0, b"new")}


def test_changes_wait_for_each_other_also_by_way_of_a_link(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere/file")
    with locked(tmp_path / "link"):
        folder = os.open(tmp_path / "elsewhere", os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path):
    tmp_path.chmod(0o770)
    make_folder(tmp_path)
    assert rights(tmp_path)[2] == 0o770


def test_a_link_that_looks_like_a_left_over_is_left_to_its_maker(tmp_path: Path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / ".key.0123456789abcdef.part").symlink_to("kept")
    (tmp_path / ".key.fedcba9876543210.part").touch()
    assert sweep_folder(tmp_path) == ()
    assert names(tmp_path) == [".key.0123456789abcdef.part", "kept"]


def test_a_new_folder_that_is_swapped_for_a_link_does_not_change_what_that_leads_to(
    tmp_path: Path, monkeypatch
):
    victim = tmp_path / "victim"
    victim.mkdir()
    victim.chmod(0o755)  # whatever the umask
    make = Path.mkdir

    def make_and_swap(path: Path, mode: int = 0o777) -> None:
        make(path, mode)
        path.rename(tmp_path / "moved")
        path.symlink_to(victim)

    monkeypatch.setattr(Path, "mkdir", make_and_swap)
    with pytest.raises(OSError, match="new"):
        make_folder(tmp_path / "new")
    assert victim.stat().st_mode & 0o777 == 0o755


def test_a_mount_point_that_is_swapped_for_a_link_is_not_written_through(
    tmp_path: Path, monkeypatch
):
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_text("kept")
    path.write_text("old")

    def swap_and_refuse(_partial: Path, target: Path) -> None:
        target.unlink()
        target.symlink_to(victim)
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(Path, "replace", swap_and_refuse)
    with pytest.raises(OSError, match="file"):
        write_file(path, b"new")
    assert victim.read_text() == "kept"
