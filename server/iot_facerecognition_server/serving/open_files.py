"""How many files, and so connections, the system lets this process have open."""

import logging
import resource
from typing import Final

_log = logging.getLogger(__name__)

_OWN_FILES: Final = 64
"""What the server has open besides its clients: logs, models, sockets, the event loop's own."""


def allow_open_files(clients: int, handshakes: int) -> None:
    """Raise the soft limit to the hard one, and warn where it is too low.

    That is for `clients` (0: any number) and the `handshakes` that may be under way meanwhile.

    The soft limit is 1024 on most systems for the sake of programs that use `select`, and asyncio
    does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            _log.warning("the limit of open files stays at %d: %s", soft, error)
            hard = soft
    if hard != resource.RLIM_INFINITY and hard < clients + handshakes + _OWN_FILES:
        _log.warning(
            "the system lets this server have %d files open: too few for %d clients and %d"
            " handshakes ([Limits] Clients, Handshakes); raise LimitNOFILE of the service,"
            " `ulimit -n` or the container's ulimits",
            hard,
            clients,
            handshakes,
        )
