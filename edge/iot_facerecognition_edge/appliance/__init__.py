"""The appliance behind one door: what views, hooks and the daemon see of it.

- `facade`: `Appliance`, its state and its actions.
- `routing`: what happens in one part is led to the parts it concerns.
- `notices`: what the person at the device is told; `results`: what becomes of what was found.
- `lock`: the PIN in front of the settings.
"""

from iot_facerecognition_edge.appliance.facade import Appliance

__all__ = ["Appliance"]
