"""The event log as a file that cannot grow over its size, with one older file next to it."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.log.eventlog import Entry
from iot_facerecognition_protocol.system.whole_file import belong_to_folder, make_folder


class LogFile:
    """Appends entries to `path`; at `size` bytes the file becomes `path`.1 and a new one begins.

    A file that somebody moves away is made again with the next entry. Lines are given to the kernel
    at once and to the memory card when the kernel sees fit: no fsync.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size
        self._file: IO[str] | None = None
        self._written = 0
        self._rights: os.stat_result | None = None

    def write(self, entry: Entry) -> None:
        """Append `entry`. Raises EdgeError when the disk is full or the place not ours."""
        line = f"{entry.line()} ({entry.kind})\n"
        length = len(line.encode("utf-8", "backslashreplace"))
        try:
            self._notice_a_move()
            file = self._open()
            if self._written and self._written + length > self._size:
                self.close()
                self.path.replace(self.path.with_name(self.path.name + ".1"))
                file = self._open()
            file.write(line)
            file.flush()
            self._written += length
        except OSError as error:
            self.close()
            raise EdgeError(
                f"log: {self.path} cannot be written ({error.strerror}); the log stays in memory"
            ) from error

    def _open(self) -> IO[str]:
        if self._file is None:
            make_folder(self.path.parent, None)
            new = not self.path.exists()
            self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace")
            if new:
                self._give_rights()
            self._written = self._file.tell()
        return self._file

    def _notice_a_move(self) -> None:
        """Close a file that was moved away or removed: the next entry goes into a new one."""
        if self._file is None:
            return
        self._rights = os.fstat(self._file.fileno())
        try:
            there = self.path.stat()
        except FileNotFoundError:
            self.close()
            return
        if not os.path.samestat(there, self._rights):
            self.close()

    def _give_rights(self) -> None:
        """Give a new file owner, group and permissions of the last one; to root's, the folder's."""
        if self._file is None:
            return
        if self._rights is None:
            belong_to_folder(self.path)
            return
        os.fchmod(self._file.fileno(), stat.S_IMODE(self._rights.st_mode))
        with suppress(PermissionError):
            os.fchown(self._file.fileno(), self._rights.st_uid, self._rights.st_gid)

    def close(self) -> None:
        """Close the file; the next entry opens it again."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                # What could not be flushed was reported by write() when it failed.
                if error.errno is None:
                    raise
