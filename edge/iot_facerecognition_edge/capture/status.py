"""What the camera is doing."""

from iot_facerecognition_edge.cameras.interface import Capabilities
from iot_facerecognition_protocol import CameraState
from iot_facerecognition_protocol.records import dataclass


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The camera; `capabilities` are known while it is running."""

    state: CameraState
    text: str
    capabilities: Capabilities | None = None
