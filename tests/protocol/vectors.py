"""The test vectors next to `docs/protocol.md`, as tests take them."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iot_facerecognition_protocol import Version

_DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "docs/protocol.vectors.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class ToServer:
    """What a client sends over one version, and what the server answers."""

    name: str
    version: Version
    before: tuple[str, ...]
    send: str | bytes
    answers: tuple[dict[str, Any], ...]
    closes: int | None

    def __str__(self) -> str:
        return f"{self.name}, version {self.version.value}"


def _to_server(vector: dict[str, Any], version: Version) -> ToServer:
    send = vector["send"]
    return ToServer(
        vector["name"],
        version,
        tuple(vector.get("before", ())),
        send["text"] if "text" in send else base64.b64decode(send["binary"]),
        tuple(vector["answers"][str(version.value)]),
        vector.get("closes"),
    )


TO_SERVER = [_to_server(v, version) for v in _DOCUMENT["to_server"] for version in Version]
TO_CLIENT: list[dict[str, Any]] = _DOCUMENT["to_client"]


def agrees(answer: Any, expected: Any) -> bool:
    """Tell whether `answer` has every field of `expected` with its value, and maybe more."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(
            key in answer and agrees(answer[key], value) for key, value in expected.items()
        )
    return type(answer) is type(expected) and bool(answer == expected)
