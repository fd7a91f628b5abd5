"""What outlives a client: given to the next one, nothing is lost and no count begins again."""

from iot_facerecognition_client.outbox import Outbox
from iot_facerecognition_client.settings_sync import SettingsSync
from iot_facerecognition_client.statistics import Counters
from iot_facerecognition_protocol import SessionSettings


class ClientMemory:
    """The settings that are wanted and held, what waits to be sent, and the counts.

    One client at a time uses it.
    """

    def __init__(self, settings: SessionSettings | None = None) -> None:
        """Begin with the `settings` that are wanted, by default the server's defaults."""
        self.settings = SettingsSync(settings or SessionSettings())
        self.outbox = Outbox()
        self.counters = Counters()
