"""Keys of sessions."""

import uuid


def new_session_key() -> int:
    """Return a key that no other session has, of this server process or any other.

    It is 128 bits by chance (RFC 9562, version 4), so that servers which share an engine need not
    know each other.
    """
    return uuid.uuid4().int
