"""Files that are replaced as a whole, and stay whose they are.

A new file is written next to the old one and renamed over it. While it is written, its writer holds
a lock (flock) on it, so that `sweep` can tell what a crash left from what is being written.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTIAL = ".part"
"""How the name of a file ends that is still being written; a crash may leave one behind."""
COMPLETE = ".whole"
"""How the name of a complete file ends whose contents are being written into another, in place."""
PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
_MOST_LINKS = 40
"""Links in a row after which Linux gives up as well (path_resolution(7))."""
_CHUNK = 1 << 20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def in_place_of(path: Path, mode: int = PRIVATE, *, durable: bool = True) -> Iterator[Path]:
    """Yield an empty file, which takes the place of `path` when the block ends without error.

    Whoever reads `path` meanwhile sees what was there before; with an error it stays. Owner, group
    and permissions stay as they were; a new file gets `mode` whatever the umask and, where root
    writes, its folder's owner and group. A symbolic link stays and its target is replaced. What
    cannot be replaced (a file that is a mount point, or another user's) is written in place. The
    folder is made where there is none. `durable`: the new contents survive a loss of power. Raises
    OSError.
    """
    target = end_of_links(path)
    make_folder(target.parent, None if mode & 0o077 else PRIVATE_FOLDER)
    before = _regular(target)
    descriptor, partial = _partial_of(target, before)
    try:
        yield partial
        if durable:
            os.fsync(descriptor)
        if not _replaced(descriptor, partial, target, before, mode):
            _write_in_place(descriptor, partial, target)
        elif durable:
            _sync_folder(target.parent)
    finally:
        with suppress(OSError):  # what lies on a disk that fails now is swept at a later start
            partial.unlink()
        os.close(descriptor)


def write_file(path: Path, data: bytes, mode: int = PRIVATE, *, durable: bool = True) -> None:
    """Put `data` at `path` as `in_place_of` does. Raises OSError."""
    with in_place_of(path, mode, durable=durable) as partial, partial.open("wb") as file:
        file.write(data)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on changes of `path`, for which others wait; its folder is made if need be.

    It is a lock on the folder, since the file itself is another one after each change. Raises
    OSError.
    """
    folder = end_of_links(path).parent
    make_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_folder(path: Path, mode: int | None = PRIVATE_FOLDER) -> None:
    """Make the folder `path` and those above it, with `mode` (None: by the umask), unless there.

    Where root makes them they get the owner and group of the folder that they are made in. Raises
    OSError.
    """
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(0o777 if mode is None else mode)
        except FileExistsError:
            if not folder.is_dir():
                raise
            continue
        if mode is not None:
            _set_mode(folder, mode)
        belong_to_folder(folder)


def _set_mode(folder: Path, mode: int) -> None:
    """Give a new folder its permissions, never what its owner has put in its place meanwhile."""
    # Under a umask that takes its owner's rights the folder cannot be opened, only be named.
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        Path(f"/proc/self/fd/{descriptor}").chmod(mode)
    finally:
        os.close(descriptor)


def belong_to_folder(path: Path) -> None:
    """Give what root has made its folder's owner and group; a link, not its target.

    What anybody else makes is his own. Raises OSError.
    """
    if os.geteuid() == 0:
        folder = path.parent.stat()
        _own(path, folder.st_uid, folder.st_gid)


def end_of_links(path: Path) -> Path:
    """Return where the symbolic links end that `path` may be, whether there is a file or not.

    Raises OSError for a circle, and for a link that somebody else has laid to a file that is not
    his: root would overwrite whatever he chose.
    """
    owners: set[int] = set()
    for _ in range(_MOST_LINKS):
        try:
            status = path.lstat()
        except FileNotFoundError:
            if not owners:
                return path
            status = next(above for above in path.parents if above.exists()).stat()
        if not stat.S_ISLNK(status.st_mode):
            break
        owners.add(status.st_uid)
        path = path.parent / path.readlink()
    else:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    strangers = owners - {0, os.geteuid(), status.st_uid}
    if strangers:
        raise PermissionError(
            errno.EPERM,
            f"a symbolic link of user {min(strangers)} leads to a file of somebody else; replace"
            " the link by one of your own",
            str(path),
        )
    return path


def sweep(path: Path) -> tuple[Path, ...]:
    """Remove what crashed writers of `path` left next to it; what is being written stays.

    Returns complete files whose writing in place was cut short: `path` may be damaged, they are
    not. Raises OSError.
    """
    target = end_of_links(path)
    return _sweep(one for one in _files(target.parent) if one.name.startswith(f".{target.name}."))


def sweep_folder(folder: Path) -> tuple[Path, ...]:
    """Do what `sweep` does for every file in `folder` and the folders below it.

    They must be the program's own: every hidden file that ends like one of ours is taken for one.
    Raises OSError.
    """
    return _sweep(Path(above) / name for above, _, names in os.walk(folder) for name in names)


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _sweep(candidates: Iterable[Path]) -> tuple[Path, ...]:
    cut_short = []
    for path in candidates:
        if not path.name.startswith("."):
            continue
        if path.name.endswith(COMPLETE):
            cut_short.append(path)
        elif path.name.endswith(PARTIAL):
            _remove_unless_written(path)
    return tuple(cut_short)


def _remove_unless_written(partial: Path) -> None:
    if partial.is_symlink():  # of whoever made it: a file of ours is none
        return
    with suppress(FileNotFoundError, BlockingIOError):  # its writer was done, or is at work
        descriptor = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()
        finally:
            os.close(descriptor)


def _regular(target: Path) -> os.stat_result | None:
    """Return the status of the file that is to be replaced; raises OSError for anything else."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(target))
    return status


def _partial_of(target: Path, before: os.stat_result | None) -> tuple[int, Path]:
    """Return a new file next to `target`, open and locked, and its path.

    Where the folder takes no new file but the old one can be written, it is one in memory.
    """
    while True:
        partial = target.with_name(f".{target.name}.{os.urandom(8).hex()}{PARTIAL}")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(partial, flags, PRIVATE)
        except OSError as error:
            refused = error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}
            if not refused or before is None or not os.access(target, os.W_OK):
                raise
            descriptor = os.memfd_create(target.name, os.MFD_CLOEXEC)
            return descriptor, Path(f"/proc/self/fd/{descriptor}")
        with suppress(OSError):  # a file system without locks: `sweep` leaves its files alone too
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            os.fchmod(
                descriptor, PRIVATE
            )  # whatever the umask: it is opened once more, by its path
            _own_like(descriptor, target, before)
            return descriptor, partial
        os.close(descriptor)  # a sweeper was there between the two calls


def _replaced(
    descriptor: int, partial: Path, target: Path, before: os.stat_result | None, mode: int
) -> bool:
    """Rename `partial` to `target`, which was `before`; return False where it cannot be."""
    if partial.parent != target.parent:
        return False
    if not _own_like(descriptor, target, before):
        return False
    os.fchmod(descriptor, mode if before is None else stat.S_IMODE(before.st_mode))
    try:
        partial.replace(target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def _own_like(descriptor: int, target: Path, before: os.stat_result | None) -> bool:
    """Give a new file the owner and group of `before`, else those of a file new in its folder.

    As soon as it is made: what a crash leaves of it is then swept by whom it belongs to. Returns
    False where `before` is somebody else's and cannot stay his.
    """
    if before is not None:
        return _own(descriptor, before.st_uid, before.st_gid)
    if os.geteuid() == 0:
        folder = target.parent.stat()
        _own(descriptor, folder.st_uid, folder.st_gid)
    return True


def _own(file: int | Path, user: int, group: int) -> bool:
    """Give `file` its owner and group; return False where that is not allowed or not possible."""
    links = {} if isinstance(file, int) else {"follow_symlinks": False}
    status = os.stat(file, **links)  # noqa: PTH116 - or of a descriptor
    if (status.st_uid, status.st_gid) == (user, group):
        return True
    try:
        os.chown(file, user, group, **links)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EINVAL}:  # EINVAL: unknown in this container
            raise
        return False
    return True


def _write_in_place(source: int, partial: Path, target: Path) -> None:
    """Write the contents of `source` into `target`.

    Until all is written the complete contents stand next to it, if the folder takes them.
    """
    # Where that fails, nothing is left. `target` is no link: one that is put there meanwhile leads
    # to a file of somebody's choice.
    descriptor = os.open(target, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    complete = partial.with_suffix(COMPLETE) if partial.parent == target.parent else None
    try:
        if complete is not None:
            os.fsync(source)
            partial.rename(complete)
            _forget_older(target, complete)
        _overwrite(source, descriptor, complete)
    except OSError as error:
        error.filename = str(target)
        raise
    finally:
        os.close(descriptor)
    if complete is not None:
        complete.unlink()


def _forget_older(target: Path, complete: Path) -> None:
    """Remove what earlier writes of `target` in place left, now that `complete` is there."""
    for old in _files(target.parent):
        named = old.name.startswith(f".{target.name}.") and old.name.endswith(COMPLETE)
        if named and old != complete:
            old.unlink(missing_ok=True)


def _overwrite(source: int, descriptor: int, complete: Path | None) -> None:
    """Put the contents of `source`, which are also in `complete`, into an open file.

    Room is reserved first, so that a full disk leaves the file as it was.
    """
    try:
        _reserve(descriptor, os.fstat(source).st_size)
    except OSError:
        if complete is not None:
            complete.unlink()
        raise
    try:
        _copy(source, descriptor)
    except OSError as error:
        if complete is not None:
            error.strerror = f"{error.strerror}; what it should hold is in {complete}"
        raise


def _reserve(descriptor: int, size: int) -> None:
    """Have room for `size` bytes in an open file, which stays as it is where there is none."""
    before = os.fstat(descriptor).st_size
    if size <= before:
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        os.ftruncate(descriptor, before)
        if error.errno in _NO_ROOM:
            raise


def _copy(source: int, descriptor: int) -> None:
    """Overwrite an open file with all of another one, to the disk."""
    offset = 0
    while chunk := os.pread(source, _CHUNK, offset):
        while chunk:
            written = os.pwrite(descriptor, chunk, offset)
            offset += written
            chunk = chunk[written:]
    os.ftruncate(descriptor, offset)
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
