"""Where pictures come from: a camera, files, or a photo that moves like a camera's view.

- `interface`: what every source does.
- `selection`: the source that a person names in one word.
- `pictures`: a folder or list of images; JPEGs that fit need no library at all.
- `moving_photo`: pans and zooms over photos, the same way every time.
- `webcam`, `video`: through OpenCV.

Each module loads its libraries when it needs them, and says what to install when they are missing.
"""

from iot_facerecognition_client.sources.interface import FrameSource, SourceError, SourceFrame
from iot_facerecognition_client.sources.selection import open_source

__all__ = ["FrameSource", "SourceError", "SourceFrame", "open_source"]
