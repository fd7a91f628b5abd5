"""`[system]`: the name of the device in the network."""

import re

from iot_facerecognition_edge.first_boot.problems import quoted
from iot_facerecognition_edge.first_boot.table import Table
from iot_facerecognition_protocol.records import dataclass

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
"""RFC 1123, 2.1."""
_LONGEST = 64
"""Linux's limit (gethostname(2)), below the 253 of RFC 1123."""


@dataclass(frozen=True, slots=True)
class System:
    """What the section asks for."""

    hostname: str | None = None


def read_system(table: Table) -> System:
    """Check the section."""
    wanted = System(table.text("hostname", host_name))
    table.note_rest()
    return wanted


def host_name(text: str) -> str:
    """Return a valid host name. Raises ValueError."""
    if len(text) > _LONGEST or not _HOST_NAME.fullmatch(text):
        raise ValueError(
            f"must be letters without accents, digits and hyphens, at most {_LONGEST}, such as "
            f'"kitchen-camera", not {quoted(text)}'
        )
    return text
