"""The appliance without a screen: the camera always runs."""

from iot_facerecognition_edge.appliance import Appliance


async def run(appliance: Appliance) -> None:
    """Let the camera run until `appliance` is to stop."""
    appliance.open_camera(None)
    await appliance.stopping.wait()
    appliance.close_camera()
