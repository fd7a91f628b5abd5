"""Makes the sessions of connections, as the configuration and the engine want them."""

from collections.abc import Callable

from iot_facerecognition_protocol import Limits
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.engine.interface import Engine
from iot_facerecognition_server.serving.client import NewSession
from iot_facerecognition_server.sessions.connected_client import ConnectedClient
from iot_facerecognition_server.sessions.session import Session


def session_factory(config: Config, engine: Engine) -> NewSession:
    """Return what makes a session with the limits of `config`.

    It announces the window that keeps `engine` busy with one client: the frames whose faces it
    searches, one that waits, and one that is still being classified. Any more would only replace
    the one that waits (docs/benchmarks.md).
    """
    limits = Limits(
        frame_bytes=config.limits.frame_bytes,
        pixels=config.limits.pixels,
        text_bytes=config.limits.text_bytes,
        frame_rate=config.limits.frame_rate,
    )

    def new_session(client: ConnectedClient, send: Callable[[str], None]) -> Session:
        return Session(
            client,
            send,
            limits=limits,
            object_labels=engine.object_labels,
            object_interval=config.engine.object_interval,
            object_threshold=config.engine.object_threshold,
            window=engine.capacity.per_session + 1 + (engine.object_labels > 0),
        )

    return new_session
