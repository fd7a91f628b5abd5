"""The container that this process runs in, as far as the kernel tells."""

import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_SHARED: Final = frozenset({"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"})
"""Files that Docker and Podman mount into each container, out of a folder named for it."""
_ID: Final = re.compile(r"/(?:overlay-)?containers/([0-9a-f]{64})/")
_ROOT: Final = 3
_MOUNT_POINT: Final = 4
"""Fields of a line of mountinfo (proc_pid_mountinfo(5))."""
SHORT: Final = 12
"""Characters of an id that `docker ps` shows, and of a container's hostname unless it is given."""


def container_id(mounts: Path = MOUNTS) -> str | None:
    """Return the 64 digits of this container's id; None outside one, and where nothing tells."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    for fields in map(str.split, lines):
        if len(fields) > _MOUNT_POINT and fields[_MOUNT_POINT] in _SHARED:
            found = _ID.search(fields[_ROOT])
            if found:
                return found[1]
    return None
