"""What is wrong with a card, in words for the person who wrote it."""

from enum import IntEnum

from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.records import dataclass

LONGEST = 400
"""Characters of a sentence: several lines of the status file and of a small screen."""
_QUOTED = 40
"""Characters of what is quoted in one."""


class Area(IntEnum):
    """What has to be mended; the number is how often the light flashes, after one long flash.

    Raspberry Pi's own boot loader never begins with exactly one long flash.
    """

    FILE = 2
    """A file that cannot be read: no text, no TOML, too long, another version."""
    WLAN = 3
    """`[wlan]`"""
    SERVER = 4
    """`[iot-facerecognition]`"""
    DEVICE = 5
    """`[system]`, `[ssh]`, `[locale]` and `[time]`"""
    WRITING = 6
    """Something could not be written: the boot partition, a full card, a failed command."""
    IMAGER = 7
    """Raspberry Pi Imager 1.x customised the card, which this system cannot use."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: `place` names file, line and key; `text` says what is wrong and what to do."""

    area: Area
    place: str
    text: str

    @property
    def sentence(self) -> str:
        """The whole in one line. It holds no secret and nothing that forges another line."""
        whole = f"{self.place}: {self.text}" if self.place else self.text
        return clean_text(whole, LONGEST)


def quoted(text: str) -> str:
    """Return `text` of a stranger in quotes, cut and harmless."""
    short = clean_text(text, _QUOTED + 1)
    return f'"{short[:_QUOTED]}…"' if len(short) > _QUOTED else f'"{short}"'
