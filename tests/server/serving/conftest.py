"""What the tests of serving share."""

import pytest

from iot_facerecognition_server.serving import client, connection, server

SHORT = 0.2


@pytest.fixture
def short_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server wait shortly for a client that does not answer its close, or does not read."""
    for module in (connection, server):
        monkeypatch.setattr(module, "CLOSE_SECONDS", SHORT)
    for module in (connection, client):
        monkeypatch.setattr(module, "_LAST_WORDS_SECONDS", SHORT)
